// A kind of stream, and what a transaction on one is: a state, and the events that a decision on it proposes.
import type { EventMetadata, StoredEvent, StreamAppend } from '../event-store/event-store.ts';
import type { Folded, Revised } from './state-cache.ts';

/** An event, read. */
export interface Typed {
  readonly type: string;
  readonly data: object;
}

/** A kind of stream: its name, how its events are read, and how they are folded. */
export interface Aggregate<State extends Revised, Event extends Typed> {
  /** The name of the stream. */
  stream(id: string): string;
  /** The state of an empty stream; its `revision` is −1. */
  initial(id: string): State;
  /** A later state to start from; undefined: start from `initial`. It must be a state of the stream as it is now. */
  snapshot?(id: string): Promise<Folded<State> | undefined>;
  /** Gives a stored event in its current shape. @throws LedgerError `corrupt`, `file_newer`. */
  read(stored: StoredEvent): Event;
  /** Folds one event, and adds 1 to `revision`. `instance`: who appended it; empty: unknown. @throws LedgerError `corrupt`. */
  evolve(state: State, event: Event, instance: string): State;
  /** The schema version in which the event is written. @throws LedgerError `corrupt`: it could not be read again. */
  versionOf(event: Event): number;
}

/** What a caller's `decide` wants to append and to answer. */
export interface Proposal<Event, Answer> {
  /** Empty: append nothing. */
  readonly events: readonly Event[];
  readonly answer: Answer;
  /** True: the answer stays true for ever ("recorded before", "is linked"), so a cached state may give it. Default: false. */
  readonly final?: boolean;
}

/** A transaction: the stream, what is stored with its events, and what decides them. */
export interface Transaction<State extends Revised, Event extends Typed, Answer> {
  readonly aggregate: Aggregate<State, Event>;
  readonly id: string;
  readonly metadata: EventMetadata;
  /** Pure: it may run several times. */
  readonly decide: (state: State) => Proposal<Event, Answer>;
}

/** What is to be appended, at the revision of the state that it was decided on. */
export interface Proposed<State, Answer> extends StreamAppend {
  /** The state after the events. */
  readonly state: State;
  /** When they are recorded. ISO 8601 UTC. */
  readonly recordedAt: string;
  readonly answer: Answer;
  readonly final?: boolean;
}

/** The state after the appended events, and the answer of the `decide` that proposed them. */
export interface Transacted<State, Answer> {
  readonly state: State;
  readonly answer: Answer;
}
