// The jobs of an audit that scans a whole SQLite log. A job opens only the log (and the live read models), only reads, and
// can run in a worker beside other jobs.

import type { SqliteLog } from '../log/sqlite-log.ts';
import type { Difference } from '../replay/difference.ts';
import { type ReplayedPart, replayStreams } from '../replay/replay-streams.ts';
import { strayRows } from '../replay/stray-rows.ts';
import { TreeScan } from '../tree/tree-scan.ts';
import { type Finding, findingAt } from '../verify/finding.ts';
import { type StreamPart, type VerifiedPart, verifyStreams } from '../verify/verify-streams.ts';

export type ScanJob =
  | { readonly kind: 'tree'; readonly upTo: number; readonly sizes: readonly number[] }
  | { readonly kind: 'verify'; readonly part: StreamPart }
  | { readonly kind: 'replay'; readonly part: StreamPart; readonly readModels: string | undefined }
  | { readonly kind: 'strays'; readonly readModels: string | undefined };

export interface ScannedTree {
  readonly size: number;
  /** Base64. */
  readonly root: string;
  /** The roots at the sizes that the job asked for: size, and root in base64. */
  readonly roots: readonly (readonly [number, string])[];
  readonly findings: readonly Finding[];
}

export interface ScanResults {
  readonly tree: ScannedTree;
  readonly verify: VerifiedPart;
  readonly replay: ReplayedPart;
  readonly strays: readonly Difference[];
}
export type ScanResult = ScanResults[ScanJob['kind']];

/** Runs one job. @param onEvents called from time to time with the number of events read since the last call. */
export function runScanJob(log: SqliteLog, job: ScanJob, onEvents: (events: number) => void): ScanResult {
  if (job.kind === 'tree') return scanLogOrder(log, job, onEvents);
  if (job.kind === 'strays') return job.readModels === undefined ? [] : strayRows(log, job.readModels);
  const result = job.kind === 'verify' ? verifyStreams(log, job.part) : replayStreams(log, job.part, job.readModels);
  onEvents(result.events);
  return result;
}

/** How many gaps are listed at most. */
const listedGaps = 100;

function scanLogOrder(
  log: SqliteLog,
  { upTo, sizes }: Extract<ScanJob, { kind: 'tree' }>,
  onEvents: (events: number) => void,
): ScannedTree {
  const scan = new TreeScan({ sizes });
  const findings: Finding[] = [];
  let before = 0;
  for (const rows of log.rows(0, upTo)) {
    for (const row of rows) {
      const position = Number(row.position);
      if (position !== before + 1 && findings.length < listedGaps) {
        const missing = position - before - 1;
        findings.push(
          findingAt(
            row,
            'positions',
            `position ${before + 1}`,
            `position ${position}: ${missing} event${missing === 1 ? ' is' : 's are'} missing before it`,
          ),
        );
      }
      before = position;
      scan.take(row);
    }
    onEvents(rows.length);
  }
  const roots = [...scan.roots].map(([size, root]) => [size, root.toString('base64')] as const);
  return { size: scan.tree.size, root: scan.tree.root().toString('base64'), roots, findings };
}
