// Proves what a log holds: streams, decisions and laws event by event, and its beginning against signed checkpoints.
import type { Position } from '../../event-store/event-store.ts';
import type { Policy } from '../../order/policy.ts';
import { openCheckpoint } from '../checkpoint/signed-checkpoint.ts';
import type { NoteVerifier } from '../checkpoint/signed-note.ts';
import type { LogReader } from '../log/log-reader.ts';
import { recordedAt } from '../log/log-row.ts';
import { withSqliteLog } from '../log/sqlite-copy.ts';
import type { LogExtent, SqliteLog } from '../log/sqlite-log.ts';
import type { ScannedTree } from '../scan/scan-jobs.ts';
import { runScanJobs, type ScanPoolOptions, streamParts } from '../scan/scan-pool.ts';
import type { Finding } from './finding.ts';
import { policiesIn } from './verify-context.ts';

export interface VerifyOptions extends ScanPoolOptions {
  /** Judge the log up to here. Checkpoints and positions are judged on the whole of it. */
  readonly asOf?: Position;
  /** Signed notes, from a place that the operator of the log cannot reach. */
  readonly checkpoints?: readonly string[];
  /** Whose signatures count. */
  readonly keys?: readonly NoteVerifier[];
}

export interface Verification {
  /** In log order; of a thoroughly broken log not all are listed. */
  readonly findings: readonly Finding[];
  readonly found: number;
  /** Events in the log, and the root of its tree, base64. */
  readonly size: number;
  readonly root: string;
  readonly events: number;
  readonly streams: number;
  readonly orders: number;
  /** Appends whose decisions were made again. */
  readonly appends: number;
  /** Policies that were adopted: what was decided is judged under them, so somebody should read them. */
  readonly policies: readonly { readonly hash: string; readonly position: string; readonly policy: Policy }[];
  /** Checkpoints that the log was held against, and what the largest of them covers. */
  readonly checkpoints: number;
  readonly covered: number;
}

export function verifyLog(reader: LogReader, options: VerifyOptions = {}): Promise<Verification> {
  return withSqliteLog(reader, options, async ({ log, upTo: asked, copied }) => {
    // Read first: a log in use grows, and must not look shorter than what it signs meanwhile.
    const checkpoints = (options.checkpoints ?? []).map((note) => openCheckpoint(note, options.keys ?? []));
    const extent = log.extent();
    const upTo = options.asOf === undefined ? extent.end : asked;
    const newest = recordedAt(log.last(upTo)?.metadata ?? '');
    const sizes = checkpoints.flatMap((checkpoint) => ('refused' in checkpoint ? [] : [checkpoint.size]));
    const [tree, ...parts] = await runScanJobs(
      log,
      [
        { kind: 'tree', upTo: extent.end, sizes } as const,
        ...streamParts(log).map((range) => ({ kind: 'verify', part: { range, upTo, newest } }) as const),
      ] as const,
      { ...options, onEvents: (events) => options.onEvents?.(copied + events) },
    );
    const findings: Finding[] = [
      ...extentFindings(log, extent, tree),
      ...checkpointFindings(checkpoints, tree),
      ...parts.flatMap((part) => part.findings),
    ];
    const sum = (count: 'events' | 'streams' | 'orders' | 'appends' | 'found'): number =>
      parts.reduce((total, part) => total + part[count], 0);
    if (options.asOf === undefined && sum('events') !== tree.size) {
      findings.push({
        rule: 'positions',
        stream: '(the whole log)',
        expected: `the ${tree.size} events that the log has in its own order`,
        found: `${sum('events')} events, read stream by stream. Does PRAGMA integrity_check find the file damaged?`,
      });
    }
    const listed = parts.reduce((total, part) => total + part.findings.length, 0);
    return {
      findings: findings
        .sort((a, b) => compare(a.position ?? '', b.position ?? ''))
        .map((finding) => (finding.position === undefined ? finding : { ...finding, position: log.originOf(finding.position) })),
      found: findings.length - listed + sum('found'),
      size: tree.size,
      root: tree.root,
      events: sum('events'),
      streams: sum('streams'),
      orders: sum('orders'),
      appends: sum('appends'),
      policies: [...policiesIn(log, upTo)].map(([hash, { policy, position }]) => ({ hash, policy, position: log.originOf(position) })),
      checkpoints: checkpoints.length,
      covered: Math.max(0, ...sizes),
    };
  });
}

/** What SQLite itself remembers of the end of the log. */
function extentFindings(log: SqliteLog, { end, lastGiven }: LogExtent, { findings }: ScannedTree): readonly Finding[] {
  if (lastGiven === end) return findings;
  const stream = '(the end of the log)';
  return [
    ...findings,
    {
      rule: 'positions',
      stream,
      expected: `events up to position ${lastGiven}, the last that ${log.path} gave`,
      found: `events up to ${end}`,
    },
  ];
}

/** Each against the tree of the log: those that equal it are consistent with each other. */
function checkpointFindings(checkpoints: readonly ReturnType<typeof openCheckpoint>[], { size, roots }: ScannedTree): readonly Finding[] {
  const known = new Map(roots);
  const origins = new Set<string>();
  return checkpoints.flatMap((checkpoint, place): readonly Finding[] => {
    const stream = `(checkpoint ${place + 1})`;
    const found = (expected: string, what: string): readonly Finding[] => [{ rule: 'checkpoint', stream, expected, found: what }];
    if ('refused' in checkpoint) return found('a checkpoint signed with a key that you gave', checkpoint.refused);
    origins.add(checkpoint.origin);
    const [origin] = origins;
    if (origin !== undefined && origin !== checkpoint.origin)
      return found(`a checkpoint of ${origin}, like the first one`, `one of ${checkpoint.origin}`);
    const root = known.get(checkpoint.size);
    if (root === undefined)
      return found(
        `at least the ${checkpoint.size} events that it covers`,
        `a log of ${size} events: its end is missing, or it is an older copy`,
      );
    const expected = checkpoint.root.toString('base64');
    return root === expected
      ? []
      : found(`root ${expected} over the first ${checkpoint.size} events`, `root ${root}: one of these events is not what it was`);
  });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
