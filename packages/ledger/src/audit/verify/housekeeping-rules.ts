// The rules of the streams that belong to no order: the log's identity, policies, sweeps, and provider objects that could not
// be read.
import { LedgerError } from '../../errors.ts';
import type { Aggregate } from '../../streams/aggregate.ts';
import { ledgerAggregate } from '../../streams/ledger-stream.ts';
import { sweepAggregate } from '../../streams/sweep-streams.ts';
import { unreadableAggregate } from '../../streams/unreadable-streams.ts';
import { findingAt, type Report } from './finding.ts';
import { readPolicy } from './policies.ts';
import type { ReadEvent, ReadStream } from './read-stream.ts';

/** A log has one identity. What it made at the provider bears that. */
export function verifyIdentity({ events }: ReadStream, report: Report): void {
  const [first, ...others] = events.map((read) => ({ read, event: readAs(ledgerAggregate, read, report) }));
  for (const { read, event } of others) {
    if (!event) return;
    report(findingAt(read.row, 'streams', `one identity, ${first?.event?.data.ledgerId}`, `another one, ${event.data.ledgerId}`));
  }
}

export function verifyPolicies({ events }: ReadStream, report: Report): void {
  const names = new Set<string>();
  for (const { row } of events) {
    const adopted = readPolicy(row, report);
    if (!adopted) continue;
    if (names.has(adopted.hash)) report(findingAt(row, 'policy', 'each policy is adopted once', `${adopted.hash} again`));
    names.add(adopted.hash);
  }
}

export function verifySweep({ name, events }: ReadStream, report: Report): void {
  let state = sweepAggregate.initial(name);
  for (const read of events) {
    const event = readAs(sweepAggregate, read, report);
    if (!event) return;
    const { round } = event.data;
    const isInTurn = event.type === 'SweepStarted' ? round === state.round + 1 : round <= state.round;
    const expected = event.type === 'SweepStarted' ? `round ${state.round + 1}` : `a round that was started, up to ${state.round}`;
    if (!isInTurn) report(findingAt(read.row, 'sweep', expected, `${event.type} of round ${round}`));
    state = sweepAggregate.evolve(state, event, '');
  }
}

/** A run, or the slot: what may follow what is in their folds. */
export function verifyRuns<State extends { readonly revision: number }, Event extends { readonly type: string; readonly data: object }>(
  aggregate: Aggregate<State, Event>,
  { name, events }: ReadStream,
  report: Report,
): void {
  let state = aggregate.initial(name.slice(aggregate.stream('').length));
  for (const read of events) {
    const event = readAs(aggregate, read, report);
    if (!event) return;
    try {
      state = aggregate.evolve(state, event, '');
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      report(findingAt(read.row, 'run', 'an event that can follow the ones before it', error.message));
      return; // Without a valid state the rest of the stream cannot be judged.
    }
  }
}

export function verifyUnreadable({ name, events }: ReadStream, report: Report): void {
  for (const read of events) {
    const event = readAs(unreadableAggregate, read, report);
    if (!event) return;
    const stream = unreadableAggregate.stream(event.data.objectId);
    if (stream !== name) report(findingAt(read.row, 'streams', `the object of ${name}`, `the object ${event.data.objectId}`));
  }
}

function readAs<State extends { readonly revision: number }, Event extends { readonly type: string; readonly data: object }>(
  aggregate: Aggregate<State, Event>,
  { row, stored }: ReadEvent,
  report: Report,
): Event | undefined {
  try {
    return aggregate.read(stored);
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    report(findingAt(row, 'schema', `${row.type} at its schema version`, error.message));
    return undefined;
  }
}
