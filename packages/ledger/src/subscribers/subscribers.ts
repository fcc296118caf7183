// The subscribers of a ledger: one keeps the read models and shows delivery what other processes did, one rolls held
// payments forward (their cursors stand in the file of the read models), and where it is asked for, one signs checkpoints.
import type { Alert } from '../alerts.ts';
import { type CheckpointSettings, openCheckpointer } from '../audit/checkpoint/checkpointer.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { EventStore } from '../event-store/event-store.ts';
import type { Logger } from '../logger.ts';
import type { PaymentWriter } from '../observe-payment.ts';
import type { OrderState } from '../order/order.ts';
import type { PaymentLedgerOptions } from '../payment-ledger.ts';
import { type OrderReadModels, openOrderReadModels } from '../read-models/order-read-models.ts';
import { openReadModelFile, readModelPrefixes } from '../read-models/read-model-file.ts';
import { isOfSweep } from '../read-models/sweep-rows.ts';
import type { Runtime } from '../runtime.ts';
import { orderAggregate } from '../streams/order-aggregate.ts';
import { rollForward, rollForwardPrefixes } from './roll-forward.ts';
import { openSubscription } from './subscription.ts';

export interface FollowersOptions {
  readonly store: EventStore;
  /** Of the read models; `:memory:` where they are not kept. */
  readonly path: string;
  readonly writer: PaymentWriter;
  readonly delivery: Delivery | undefined;
  /** false: the process may live for one `settle` only. */
  readonly background: boolean;
  /** Of this process: who owns its decisions. */
  readonly instance: string;
  readonly checkpoints: CheckpointSettings | undefined;
  readonly runtime: Runtime;
  readonly log: Logger;
  readonly onAlert: (alert: Alert) => void;
}

export interface Subscribers {
  /** Opens them on first use; after a failure the next caller tries again. */
  opened(): Promise<OpenedSubscribers>;
  /** Follows the log until `stop`, as soon as it can be read. */
  follow(): void;
  /** Signs what was not signed yet, where this process signs. */
  signCheckpoint(): Promise<void>;
  /** @param deadlineMs monotonic, for a last checkpoint. */
  stop(deadlineMs: number): Promise<void>;
}

export interface OpenedSubscribers {
  readonly models: OrderReadModels;
  follow(): void;
  catchUp(): Promise<void>;
  lagMs(): number;
  stop(): Promise<void>;
}

/** Beside the SQLite log, where there is one. */
export function readModelsPath({ readModels, eventStore }: Pick<PaymentLedgerOptions, 'readModels' | 'eventStore'>): string {
  if (readModels !== undefined) return readModels;
  return 'path' in eventStore && typeof eventStore.path === 'string' ? `${eventStore.path}.read-models` : ':memory:';
}

/** @throws LedgerError `invalid_input`: checkpoints cannot be signed with these settings. */
export function openSubscribers(options: FollowersOptions): Subscribers {
  const { store, runtime, log, onAlert, checkpoints } = options;
  const checkpointer = checkpoints && openCheckpointer({ store, settings: checkpoints, runtime, log, onAlert });
  const stopping = new AbortController();
  let opening: Promise<OpenedSubscribers> | undefined;
  let following: Promise<void> = Promise.resolve();

  function opened(): Promise<OpenedSubscribers> {
    const current = opening ?? openNow(options);
    opening = current;
    current.catch(() => {
      opening = undefined;
    });
    return current;
  }

  async function follow(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        (await opened()).follow();
        return;
      } catch (error) {
        log.warn({ err: error }, 'the log cannot be read; following starts as soon as it can');
        await runtime.sleep(1_000, stopping.signal);
      }
    }
  }

  return {
    opened,
    follow: () => {
      following = follow();
      checkpointer?.start();
    },
    signCheckpoint: async () => checkpointer?.catchUp(),
    stop: async (deadlineMs) => {
      stopping.abort();
      await checkpointer?.stop(deadlineMs);
      await following;
      await (await opening?.catch(() => undefined))?.stop();
    },
  };
}

async function openNow({
  store,
  path,
  writer,
  delivery,
  background,
  instance,
  runtime,
  log,
  onAlert,
}: FollowersOptions): Promise<OpenedSubscribers> {
  const file = await openReadModelFile(path, store, runtime);
  const models = openOrderReadModels(file);
  let pendingSighted = false;

  const orders = openSubscription({
    name: 'orders',
    onStuck: ({ code, message }) => onAlert({ kind: 'read_models_stuck', message: `${code}: ${message}` }),
    store,
    runtime,
    log,
    prefixes: readModelPrefixes,
    after: models.cursor,
    handle: async (events, next) => {
      await models.apply(events, next);
      if (pendingSighted) for (const event of events) if (!isOfSweep(event.stream)) delivery?.onEvent(event);
    },
    onCaughtUp: async () => {
      if (pendingSighted) return;
      if (delivery) for (const order of models.pendingDeliveries()) delivery.onPendingAtStart(order, await agoMs(order));
      pendingSighted = true; // What is long delivered is not looked at one by one.
    },
  });
  // By the wall clocks: one process after the other would begin to wait and end before it may take over. Wrong clocks cost
  // a second telling under the same key, no more.
  async function agoMs({ orderId, delivery: { revision, owner } }: OrderState): Promise<number> {
    if (background || owner === instance) return 0;
    const [last] = await store.readStream(orderAggregate.stream(orderId), { afterRevision: revision - 1 });
    return last === undefined ? 0 : Math.max(0, runtime.now().getTime() - Date.parse(last.metadata['recordedAt'] ?? ''));
  }

  const references = openSubscription({
    name: 'roll-forward',
    store,
    runtime,
    log,
    prefixes: rollForwardPrefixes,
    after: file.cursor('roll-forward'),
    handle: async (events, next) => {
      await rollForward(events, writer, { log, onAlert });
      await file.advance('roll-forward', { events, next }, () => undefined);
    },
  });

  return {
    models,
    follow: () => {
      references.follow();
      orders.follow();
    },
    catchUp: async () => {
      await references.catchUp();
      await orders.catchUp();
    },
    lagMs: orders.lagMs,
    stop: async () => {
      await Promise.all([references.stop(), orders.stop()]);
      file.close();
    },
  };
}
