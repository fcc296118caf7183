// A LogReader for a SQLite log. It opens the file read-only.
import type { LogReader } from './log-reader.ts';
import { SqliteLog } from './sqlite-log.ts';

/**
 * Opens a SQLite log for an audit. A ledger may write the file meanwhile.
 * @param name the name of the log in messages. Default: `sqlite:` and the path.
 * @throws LedgerError `invalid_input`: the file does not exist, or is no log of this release. `file_newer`, `store_unavailable`.
 *   Reading throws `corrupt` where the file holds a trigger, view or table that is not ours; `verifyLog` reports it.
 */
export function sqliteReader(path: string, name = `sqlite:${path}`): LogReader {
  const log = new SqliteLog(path);
  return {
    name,
    sqlite: log,
    async *rows({ after, upTo } = {}) {
      log.refuseForeignObjects();
      yield* log.rows(Number(after ?? 0), upTo === undefined ? log.end() : Number(upTo));
    },
    stream: async (stream) => {
      log.refuseForeignObjects();
      return log.stream(stream);
    },
    close: async () => log.close(),
  };
}
