// Decides on a state of a stream, and makes of what is decided the events that are to be appended.
import type { EventStore, NewEvent } from '../event-store/event-store.ts';
import type { Runtime } from '../runtime.ts';
import type { Proposal, Proposed, Transaction, Typed } from './aggregate.ts';
import type { FoldedStreams } from './folded-streams.ts';
import type { Folded, Revised } from './state-cache.ts';

/** Who writes to the streams, and with what. */
export interface Writer {
  readonly store: EventStore;
  readonly streams: FoldedStreams;
  readonly runtime: Runtime;
  readonly instance: string;
}

/** @param current `known` was read just now. Undefined: a state that was not refuses; the newest may allow it, so the caller reads. */
export function propose<State extends Revised, Event extends Typed, Answer>(
  { runtime, instance }: Writer,
  { aggregate, id, metadata, decide }: Transaction<State, Event, Answer>,
  known: Folded<State>,
  current: boolean,
): Proposed<State, Answer> | undefined {
  const decided = decideOn(known.state, decide, (state, event) => aggregate.evolve(state, event, instance), current);
  if (decided === undefined) return undefined;
  const recordedAt = decided.events.length === 0 ? known.recordedAt : later(runtime.now().toISOString(), known.recordedAt);
  const events = decided.events.map((event): NewEvent => {
    const version = String(aggregate.versionOf(event));
    return { ...event, id: runtime.uuid(), metadata: { version, instance, ...metadata, recordedAt } };
  });
  return { ...decided, stream: aggregate.stream(id), expectedRevision: known.state.revision, events, recordedAt };
}

/**
 * Decides, and folds the proposed events before they are written: an event that cannot follow would make its stream
 * unreadable for ever.
 */
function decideOn<State, Event, Answer>(
  before: State,
  decide: (state: State) => Proposal<Event, Answer>,
  evolve: (state: State, event: Event) => State,
  current: boolean,
): (Proposal<Event, Answer> & { readonly state: State }) | undefined {
  try {
    const proposal = decide(before);
    return { ...proposal, state: proposal.events.reduce(evolve, before) };
  } catch (error) {
    if (current) throw error;
    return undefined;
  }
}

function later(a: string, b: string): string {
  return a > b ? a : b;
}
