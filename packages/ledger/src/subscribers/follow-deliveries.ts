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
  /** Call it when the rows have caught up, or can get no further. */
  onCaughtUp(): Promise<void>;
}

const readsAtOnce = 16;

export function followDeliveries(kinds: readonly FollowedStreams[], { store, background, runtime }: FollowOptions): FollowedDeliveries {
  let isReported = false; // Set by `onCaughtUp` as it tells what was pending before; cleared where that fails: all of it is told again.

  // Without a background, by the wall clocks: else each short-lived process would start the wait anew, and end before it may
  // take over. Wrong clocks cost a second delivery under the same key, no more.
  async function agoMs({ prefix, instance }: FollowedStreams, id: string, { delivery: { revision, owner } }: Deliverable): Promise<number> {
    if (background || (instance !== '' && (owner === instance || owner === ''))) return 0; // Nobody waits for an owner that is none.
    const [last] = await readableEvents(store, `${prefix}${id}`, revision - 1);
    return last === undefined ? 0 : Math.max(0, runtime.now().getTime() - Date.parse(last.metadata['recordedAt'] ?? ''));
  }

  async function tellPending(kind: FollowedStreams): Promise<void> {
    const pending = kind.pending();
    for (let from = 0; from < pending.length; from += readsAtOnce) {
      const told = pending.slice(from, from + readsAtOnce).map(async ([id, state]) => {
        kind.delivery.onPendingAtStart(id, state, await agoMs(kind, id, state));
      });
      await Promise.all(told);
    }
  }

  return {
    onEvents: (events) => {
      if (!isReported) return;
      for (const event of events) for (const { prefix, delivery } of kinds) if (event.stream.startsWith(prefix)) delivery.onEvent(event);
    },
    onCaughtUp: async () => {
      if (isReported) return;
      isReported = true;
      try {
        for (const kind of kinds) await tellPending(kind);
      } catch (error) {
        isReported = false;
        throw error;
      }
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
