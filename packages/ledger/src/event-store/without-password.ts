// A store's URL as messages and logs show it.

/** Returns the URL with `***` in place of the password, for messages and logs. */
export function withoutPassword(url: string): string {
  return url.replace(/^([a-z+]+:\/\/[^/?#@:]*):[^@]*@/, '$1:***@').replace(/([?&]password=)[^&#]*/g, '$1***');
}
