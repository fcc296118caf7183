// Read, fold, decide, append: the only code of a ledger that writes to a stream. The gate is the expected revision
// of the append (laws 2 and 3); no check before it counts. One transaction:
//   1. Wait until earlier callers of this process have left the stream.
//   2. Take the folded state from the cache, or read the stream and fold it.
//   3. Decide on that state, and fold the proposed events.
//   4. If nothing is proposed, answer; from a cached state only if the answer is final, else read the stream first.
//   5. Append the events at the revision of that state.
//   6. Cache the new state and answer.
//   7. On a conflict, read what other processes appended and go back to 3, for 15 s at most.
import { LedgerError } from '../errors.ts';
import { clearMetadata } from '../event-store/deleted-stream.ts';
import type { AppendResult, EventMetadata, EventStore, NewEvent, StoredEvent } from '../event-store/event-store.ts';
import type { Runtime } from '../runtime.ts';
import { type Folded, type Revised, StateCache } from './state-cache.ts';
import { turnTaker } from './turn-taker.ts';

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

/** The state after the appended events, and the answer of the `decide` that proposed them. */
export interface Transacted<State, Answer> {
  readonly state: State;
  readonly answer: Answer;
}

export interface Transactions {
  /**
   * Runs `decide` on the newest state until its events are durable. `decide` is pure: it may run several times.
   * @throws LedgerError `contention`: other processes were faster for 15 s; nothing was written. `corrupt`, `file_newer`:
   *   the stream cannot be read. Also what `decide`, `readStream` and `append` throw; after `store_unavailable` nobody knows
   *   whether the events were stored.
   */
  transact<State extends Revised, Event extends Typed, Answer>(
    aggregate: Aggregate<State, Event>,
    id: string,
    metadata: EventMetadata,
    decide: (state: State) => Proposal<Event, Answer>,
  ): Promise<Transacted<State, Answer>>;
  /**
   * The state as this process last folded it. Undefined: it has none. Another process may have appended since, so only what stays
   * true for ever may rest on it.
   */
  known<State extends Revised, Event extends Typed>(aggregate: Aggregate<State, Event>, id: string): State | undefined;
  /** The stream should have no events: the next transaction reads none before its append, whose conflict tells if it has some. */
  assumeNew<State extends Revised, Event extends Typed>(aggregate: Aggregate<State, Event>, id: string): void;
  /** Strong: folds every append that was acknowledged before the call. @throws LedgerError as `transact`, but no `contention`. */
  read<State extends Revised, Event extends Typed>(aggregate: Aggregate<State, Event>, id: string): Promise<State>;
  /** Strong: the events themselves, in their current shapes. @throws LedgerError as `read`. */
  history<State extends Revised, Event extends Typed>(aggregate: Aggregate<State, Event>, id: string): Promise<readonly Event[]>;
}

export interface TransactionOptions {
  readonly store: EventStore;
  readonly runtime: Runtime;
  /** This process, as it is named in the metadata of its events; empty where it delivers nothing. */
  readonly instance: string;
  /** How many folded states to cache. Default 10,000. */
  readonly cachedStreams?: number;
  /** How long their JSON may be together, in characters. A state that is longer is not cached. Default 32 Mi. */
  readonly cachedCharacters?: number;
}

/** How long a transaction tries against other writers. */
const deadlineMs = 15_000;
/** A server may refuse an append for another one that it shows a moment later. */
const readsOfConflict = 4;
const readAgainMs = 50;

/** The transactions of one process on one store. They share a cache, and queue per stream. */
export function openTransactions({
  store,
  runtime,
  instance,
  cachedStreams = 10_000,
  cachedCharacters = 32 * 1_024 * 1_024,
}: TransactionOptions): Transactions {
  const cache = new StateCache(cachedStreams, cachedCharacters);
  const inTurn = turnTaker();

  /** Folds what the stream holds after `from`, and caches the result. */
  async function catchUp<State extends Revised, Event extends Typed>(
    aggregate: Aggregate<State, Event>,
    id: string,
    from: Folded<State> | undefined,
  ): Promise<Folded<State>> {
    const stream = aggregate.stream(id);
    let { state, recordedAt } = from ?? (await aggregate.snapshot?.(id)) ?? { state: aggregate.initial(id), recordedAt: '' };
    for (const event of await store.readStream(stream, { afterRevision: state.revision })) {
      state = aggregate.evolve(state, aggregate.read(event), event.metadata['instance'] ?? '');
      recordedAt = event.metadata['recordedAt'] ?? recordedAt;
    }
    cache.remember(stream, { state, recordedAt });
    return { state, recordedAt };
  }

  async function transact<State extends Revised, Event extends Typed, Answer>(
    aggregate: Aggregate<State, Event>,
    id: string,
    metadata: EventMetadata,
    decide: (state: State) => Proposal<Event, Answer>,
  ): Promise<Transacted<State, Answer>> {
    const stream = aggregate.stream(id);
    const deadline = runtime.monotonicNowMs() + deadlineMs * runtime.patience;
    const stamped = (event: Event, recordedAt: string): NewEvent => {
      const version = String(aggregate.versionOf(event));
      return { ...event, id: runtime.uuid(), metadata: { version, instance, ...metadata, recordedAt } };
    };
    let known = cache.get<State>(stream); // 2
    let current = known === undefined; // True: `known` was read from the store in this call. Set here and after each `catchUp`.
    known ??= await catchUp(aggregate, id, undefined);
    for (let conflicts = 0; ; ) {
      const proposal = decideOn(known.state, decide, (state, event) => aggregate.evolve(state, event, instance), current); // 3
      if (proposal === undefined || (proposal.events.length === 0 && !current && proposal.final !== true)) {
        known = await catchUp(aggregate, id, known); // 4
        current = true;
        continue;
      }
      if (proposal.events.length === 0) return { state: known.state, answer: proposal.answer }; // 4
      const recordedAt = later(runtime.now().toISOString(), known.recordedAt);
      const events = proposal.events.map((event) => stamped(event, recordedAt));
      // 5: A crash before the append leaves nothing behind; a crash in it leaves all of the events or none.
      const result: AppendResult = await appendOrForget(stream, known.state.revision, events);
      if (result.appended) {
        // 6: A crash here leaves the events, and a caller without an answer: its retry folds them and proposes nothing new.
        cache.remember(stream, { state: proposal.state, recordedAt }); // Not earlier: what is cached is durable.
        return { state: proposal.state, answer: proposal.answer };
      }
      if (runtime.monotonicNowMs() > deadline) {
        throw new LedgerError(
          'contention',
          `${stream}: other writers were faster for ${deadlineMs / 1000} s. Nothing was written; try again`,
        );
      }
      // 7: The conflict wrote nothing. After a restore of the log from a backup, the stream is folded from its start.
      const from: Folded<State> | undefined = result.actualRevision < known.state.revision ? undefined : known;
      if (from === undefined) cache.forget(stream);
      if (conflicts++ > 0) await runtime.sleep(runtime.random() * Math.min(200, 2 ** conflicts));
      known = await readConflict(runtime, { stream, result, from: from?.state.revision ?? -1 }, () => catchUp(aggregate, id, from));
      current = true;
    }
  }

  /** Drops the cached state where the outcome is unknown: it may lack events that were stored. */
  async function appendOrForget(stream: string, revision: number, events: readonly NewEvent[]): Promise<AppendResult> {
    try {
      return await store.append(stream, revision, events);
    } catch (error) {
      cache.forget(stream);
      throw error;
    }
  }

  return {
    transact: (aggregate, id, metadata, decide) => inTurn(aggregate.stream(id), () => transact(aggregate, id, metadata, decide)), // 1
    ...remembered(cache),
    history: async (aggregate, id) => (await store.readStream(aggregate.stream(id))).map((event) => aggregate.read(event)),
    read: async (aggregate, id) => (await catchUp(aggregate, id, cache.get(aggregate.stream(id)))).state,
  };
}

/** The empty state that `assumeNew` remembers is no more than another state that may be old. */
function remembered(cache: StateCache): Pick<Transactions, 'known' | 'assumeNew'> {
  return {
    known: <State extends Revised>(aggregate: Pick<Aggregate<State, never>, 'stream'>, id: string) =>
      cache.get<State>(aggregate.stream(id))?.state,
    assumeNew: (aggregate, id) => {
      const stream = aggregate.stream(id);
      if (cache.get(stream) === undefined) cache.remember(stream, { state: aggregate.initial(id), recordedAt: '' });
    },
  };
}

interface Conflict {
  readonly stream: string;
  readonly result: { readonly actualRevision: number };
  /** The revision that was folded before. */
  readonly from: number;
}

/** Folds what a conflict told of. @throws LedgerError `corrupt`: no read shows it, so every attempt would conflict again. */
async function readConflict<State extends Revised>(
  runtime: Runtime,
  { stream, result: { actualRevision }, from }: Conflict,
  catchUp: () => Promise<Folded<State>>,
): Promise<Folded<State>> {
  for (let reads = 1; ; reads += 1) {
    const known = await catchUp();
    if (known.state.revision > from || actualRevision <= from) return known;
    if (reads === readsOfConflict) {
      throw new LedgerError(
        'corrupt',
        `${stream}: an append was refused because revision ${actualRevision} is there, but a read shows nothing after revision ${from}. ` +
          `Nothing was written. On EventStoreDB its events are hidden: by a deletion, $maxCount, $maxAge or $tb. ${clearMetadata}`,
      );
    }
    await runtime.sleep(readAgainMs);
  }
}

/**
 * Decides, and folds the proposed events before they are written: an event that cannot follow would make its stream
 * unreadable for ever. Answers undefined where a cached state refuses: the newest state may allow it, so the caller reads.
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
