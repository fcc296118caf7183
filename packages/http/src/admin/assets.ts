// The style sheet and the script, as files with a hash of their content in the name: a browser keeps them for ever, and a new
// release has new names.
import { createHash } from 'node:crypto';
import { script } from './script.ts';
import { componentStyle } from './style/components.ts';
import { formStyle } from './style/forms.ts';
import { frameStyle } from './style/frame.ts';
import { icons } from './style/icons.ts';
import { mediaStyle } from './style/media.ts';
import { pictureStyle } from './style/pictures.ts';
import { timelineStyle } from './style/timeline.ts';
import { tokens } from './style/tokens.ts';

export interface Asset {
  /** Below the mount. */
  readonly name: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

const sheet: string = [tokens, frameStyle, icons, componentStyle, formStyle, timelineStyle, pictureStyle, mediaStyle].join('');

export const styleSheet: Asset = asset('css', 'text/css', sheet);
export const scriptFile: Asset = asset('js', 'text/javascript', script);
export const assets: readonly Asset[] = [styleSheet, scriptFile];

function asset(ending: string, type: string, body: string): Asset {
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 16);
  return {
    name: `console-${hash}.${ending}`,
    body,
    headers: {
      'content-type': `${type}; charset=utf-8`,
      'cache-control': 'private, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
    },
  };
}
