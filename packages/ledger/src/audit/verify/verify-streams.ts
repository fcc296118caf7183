// Judges the streams of a part of the log, one after the other. Several workers share the parts of a log.
import { orderAggregate } from '../../streams/order-aggregate.ts';
import { referenceAggregate } from '../../streams/reference-streams.ts';
import { sweepAggregate } from '../../streams/sweep-streams.ts';
import { unreadableAggregate } from '../../streams/unreadable-streams.ts';
import type { ScannedStream, SqliteLog, StreamRange } from '../log/sqlite-log.ts';
import type { Finding } from './finding.ts';
import { judgePolicies, judgeSweep, judgeUnreadable } from './housekeeping-rules.ts';
import { judgeOrder } from './order-rules.ts';
import { type ReadStream, readStream } from './read-stream.ts';
import { judgeReference } from './reference-rules.ts';
import { type Judge, judgeOf } from './verify-context.ts';

/** A part of the log: some of the streams, up to a position. */
export interface StreamPart {
  readonly range: StreamRange;
  readonly upTo: number;
  /** When the last event up to `upTo` was recorded. */
  readonly newest: string;
}

export interface JudgedPart {
  readonly events: number;
  readonly streams: number;
  readonly orders: number;
  /** For how many appends the decisions were made again. */
  readonly appends: number;
  /** The first 1,000 findings. */
  readonly findings: readonly Finding[];
  /** How many findings there are. */
  readonly found: number;
}

/** How many findings of a part are listed at most. */
const listed = 1_000;

export function verifyStreams(log: SqliteLog, { range, upTo, newest }: StreamPart): JudgedPart {
  const findings: Finding[] = [];
  const counts = { events: 0, streams: 0, orders: 0, appends: 0, found: 0 };
  const judge = judgeOf(log, { upTo, newest, from: range.after }, (finding) => {
    counts.found += 1;
    if (findings.length < listed) findings.push(finding);
  });
  const judgeOne = (scanned: ScannedStream): void => {
    counts.events += scanned.rows.length;
    if (scanned.rows.length === 0 && !scanned.wrongHead) return; // It begins after `upTo`.
    counts.streams += 1;
    const stream = readStream(scanned, judge.report);
    if (stream?.name.startsWith(orderAggregate.stream(''))) {
      counts.orders += 1;
      counts.appends += judgeOrder(stream, judge);
    } else if (stream) judgeOther(stream, judge);
  };
  for (const batch of log.streamBatches(range, upTo)) {
    judge.reach(batch.at(-1)?.id ?? 0);
    for (const scanned of batch) judgeOne(scanned);
  }
  return { ...counts, findings };
}

function judgeOther(stream: ReadStream, judge: Judge): void {
  const { name } = stream;
  if (name.startsWith(referenceAggregate.stream(''))) judgeReference(stream, judge);
  else if (name === 'policy') judgePolicies(stream, judge.report);
  else if (name.startsWith(sweepAggregate.stream(''))) judgeSweep(stream, judge.report);
  else if (name.startsWith(unreadableAggregate.stream(''))) judgeUnreadable(stream, judge.report);
  else {
    judge.report({
      rule: 'streams',
      stream: name,
      expected: 'a stream that this release knows',
      found: `${stream.events.length} events of another kind. Of a newer release? Upgrade @paidonce/ledger`,
    });
  }
}
