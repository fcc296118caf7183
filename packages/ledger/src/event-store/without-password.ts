// A store's URL as messages and logs show it.

// Whatever stands before the last @ is the password, also behind a blank, a byte-order mark, a quote, or NAME= of a settings file.
const whole = /^([\s\ufeff"']*(?:\w+\s*=\s*)?["']?[a-z][a-z0-9+.-]*:\/\/[^/?#@:]*):.*@/is;
const withinText = /\b([a-z][a-z0-9+.-]*:\/\/[^\s/?#@:]*):\S*@/gi;
const parameter = /([?&](?:password|passwd|pwd|secret|token)=)[^&#\s"']*/gi;

/** Returns the URL with `***` in place of the password, for messages and logs. */
export function withoutPassword(url: string): string {
  return passwordsHidden(url.replace(whole, '$1:***@'));
}

/** Returns the text with `***` in place of the password of each URL in it. */
export function passwordsHidden(text: string): string {
  return text.replace(withinText, '$1:***@').replace(parameter, '$1***');
}
