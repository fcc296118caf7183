// Verifies a log: checks streams, decisions and laws event by event, and compares the log with signed checkpoints.
import { clearMetadata } from '../../event-store/deleted-stream.ts';
import type { Position, UnreadableStream } from '../../event-store/event-store.ts';
import type { Policy } from '../../order/policy.ts';
import { ourStream } from '../../streams/our-streams.ts';
import type { SubscriptionPolicy } from '../../subscription/policy.ts';
import { openCheckpoint } from '../checkpoint/signed-checkpoint.ts';
import type { NoteVerifier } from '../checkpoint/signed-note.ts';
import type { LogReader } from '../log/log-reader.ts';
import { recordedAt } from '../log/log-row.ts';
import { withSqliteLog } from '../log/sqlite-copy.ts';
import type { LogExtent, SqliteLog } from '../log/sqlite-log.ts';
import type { ScannedTree } from '../scan/scan-jobs.ts';
import { runScanJobs, type ScanPoolOptions, streamParts } from '../scan/scan-pool.ts';
import type { Finding } from './finding.ts';
import { allPolicies } from './policies.ts';

/** What to verify, and with which checkpoints. */
export interface VerifyOptions extends ScanPoolOptions {
  /** Judges the events up to this position. Checkpoints and positions are always checked on the whole log. Default: its end. */
  readonly asOf?: Position;
  /** Signed checkpoints, from a place that the operator of the log cannot reach. Default: none. */
  readonly checkpoints?: readonly string[];
  /** The keys whose signatures count. Required for checkpoints: without a key each one is a finding. Default: none. */
  readonly keys?: readonly NoteVerifier[];
}

/** The result of a verification. */
export interface Verification {
  /** What was found, in log order; not all, if there is very much. Empty: every rule holds. */
  readonly findings: readonly Finding[];
  /** How many findings there are. */
  readonly found: number;
  /** How many events the whole log has. */
  readonly size: number;
  /** The root of the whole log's tree, base64. */
  readonly root: string;
  /** How many events were judged: those up to `asOf`. */
  readonly events: number;
  readonly streams: number;
  readonly orders: number;
  readonly subscriptions: number;
  /** For how many appends the decisions were made again. */
  readonly appends: number;
  /** The policies that were adopted. Decisions are judged under them, so a person should read them. */
  readonly policies: readonly { readonly hash: string; readonly position: string; readonly policy: Policy | SubscriptionPolicy }[];
  /** How many checkpoints the log was compared with. */
  readonly checkpoints: number;
  /** How many events the largest of these checkpoints covers; 0: there was none. */
  readonly covered: number;
}

/**
 * Verifies a log. What is wrong with the log is returned as findings, not thrown.
 * @throws LedgerError what the store of the log throws; `store_unavailable`: a worker ended early.
 */
export function verifyLog(reader: LogReader, options: VerifyOptions = {}): Promise<Verification> {
  const { asOf, onEvents } = options;
  return withSqliteLog(reader, { asOf, onEvents, reportsForeignObjects: true }, async ({ log, upTo: asked, copied }) => {
    // Read the checkpoints before the size of the log: a log in use grows, and must not look shorter than a newer checkpoint.
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
      ...fileFindings(log),
      ...(copied === 0 ? damageFindings(log) : []),
      ...unreadableFindings(log, (await reader.unreadableStreams?.()) ?? []),
      ...extentFindings(log, extent, tree),
      ...checkpointFindings(checkpoints, tree),
      ...parts.flatMap((part) => part.findings),
    ];
    const sum = (count: 'events' | 'streams' | 'orders' | 'subscriptions' | 'appends' | 'found'): number =>
      parts.reduce((total, part) => total + part[count], 0);
    if (options.asOf === undefined && sum('events') !== tree.size) {
      findings.push({
        rule: 'positions',
        stream: '(the whole log)',
        expected: `the ${tree.size} events that the log has in its own order`,
        found: `${sum('events')} events, read stream by stream`,
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
      subscriptions: sum('subscriptions'),
      appends: sum('appends'),
      policies: allPolicies(log, upTo).map(({ hash, policy, position }) => ({ hash, policy, position: log.originOf(position) })),
      checkpoints: checkpoints.length,
      covered: Math.max(0, ...sizes),
    };
  });
}

/** Adds a finding for each trigger, view or table that somebody put into the file. */
function fileFindings({ path, foreignObjects }: SqliteLog): readonly Finding[] {
  const expected = `only the tables that the ledger made in ${path}`;
  return foreignObjects.map((found) => ({ rule: 'file', stream: '(the file)', expected, found }));
}

/** Adds a finding if a page of the file is damaged, though no scan may need it. */
function damageFindings(log: SqliteLog): readonly Finding[] {
  const found = log.damage();
  return found === undefined ? [] : [{ rule: 'file', stream: '(the file)', expected: `${log.path} undamaged`, found }];
}

/** Adds a finding for each stream of ours that a running ledger cannot read, though its events may all be in the log. */
function unreadableFindings(log: SqliteLog, streams: readonly UnreadableStream[]): readonly Finding[] {
  return streams.flatMap(({ stream, because, deletedAt }): readonly Finding[] => {
    if (ourStream(stream) === undefined) return [];
    const events = `${log.stream(stream).length} of its events are still in the log`;
    const found =
      deletedAt === undefined
        ? `events hidden by ${because}; ${events}. ${clearMetadata}`
        : `a deletion for ever, at position ${deletedAt}; ${events}. Stop scavenges, copy the log with \`paidonce copy\`, and go on with the copy: nothing brings the stream back in this log`;
    return [{ rule: 'readable', stream, expected: 'a stream that a running ledger can read', found }];
  });
}

/** Adds a finding if the end of the log is missing: SQLite remembers the last position that it gave. */
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

/** Compares each checkpoint with the tree of the log. Checkpoints that equal it are consistent with each other too. */
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
