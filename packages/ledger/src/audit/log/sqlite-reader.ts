// A LogReader over a SQLite log: it has no way to write.
import type { LogReader } from './log-reader.ts';
import { SqliteLog } from './sqlite-log.ts';

export function sqliteReader(path: string, name = `sqlite:${path}`): LogReader {
  const log = new SqliteLog(path);
  return {
    name,
    sqlite: log,
    async *rows({ after, upTo } = {}) {
      yield* log.rows(Number(after ?? 0), upTo === undefined ? log.end() : Number(upTo));
    },
    stream: async (stream) => log.stream(stream),
    close: async () => log.close(),
  };
}
