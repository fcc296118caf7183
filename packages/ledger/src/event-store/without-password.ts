// A store's URL as messages and logs show it.

/** For messages and logs. */
export function withoutPassword(url: string): string {
  return url.replace(/^([a-z+]+:\/\/[^/?#@:]*):[^@]*@/, '$1:***@');
}
