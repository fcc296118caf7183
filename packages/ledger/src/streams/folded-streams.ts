// What one process has folded of the streams, over the store. It keeps only what was durable, and drops what may lack events.
import type { EventStore, StreamAppend } from '../event-store/event-store.ts';
import type { Aggregate, Proposed, Transacted, Typed } from './aggregate.ts';
import type { Folded, Revised, StateCache } from './state-cache.ts';

export class FoldedStreams {
  readonly #store: EventStore;
  readonly #cache: StateCache;

  constructor(store: EventStore, cache: StateCache) {
    this.#store = store;
    this.#cache = cache;
  }

  /** As an acknowledged append or a read left it. Another process may have appended since. */
  known<State extends Revised>(aggregate: Pick<Aggregate<State, never>, 'stream'>, id: string): Folded<State> | undefined {
    return this.#cache.get<State>(aggregate.stream(id));
  }

  /** The empty state that this remembers is no more than another state that may be old. */
  assumeNew<State extends Revised, Event extends Typed>(aggregate: Aggregate<State, Event>, id: string): void {
    const stream = aggregate.stream(id);
    if (this.#cache.get(stream) === undefined) this.#cache.remember(stream, { state: aggregate.initial(id), recordedAt: '' });
  }

  /** Folds what the stream holds after `from`, and keeps the result. */
  async catchUp<State extends Revised, Event extends Typed>(
    aggregate: Aggregate<State, Event>,
    id: string,
    from: Folded<State> | undefined,
  ): Promise<Folded<State>> {
    const stream = aggregate.stream(id);
    let { state, recordedAt } = from ?? (await aggregate.snapshot?.(id)) ?? { state: aggregate.initial(id), recordedAt: '' };
    for (const event of await this.#store.readStream(stream, { afterRevision: state.revision })) {
      state = aggregate.evolve(state, aggregate.read(event), event.metadata['instance'] ?? '');
      recordedAt = event.metadata['recordedAt'] ?? recordedAt;
    }
    this.#cache.remember(stream, { state, recordedAt });
    return { state, recordedAt };
  }

  /** Keeps the state after events that were acknowledged. */
  appended<State extends Revised, Answer>({ stream, state, recordedAt, answer }: Proposed<State, Answer>): Transacted<State, Answer> {
    this.#cache.remember(stream, { state, recordedAt }); // Not earlier: what is cached is durable.
    return { state, answer };
  }

  /** Waits for an append, and forgets its streams where the outcome is unknown: what is cached may lack events that were stored. */
  async orForget<Result>(proposed: readonly Pick<StreamAppend, 'stream'>[], append: Promise<Result>): Promise<Result> {
    try {
      return await append;
    } catch (error) {
      for (const { stream } of proposed) this.forget(stream);
      throw error;
    }
  }

  forget(stream: string): void {
    this.#cache.forget(stream);
  }
}
