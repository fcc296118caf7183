// Judges the streams of a part of the log, one after the other. Several workers share the parts of a log.
import { ledgerAggregate } from '../../streams/ledger-stream.ts';
import { orderAggregate } from '../../streams/order-aggregate.ts';
import { referenceAggregate } from '../../streams/reference-streams.ts';
import { slotAggregate } from '../../streams/run-slot.ts';
import { runAggregate } from '../../streams/run-streams.ts';
import { memberSlotAggregate } from '../../streams/slot-streams.ts';
import { subscriptionAggregate } from '../../streams/subscription-aggregate.ts';
import { sweepAggregate } from '../../streams/sweep-streams.ts';
import { unreadableAggregate } from '../../streams/unreadable-streams.ts';
import type { ScannedStream, SqliteLog, StreamRange } from '../log/sqlite-log.ts';
import { verifyDecided } from './decided-streams.ts';
import type { Finding } from './finding.ts';
import { verifyIdentity, verifyPolicies, verifyRuns, verifySweep, verifyUnreadable } from './housekeeping-rules.ts';
import { decidedOrders } from './order-rules.ts';
import { type ReadStream, readStream } from './read-stream.ts';
import { verifyReference } from './reference-rules.ts';
import { verifySlot } from './slot-rules.ts';
import { decidedSubscriptions } from './subscription-rules.ts';
import { openVerifyContext, type VerifyContext } from './verify-context.ts';

/** A part of the log: some of the streams, up to a position. */
export interface StreamPart {
  readonly range: StreamRange;
  readonly upTo: number;
  /** When the last event up to `upTo` was recorded. */
  readonly newest: string;
}

export interface VerifiedPart {
  readonly events: number;
  readonly streams: number;
  readonly orders: number;
  readonly subscriptions: number;
  /** For how many appends the decisions were made again. */
  readonly appends: number;
  /** The first 1,000 findings. */
  readonly findings: readonly Finding[];
  /** How many findings there are. */
  readonly found: number;
}

/** How many findings of a part are listed at most. */
const listed = 1_000;

export function verifyStreams(log: SqliteLog, { range, upTo, newest }: StreamPart): VerifiedPart {
  const findings: Finding[] = [];
  const counts = { events: 0, streams: 0, orders: 0, subscriptions: 0, appends: 0, found: 0 };
  const context = openVerifyContext(log, { upTo, newest, from: range.after }, (finding) => {
    counts.found += 1;
    if (findings.length < listed) findings.push(finding);
  });
  const verifyOne = (scanned: ScannedStream): void => {
    counts.events += scanned.rows.length;
    if (scanned.rows.length === 0 && !scanned.wrongHead) return; // It begins after `upTo`.
    counts.streams += 1;
    const stream = readStream(scanned, context.report);
    if (stream?.name.startsWith(orderAggregate.stream(''))) {
      counts.orders += 1;
      counts.appends += verifyDecided(decidedOrders, stream, context);
    } else if (stream?.name.startsWith(subscriptionAggregate.stream(''))) {
      counts.subscriptions += 1;
      counts.appends += verifyDecided(decidedSubscriptions, stream, context);
    } else if (stream) verifyOther(stream, context);
  };
  for (const batch of log.streamBatches(range, upTo)) {
    context.reach(batch.at(-1)?.id ?? 0);
    for (const scanned of batch) verifyOne(scanned);
  }
  return { ...counts, findings };
}

function verifyOther(stream: ReadStream, context: VerifyContext): void {
  const { name } = stream;
  if (name.startsWith(referenceAggregate.stream(''))) verifyReference(stream, context);
  else if (name.startsWith(memberSlotAggregate.stream(''))) verifySlot(stream, context);
  else if (name === 'policy') verifyPolicies(stream, context.report);
  else if (name === ledgerAggregate.stream('')) verifyIdentity(stream, context.report);
  else if (name.startsWith(sweepAggregate.stream(''))) verifySweep(stream, context.report);
  else if (name === slotAggregate.stream('')) verifyRuns(slotAggregate, stream, context.report);
  else if (name.startsWith(runAggregate.stream(''))) verifyRuns(runAggregate, stream, context.report);
  else if (name.startsWith(unreadableAggregate.stream(''))) verifyUnreadable(stream, context.report);
  else {
    context.report({
      rule: 'streams',
      stream: name,
      expected: 'a stream that this release knows',
      found: `${stream.events.length} events of another kind. Of a newer release? Upgrade @paidonce/ledger`,
    });
  }
}
