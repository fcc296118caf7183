// Reads the next page of the log while the present one is handled: server and process then work at the same time.
import type { LogPage, Position } from '../event-store.ts';

type ReadPage = (after: Position, prefixes: readonly string[] | undefined) => Promise<LogPage>;

/** For one reader: it asks for each page after the one before, with the same prefixes. Not more than one page is read ahead. */
export function readAhead(readPage: ReadPage): ReadPage {
  let ahead: { readonly after: Position; readonly page: Promise<LogPage> } | undefined;
  return async (after, prefixes) => {
    const page = await (ahead?.after === after ? ahead.page : readPage(after, prefixes));
    ahead = page.caughtUp ? undefined : { after: page.next, page: readPage(page.next, prefixes) };
    ahead?.page.catch(() => undefined); // Whoever asks for it gets the failure.
    return page;
  };
}
