// Reads the next page of the log while the present one is handled: server and process then work at the same time.
import type { LogPage, Position } from '../event-store.ts';

type ReadPage = (after: Position, prefixes: readonly string[] | undefined) => Promise<LogPage>;

/**
 * For one reader: it asks for each page after the one before, with the same prefixes. Not more than one page is read ahead. The
 * page that ends at the head is read when it is asked for: a follower counts what the log grew by before that, and then waits.
 */
export function readAhead(readPage: ReadPage): ReadPage {
  let ahead: { readonly after: Position; readonly page: Promise<LogPage> } | undefined;
  return async (after, prefixes) => {
    const early = ahead?.after === after ? await ahead.page : undefined;
    const page = early === undefined || early.caughtUp ? await readPage(after, prefixes) : early;
    ahead = page.caughtUp ? undefined : { after: page.next, page: readPage(page.next, prefixes) };
    ahead?.page.catch(() => undefined); // Whoever asks for it gets the failure.
    return page;
  };
}
