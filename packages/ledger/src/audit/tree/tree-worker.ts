// The worker thread of a running ledger's checkpoints. Reads and hashes the log on a read-only connection.
import { constants, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { LedgerError } from '../../errors.ts';
import { SqliteLog } from '../log/sqlite-log.ts';
import { eventsAtOnce, type FromTreeWorker, TreeStep } from './tree-follower.ts';
import { TreeScan } from './tree-scan.ts';

// On Linux each thread has its own priority: if there is too little CPU for both, hashing waits, and appends do not.
if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_LOW);

const { path, sizes } = workerData as { readonly path: string; readonly sizes: readonly number[] };
const log = new SqliteLog(path);
const scan = new TreeScan();
const wanted = new Set(sizes);
let position = 0;

const post = (message: FromTreeWorker): void => parentPort?.postMessage(message);

parentPort?.on('message', () => {
  try {
    log.refuseForeignObjects(); // Never sign what a view shows in the place of our events.
    const step = new TreeStep(scan, wanted);
    const before = scan.tree.size;
    const end = log.end();
    if (end < position)
      throw new LedgerError('corrupt', `${path} ends at position ${end} and had reached ${position}. Was an older copy put back?`);
    for (const rows of log.rows(position, end)) {
      step.take(rows);
      position = Number(rows.at(-1)?.position ?? position);
      if (scan.tree.size - before >= eventsAtOnce) break;
    }
    post(step.answer(position >= end));
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error; // A bug: it ends the worker, with its stack.
    post({ failed: error.code, message: error.message });
  }
});
