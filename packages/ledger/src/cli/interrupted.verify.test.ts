// A command that a signal ends in the middle leaves no copy of the log behind. The signal comes from within, at a known place.
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { writeStories } from '../audit/golden-log.test-support.ts';
import { newDirectory } from '../event-store/sqlite/log-directory.test-support.ts';
import { openSqliteEventStore } from '../event-store/sqlite/sqlite.ts';

/** Replaces a function of Node before the command loads it. */
const preload = (code: string): string =>
  `--import=data:text/javascript,${encodeURIComponent(`
    import { readdirSync } from 'node:fs';
    import { syncBuiltinESMExports } from 'node:module';
    setInterval(() => undefined, 1_000); // Only the signal ends the process.
    const interrupt = (folder) => {
      console.log(readdirSync(folder).join(' '));
      process.kill(process.pid, process.env.SIGNAL);
    };
    ${code}
    syncBuiltinESMExports();`)}`;

/** The backup has begun, and its worker does nothing. */
const inBackup = preload(`
  import threads from 'node:worker_threads';
  import { EventEmitter } from 'node:events';
  threads.Worker = class extends EventEmitter {
    constructor() {
      super();
      interrupt(process.env.FOLDER);
    }
  };`);

/** The first part of the export is to be written. */
const inExport = preload(`
  import files from 'node:fs/promises';
  const { open } = files;
  files.open = async (...call) => {
    const file = await open(...call);
    file.appendFile = () => {
      interrupt(process.env.FOLDER);
      return new Promise(() => undefined);
    };
    return file;
  };`);

/** An audit of a server's log works on its copy. */
const inAudit = preload(`
  const source = process.env.SOURCE;
  const [{ withSqliteLog }, { readerOf }, { openMemoryEventStore }, { unfinishedPaths }] = await Promise.all(
    ['audit/log/sqlite-copy.ts', 'audit/log/log-reader.ts', 'event-store/memory.ts', 'unfinished-paths.ts'].map((file) => import(source + file)),
  );
  unfinishedPaths.removeOnSignals();
  await withSqliteLog(readerOf(openMemoryEventStore()), {}, () => {
    interrupt(process.env.FOLDER);
    return new Promise(() => undefined);
  });`);

async function interrupted(signal: NodeJS.Signals, loader: string, ...args: readonly string[]) {
  const folder = newDirectory();
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'ledger.db');
  const store = await openSqliteEventStore(path);
  await writeStories(store);
  await store.close();
  const main = fileURLToPath(new URL('./main.ts', import.meta.url));
  const { status, stdout } = spawnSync(
    process.execPath,
    ['--conditions=@paidonce/source', loader, main, ...args.map((each) => each.replace('FOLDER', folder))],
    {
      encoding: 'utf8',
      env: {
        ...process.env,
        LEDGER_URL: `sqlite:${path}`,
        TMPDIR: folder,
        FOLDER: folder,
        SIGNAL: signal,
        SOURCE: new URL('../', import.meta.url).href,
      },
    },
  );
  return { status, before: stdout, after: readdirSync(folder) };
}

test.each<[what: string, leftover: string, loader: string, args: readonly string[]]>([
  ['a backup', 'copy.db.', inBackup, ['backup', 'FOLDER/copy.db']],
  ['an export', 'log.csv', inExport, ['export', '--format', 'csv', '--out', 'FOLDER/log.csv']],
  ['an audit of a server', 'paidonce-audit-', inAudit, ['--help']],
])('%s', async (_, leftover, loader, args) => {
  for (const [signal, code] of [
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const) {
    const { status, before, after } = await interrupted(signal, loader, ...args);
    expect([status, before]).toEqual([code, expect.stringContaining(leftover)]);
    expect(after.filter((name) => !name.startsWith('ledger.db'))).toEqual([]);
  }
});
