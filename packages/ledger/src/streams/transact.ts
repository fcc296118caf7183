// Read, fold, decide, append: the only way into a stream, for every kind of stream. The gate is the expected
// revision of the append (laws 2 and 3); nothing that is checked before it counts.
import { LRUCache } from 'lru-cache';
import { LedgerError } from '../errors.ts';
import type { AppendResult, EventMetadata, EventStore, NewEvent, StoredEvent } from '../event-store/event-store.ts';
import type { Runtime } from '../runtime.ts';

interface Revised {
  readonly revision: number;
}
interface Typed {
  readonly type: string;
  readonly data: object;
}

/** A kind of stream: where it lives, how it is read and folded. */
export interface Aggregate<State extends Revised, Event extends Typed> {
  stream(id: string): string;
  initial(id: string): State;
  /** Where to begin instead, in a long stream. It must stand in the stream as that is now: only what follows is read. */
  snapshot?(id: string): Promise<Folded<State> | undefined>;
  read(stored: StoredEvent): Event;
  /** Adds one to `revision`. */
  evolve(state: State, event: Event, instance: string): State;
  versionOf(type: Event['type']): number;
}

export interface Proposal<Event, Answer> {
  readonly events: readonly Event[];
  readonly answer: Answer;
  /** Once true, true for ever ("recorded before", "is linked"): then an answer without an append may come from the cache. */
  readonly lasting?: boolean;
}

export interface Transacted<State, Answer> {
  readonly state: State;
  readonly answer: Answer;
}

export interface Transactions {
  /**
   * Runs `decide` on the newest state until its events are durable. `decide` is pure: it may run several times.
   * @throws LedgerError `contention` where other processes were faster for 15 s; what `decide` and the store throw.
   */
  transact<State extends Revised, Event extends Typed, Answer>(
    aggregate: Aggregate<State, Event>,
    id: string,
    metadata: EventMetadata,
    decide: (state: State) => Proposal<Event, Answer>,
  ): Promise<Transacted<State, Answer>>;
  /** Strong: every append acknowledged before the call is folded in. */
  read<State extends Revised, Event extends Typed>(aggregate: Aggregate<State, Event>, id: string): Promise<State>;
  /** Strong: the events themselves, in today's shapes. */
  history<State extends Revised, Event extends Typed>(aggregate: Aggregate<State, Event>, id: string): Promise<readonly Event[]>;
}

export interface Folded<State> {
  readonly state: State;
  /** Of the last event: no event is recorded before the one that it follows. */
  readonly recordedAt: string;
}

export interface TransactionOptions {
  readonly store: EventStore;
  readonly runtime: Runtime;
  /** In every event's metadata; empty where the process delivers nothing. */
  readonly instance: string;
  /** Folded states kept. Default 10,000. */
  readonly cachedStreams?: number;
}

const deadlineMs = 15_000;

export function openTransactions({ store, runtime, instance, cachedStreams = 10_000 }: TransactionOptions): Transactions {
  const cache = new StateCache(cachedStreams);
  const inTurn = turnTaker();

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
    const deadline = runtime.monotonicNowMs() + deadlineMs;
    const metadataOf = (version: number, recordedAt: string) => ({ version: String(version), instance, ...metadata, recordedAt });
    let known = cache.get<State>(stream);
    let current = known === undefined; // Read from the store since this call began?
    known ??= await catchUp(aggregate, id, undefined);
    for (let conflicts = 0; ; ) {
      const decision = decideOn(known.state, decide, (state, event) => aggregate.evolve(state, event, instance), current);
      if (decision === undefined || (decision.events.length === 0 && !current && decision.lasting !== true)) {
        known = await catchUp(aggregate, id, known);
        current = true;
        continue;
      }
      if (decision.events.length === 0) return { state: known.state, answer: decision.answer };
      const recordedAt = later(runtime.now().toISOString(), known.recordedAt);
      const events = decision.events.map((event) => ({
        ...event,
        id: runtime.uuid(),
        metadata: metadataOf(aggregate.versionOf(event.type), recordedAt),
      }));
      const result: AppendResult = await appendOrForget(stream, known.state.revision, events);
      if (result.appended) {
        cache.remember(stream, { state: decision.state, recordedAt }); // Only now: what is cached is durable.
        return { state: decision.state, answer: decision.answer };
      }
      if (runtime.monotonicNowMs() > deadline) {
        throw new LedgerError(
          'contention',
          `${stream}: other writers were faster for ${deadlineMs / 1000} s. Nothing was written; try again`,
        );
      }
      // A log that went back (a restored copy) is folded from its start.
      const wentBack: boolean = result.actualRevision < known.state.revision;
      if (wentBack) cache.forget(stream);
      if (conflicts++ > 0) await runtime.sleep(runtime.random() * Math.min(200, 2 ** conflicts));
      known = await catchUp(aggregate, id, wentBack ? undefined : known);
      current = true;
    }
  }

  /** After an unknown outcome the cached state may lack what was stored. */
  async function appendOrForget(stream: string, revision: number, events: readonly NewEvent[]): Promise<AppendResult> {
    try {
      return await store.append(stream, revision, events);
    } catch (error) {
      cache.forget(stream);
      throw error;
    }
  }

  return {
    transact: (aggregate, id, metadata, decide) => inTurn(aggregate.stream(id), () => transact(aggregate, id, metadata, decide)),
    history: async (aggregate, id) => (await store.readStream(aggregate.stream(id))).map((event) => aggregate.read(event)),
    read: async (aggregate, id) => (await catchUp(aggregate, id, cache.get(aggregate.stream(id)))).state,
  };
}

/** Folded states, each as some acknowledged append or read left it. */
class StateCache {
  readonly #states: LRUCache<string, Folded<Revised>>;

  constructor(max: number) {
    this.#states = new LRUCache({ max });
  }

  /** The aggregate of a stream never changes, so neither does the type of what is cached for it. */
  get<State>(stream: string): Folded<State> | undefined {
    return this.#states.get(stream) as Folded<State> | undefined;
  }

  /** A slow reader must not put an older state back. */
  remember(stream: string, folded: Folded<Revised>): void {
    const known = this.#states.get(stream);
    if (!known || known.state.revision <= folded.state.revision) this.#states.set(stream, folded);
  }

  forget(stream: string): void {
    this.#states.delete(stream);
  }
}

/**
 * Decided, and folded before it is written: an event that cannot follow would make its stream unreadable for ever.
 * What a cached state refuses, the newest may allow: then undefined, and the caller looks again.
 */
function decideOn<State, Event, Answer>(
  before: State,
  decide: (state: State) => Proposal<Event, Answer>,
  evolve: (state: State, event: Event) => State,
  current: boolean,
): (Proposal<Event, Answer> & { readonly state: State }) | undefined {
  try {
    const decision = decide(before);
    return { ...decision, state: decision.events.reduce(evolve, before) };
  } catch (error) {
    if (current) throw error;
    return undefined;
  }
}

/** Local callers of one stream take turns, so that they never conflict with each other. */
function turnTaker(): <T>(stream: string, work: () => Promise<T>) => Promise<T> {
  const turns = new Map<string, Promise<unknown>>();
  return (stream, work) => {
    const before = turns.get(stream);
    const turn = before ? before.then(work, work) : work();
    turns.set(stream, turn);
    const leave = () => {
      if (turns.get(stream) === turn) turns.delete(stream);
    };
    turn.then(leave, leave);
    return turn;
  };
}

function later(a: string, b: string): string {
  return a > b ? a : b;
}
