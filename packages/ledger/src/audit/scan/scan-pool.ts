// Runs the jobs of an audit over one SQLite log in several workers. For a small log it runs them in the calling thread.
import { availableParallelism } from 'node:os';
import { type ResourceLimits, Worker } from 'node:worker_threads';
import { LedgerError, type LedgerErrorCode } from '../../errors.ts';
import type { SqliteLog, StreamRange } from '../log/sqlite-log.ts';
import { runScanJob, type ScanJob, type ScanResult, type ScanResults } from './scan-jobs.ts';

/** A message of a worker: progress, its result, or a LedgerError. */
export type FromScanWorker =
  | { readonly events: number }
  | { readonly result: ScanResult }
  | { readonly failed: { readonly code: LedgerErrorCode; readonly message: string } };

/** How an audit uses workers. */
export interface ScanPoolOptions {
  /** How many workers to use. 0: the calling thread does all the work. Default: one for each core, at most 4. */
  readonly workers?: number;
  /** A log with fewer events uses no workers: to start them would take longer than the work. Default: 20,000. */
  readonly smallLog?: number;
  /** Called with the number of events that all jobs have read so far. */
  readonly onEvents?: (events: number) => void;
}

/**
 * Runs the jobs, the first ones first. Returns the results in the order of the jobs.
 * @throws LedgerError what a job throws; `store_unavailable`: a worker ended early.
 */
export async function runScanJobs<Jobs extends readonly ScanJob[]>(
  log: SqliteLog,
  jobs: Jobs,
  { workers = Math.min(4, availableParallelism()), smallLog = 20_000, onEvents }: ScanPoolOptions = {},
): Promise<{ readonly [Place in keyof Jobs]: ScanResults[Jobs[Place]['kind']] }> {
  let events = 0;
  const read = (more: number): void => {
    events += more;
    onEvents?.(events);
  };
  const results: ScanResult[] = [];
  if (workers === 0 || log.extent().events < smallLog) {
    for (const job of jobs) results.push(runScanJob(log, job, read));
  } else {
    await inWorkers(log, jobs, Math.min(workers, jobs.length), results, read);
  }
  return results as { [Place in keyof Jobs]: ScanResults[Jobs[Place]['kind']] };
}

async function inWorkers(
  log: SqliteLog,
  jobs: readonly ScanJob[],
  count: number,
  results: ScanResult[],
  read: (events: number) => void,
): Promise<void> {
  // The worker is a .ts file in the sources and a .js file in the package; the compiler does not rewrite a URL.
  const url = new URL(import.meta.url.endsWith('.ts') ? './scan-worker.ts' : './scan-worker.js', import.meta.url);
  const pool = Array.from({ length: count }, () => new Worker(url, { workerData: { path: log.path }, resourceLimits: limitsFor(log) }));
  let next = 0;
  const work = async (worker: Worker): Promise<void> => {
    for (let place = next++; place < jobs.length; place = next++) {
      results[place] = await inWorker(worker, jobs[place] as ScanJob, read);
    }
  };
  try {
    await Promise.all(pool.map(work));
  } finally {
    await Promise.all(pool.map((worker) => worker.terminate()));
  }
}

/**
 * Limits a worker's heap to what its longest stream needs. Without limits V8 lets the heap grow with the length of the log
 * (measured: 326 MiB at 100,000 events, 541 MiB at 1 million; with limits 298 and 314 MiB, at the same speed).
 */
function limitsFor(log: SqliteLog): ResourceLimits {
  const bytesOfAnEvent = 4_096;
  const longestMb = Math.ceil((log.extent().longestStream * bytesOfAnEvent) / 2 ** 20);
  return { maxYoungGenerationSizeMb: 32, maxOldGenerationSizeMb: 256 + longestMb };
}

function inWorker(worker: Worker, job: ScanJob, read: (events: number) => void): Promise<ScanResult> {
  return new Promise((done, failed) => {
    const onMessage = (message: FromScanWorker): void => {
      if ('events' in message) {
        read(message.events);
        return;
      }
      settle();
      if ('result' in message) done(message.result);
      else failed(new LedgerError(message.failed.code, message.failed.message));
    };
    const onError = (error: unknown): void => {
      settle();
      failed(error);
    };
    const onExit = (code: number): void =>
      onError(new LedgerError('store_unavailable', `A worker of the audit ended early (exit ${code}). Start it again.`));
    const settle = (): void => void worker.off('message', onMessage).off('error', onError).off('exit', onExit);
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
    worker.postMessage(job);
  });
}

/** Splits the streams into parts that are small enough for the workers to end at about the same time, in constant memory. */
export function streamParts(log: SqliteLog): readonly StreamRange[] {
  return log.streamRanges(Math.min(4_000, Math.max(250, Math.ceil(log.extent().events / 256))));
}
