// The worker thread of an audit. Runs one job after the other, on its own read-only connection.
import { parentPort, workerData } from 'node:worker_threads';
import { LedgerError } from '../../errors.ts';
import { SqliteLog } from '../log/sqlite-log.ts';
import { runScanJob, type ScanJob } from './scan-jobs.ts';
import type { FromScanWorker } from './scan-pool.ts';

const { path } = workerData as { readonly path: string };
const log = new SqliteLog(path);

const tell = (message: FromScanWorker): void => parentPort?.postMessage(message);

parentPort?.on('message', (job: ScanJob) => {
  try {
    tell({ result: runScanJob(log, job, (events) => tell({ events })) });
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error; // A bug: it ends the worker, with its stack.
    tell({ failed: { code: error.code, message: error.message } });
  }
});
