// Shows delivery what other processes did, and what was pending when this one started: the rows of the read models tell that.
import type { DecisionFollower } from '../delivery/delivery.ts';
import { LedgerError } from '../errors.ts';
import type { EventStore, StoredEvent } from '../event-store/event-store.ts';
import type { Deliverable } from '../order/delivery-state.ts';
import type { Runtime } from '../runtime.ts';

/** Whoever brings the decisions of one kind of stream to the shop, or compares them with what it has. */
export interface Deliverer {
  readonly delivery: DecisionFollower;
  /** This process, as the metadata of these decisions names it. Empty: it delivers none. */
  readonly instance: string;
}

export interface FollowedStreams extends Deliverer {
  readonly prefix: string;
  /** Those whose newest decision is neither delivered nor abandoned, each with its id. */
  pending(): readonly (readonly [id: string, state: Deliverable])[];
}

interface FollowOptions {
  readonly store: EventStore;
  /** False: the process may live for one `settle` only. */
  readonly background: boolean;
  readonly runtime: Runtime;
}

export interface FollowedDeliveries {
  /** Does nothing before the log was read to its end once: most events are of deliveries that ended long ago. */
  onEvents(events: readonly StoredEvent[]): void;
  /** Call it when the rows have caught up. */
  onCaughtUp(): Promise<void>;
}

export function followDeliveries(kinds: readonly FollowedStreams[], { store, background, runtime }: FollowOptions): FollowedDeliveries {
  let isReported = false; // Set by `onCaughtUp` once delivery knows what was pending before.

  // Without a background, by the wall clocks: else each short-lived process would start the wait anew, and end before it may
  // take over. Wrong clocks cost a second delivery under the same key, no more.
  async function agoMs({ prefix, instance }: FollowedStreams, id: string, { delivery: { revision, owner } }: Deliverable): Promise<number> {
    if (background || (owner === instance && instance !== '')) return 0;
    const [last] = await readableEvents(store, `${prefix}${id}`, revision - 1);
    return last === undefined ? 0 : Math.max(0, runtime.now().getTime() - Date.parse(last.metadata['recordedAt'] ?? ''));
  }

  return {
    onEvents: (events) => {
      if (!isReported) return;
      for (const event of events) for (const { prefix, delivery } of kinds) if (event.stream.startsWith(prefix)) delivery.onEvent(event);
    },
    onCaughtUp: async () => {
      if (isReported) return;
      for (const kind of kinds)
        for (const [id, state] of kind.pending()) kind.delivery.onPendingAtStart(id, state, await agoMs(kind, id, state));
      isReported = true;
    },
  };
}

/** None where the stream cannot be read: one order must not keep all the others from being delivered. */
async function readableEvents(store: EventStore, stream: string, afterRevision: number): Promise<readonly StoredEvent[]> {
  try {
    return await store.readStream(stream, { afterRevision });
  } catch (error) {
    if (error instanceof LedgerError && error.code === 'corrupt') return [];
    throw error;
  }
}
