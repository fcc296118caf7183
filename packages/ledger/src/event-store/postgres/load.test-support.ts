// Callers that append to streams of their own, every second one to two streams in one commit, while the server or the network fails, and what must be true of the log
// afterwards: each acknowledged append is there once, where the answer said; followers saw every event, in order.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { LedgerError } from '../../errors.ts';
import type { AppendResult, EventStore, NewEvent, StoredEvent, StreamAppend } from '../event-store.ts';

interface Acknowledged {
  readonly stream: string;
  readonly revision: number;
  readonly position: string;
  readonly ids: readonly string[];
}

export class Load {
  readonly acknowledged: Acknowledged[] = [];
  /** The codes of the calls that failed. Each was sent again until it was settled. */
  readonly failed: string[] = [];
  /** The longest call in milliseconds. */
  longestMs = 0;
  readonly #stores: readonly EventStore[];
  readonly #prefix: string = `load-${randomUUID().slice(0, 8)}`;
  #isRunning = true;
  readonly #followersEnd = new AbortController();
  readonly #received: StoredEvent[][];
  readonly #following: readonly Promise<void>[];
  readonly #calling: readonly Promise<void>[];

  /** Begins at once. @param callers for each store. */
  constructor(stores: readonly EventStore[], callers: number) {
    this.#stores = stores;
    this.#received = stores.map(() => []);
    this.#following = stores.map((store, index) => this.#follow(store, this.#received[index] as StoredEvent[]));
    this.#calling = stores.flatMap((store, index) =>
      Array.from({ length: callers }, (_, caller) => {
        const stream = `${this.#prefix}-${index}-${caller}`;
        return this.#call(store, caller % 2 ? [stream, `${stream}-twin`] : [stream]);
      }),
    );
  }

  /** Resolves after so many further acknowledgements. */
  async more(count: number): Promise<void> {
    const wanted = this.acknowledged.length + count;
    while (this.acknowledged.length < wanted) await this.turn();
  }

  /** Waits for a moment. Throws what ended a caller or a follower. */
  async turn(): Promise<void> {
    const ended = Promise.race([...this.#calling, ...this.#following]);
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 5))]);
  }

  /** Ends the callers once each has settled its last append, and checks the log. */
  async end(): Promise<void> {
    this.#isRunning = false;
    await Promise.all(this.#calling);
    const log: StoredEvent[] = [];
    for await (const page of (this.#stores[0] as EventStore).readLog()) log.push(...page.events);
    assert.deepEqual(
      log.map(({ position }) => Number(position)),
      log.map((_, index) => index + 1),
      'positions without gaps',
    );
    this.#checkAcknowledged(log);
    await this.#checkFollowers(log.filter(({ stream }) => stream.startsWith(this.#prefix)));
  }

  #checkAcknowledged(log: readonly StoredEvent[]): void {
    const places = new Map(log.map((event) => [event.id, event]));
    assert.equal(places.size, log.length, 'no event is there twice');
    for (const { stream, revision, position, ids } of this.acknowledged) {
      assert.equal(places.get(ids.at(-1) as string)?.position, position);
      for (const [back, id] of ids.toReversed().entries()) {
        const found = places.get(id);
        assert.equal(`${found?.stream}@${found?.revision}`, `${stream}@${revision - back}`);
      }
    }
  }

  async #checkFollowers(ours: readonly StoredEvent[]): Promise<void> {
    for (const received of this.#received) {
      while (received.length < ours.length) await Promise.race([...this.#following, new Promise((resolve) => setTimeout(resolve, 5))]);
    }
    this.#followersEnd.abort();
    await Promise.all(this.#following);
    for (const received of this.#received) assert.deepEqual(received, ours, 'a follower saw every event, in order');
  }

  /** As a subscriber does: after a failure it goes on from where it was. */
  async #follow(store: EventStore, received: StoredEvent[]): Promise<void> {
    let after: StoredEvent['position'] | undefined;
    const follow = this.#followersEnd.signal;
    while (!follow.aborted) {
      try {
        for await (const page of store.readLog({ prefixes: [this.#prefix], follow, ...(after && { after }) })) {
          received.push(...page.events);
          after = page.next;
        }
      } catch (error) {
        if ((error as LedgerError).code !== 'store_unavailable' && (error as LedgerError).code !== 'store_busy') throw error;
      }
    }
  }

  async #call(store: EventStore, streams: readonly string[]): Promise<void> {
    let revision = -1;
    while (this.#isRunning) {
      const count = 1 + (this.acknowledged.length % 3);
      const appends = streams.map((stream) => ({ stream, expectedRevision: revision, events: Array.from({ length: count }, newEvent) }));
      for (let isSettled = false; !isSettled; ) {
        const startedMs = performance.now();
        try {
          const results = await appended(store, appends);
          for (const [index, { stream, events }] of appends.entries()) {
            const result = results[index];
            assert.ok(result?.appended, `${stream} has one writer, and met a conflict at ${revision}`);
            this.acknowledged.push({ stream, revision: result.revision, position: result.position, ids: events.map(({ id }) => id) });
          }
          revision += count;
          isSettled = true;
        } catch (error) {
          const { code } = error as LedgerError;
          if (code !== 'store_unavailable' && code !== 'store_busy' && code !== 'store_full') throw error;
          this.failed.push(code);
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        this.longestMs = Math.max(this.longestMs, performance.now() - startedMs);
      }
    }
  }
}

async function appended(store: EventStore, appends: readonly StreamAppend[]): Promise<readonly AppendResult[]> {
  const [first] = appends;
  if (first === undefined || appends.length > 1) return (await store.appendAll?.(appends)) ?? [];
  return [await store.append(first.stream, first.expectedRevision, first.events)];
}

function newEvent(): NewEvent {
  return { id: randomUUID(), type: 'Noted', data: { text: 'x'.repeat(300) }, metadata: { version: '1' } };
}
