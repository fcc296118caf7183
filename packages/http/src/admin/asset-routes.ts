// The style sheet and the script. They tell nothing, and the page of a refusal needs them too: nobody has to sign in for them.
import type { ConsoleRoute } from '../console-call.ts';
import { assets } from './assets.ts';

export const assetRoutes: readonly ConsoleRoute[] = assets.map(({ name, body, headers }) => ({
  method: 'GET',
  pattern: name,
  may: 'anyone',
  answer: () => ({ status: 200, headers, body }),
}));
