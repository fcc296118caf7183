// The subscribers of a ledger. One updates the read models, and shows delivery what other processes did. One rolls held
// payments forward. If checkpoints are set up, one signs them. The first two have their cursors in the read models' file.
import type { Alert } from '../alerts.ts';
import type { CheckpointSettings } from '../audit/checkpoint/checkpoint-settings.ts';
import { openCheckpointer } from '../audit/checkpoint/checkpointer.ts';
import type { DecisionFollower } from '../delivery/delivery.ts';
import type { EventStore, Position, StoredEvent } from '../event-store/event-store.ts';
import type { Logger } from '../logger.ts';
import type { PaymentWriter } from '../observe-payment.ts';
import { type OrderReadModels, openOrderReadModels } from '../read-models/order-read-models.ts';
import { readModelCursor, readModelPrefixes } from '../read-models/read-model-file.ts';
import { openSkippedRows } from '../read-models/skipped-rows.ts';
import type { Runtime } from '../runtime.ts';
import { orderAggregate } from '../streams/order-aggregate.ts';
import { ourPrefixes } from '../streams/our-streams.ts';
import { slotAggregate } from '../streams/run-slot.ts';
import { subscriptionAggregate } from '../streams/subscription-aggregate.ts';
import { openCarriedFile } from './carried-file.ts';
import { catchUpBoth } from './catch-up.ts';
import { type Deliverer, followDeliveries } from './follow-deliveries.ts';
import { alertDeleted, alertDuplicate } from './log-alerts.ts';
import { openLogSubscription } from './log-subscription.ts';
import { rollForward, rollForwardPrefixes } from './roll-forward.ts';
import { openSkippedStreams } from './skipped-streams.ts';

const runsStream = slotAggregate.stream('');
/** What the roll-forward hands on, and which bulk run goes on; of all else that the read models do not follow, only a deletion is told. */
const followedPrefixes: readonly string[] = [
  ...new Set([...rollForwardPrefixes, runsStream, ...ourPrefixes.filter((prefix) => !readModelPrefixes.includes(prefix))]),
];

export interface SubscribersOptions {
  readonly store: EventStore;
  /** File of the read models; `:memory:`: they are lost when the process ends. */
  readonly path: string;
  readonly writer: PaymentWriter;
  /** Undefined: this process delivers nothing, and compares nothing with the shop. */
  readonly delivery: DecisionFollower | undefined;
  /** Undefined: this process delivers no subscriptions. */
  readonly subscriptions: Deliverer | undefined;
  /** Called when the slot of bulk runs has changed. */
  readonly onRuns: () => void;
  /** False: the process may live for one `settle` only. */
  readonly background: boolean;
  /** This process, as the metadata of its events names it. */
  readonly instance: string;
  /** Undefined: this process signs none. */
  readonly checkpoints: CheckpointSettings | undefined;
  /** As the option of the ledger. */
  readonly duplicateWithinHours: number;
  readonly runtime: Runtime;
  readonly log: Logger;
  readonly onAlert: (alert: Alert) => void;
}

export interface Subscribers {
  /** Opens them on first use; after a failure the next caller tries again. @throws LedgerError as `openReadModelFile`. */
  opened(): Promise<OpenedSubscribers>;
  /** Follows the log until `stop`, as soon as it can be read. */
  follow(): void;
  /** Signs a checkpoint of what was not signed yet. Does nothing where this process signs none. */
  signCheckpoint(): Promise<void>;
  /** Stops all of them and closes their file. @param deadlineMs monotonic: until then a last checkpoint may be signed. */
  stop(deadlineMs: number): Promise<void>;
}

export interface OpenedSubscribers {
  readonly models: OrderReadModels;
  /** Follows the log until `stop`. */
  follow(): void;
  /** Handles everything that was in the log when it was called. @throws LedgerError as `LogSubscription.catchUp`. */
  catchUp(): Promise<void>;
  /** How far the read models have read the log. */
  cursor(): Position;
  /** How far the read models may be behind, as `LogSubscription.lagMs`. */
  lagMs(): number;
  /** Stops both subscriptions, then closes the file. */
  stop(): Promise<void>;
}

/** Prepares the subscribers; nothing is opened or read yet. @throws LedgerError `invalid_input`: the checkpoint settings cannot be used. */
export function openSubscribers(options: SubscribersOptions): Subscribers {
  const { store, runtime, log, onAlert, checkpoints } = options;
  const checkpointer = checkpoints && openCheckpointer({ store, settings: checkpoints, runtime, log, onAlert });
  const stopping = new AbortController();
  let opening: Promise<OpenedSubscribers> | undefined; // Written by `opened`; cleared after a failure.
  let following: Promise<void> = Promise.resolve(); // Written by `follow`.

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
  subscriptions,
  onRuns,
  background,
  instance,
  duplicateWithinHours,
  runtime,
  log,
  onAlert,
}: SubscribersOptions): Promise<OpenedSubscribers> {
  const { file, snapshots, close } = await openCarriedFile({ store, path, runtime, log });
  const models = openOrderReadModels(file, duplicateWithinHours);
  // A process that delivers is known by its instance; the others share one, and tell their own grants by the time.
  const startedAt = instance === '' ? runtime.now().toISOString() : '';
  const ofOrders = {
    prefix: orderAggregate.stream(''),
    pending: () => models.pendingDeliveries().map((state) => [state.orderId, state] as const),
  };
  const ofSubscriptions = {
    prefix: subscriptionAggregate.stream(''),
    pending: () => models.subscriptions.pendingDeliveries().map((state) => [state.subscriptionId, state] as const),
  };
  const deliveries = followDeliveries(
    [...(delivery ? [{ delivery, instance, ...ofOrders }] : []), ...(subscriptions ? [{ ...subscriptions, ...ofSubscriptions }] : [])],
    { store, background, runtime },
  );

  const orders = openLogSubscription({
    name: 'orders',
    onStuck: ({ code, message }) => onAlert({ kind: 'read_models_stuck', message: `${code}: ${message}` }),
    onDeleted: ({ stream }) => alertDeleted(stream, onAlert),
    store,
    runtime,
    log,
    prefixes: readModelPrefixes,
    after: models.cursor,
    handle: async (events, next) => {
      await models.apply(events, next);
      snapshots?.handled(events.length, () => file.cursor(readModelCursor));
      for (const event of events) if (isGrantBy(event, instance, startedAt)) alertDuplicate(models.duplicate(orderIdOf(event)), onAlert);
      deliveries.onEvents(events);
    },
    onCaughtUp: async () => {
      snapshots?.atHead(() => file.cursor(readModelCursor));
      await deliveries.onCaughtUp();
    },
  });

  const skippedRows = openSkippedRows(file);
  const skipped = openSkippedStreams({ rows: skippedRows, store, writer, runtime, log, onAlert });
  const references = openLogSubscription({
    name: 'roll-forward',
    onStuck: ({ code, message }) => onAlert({ kind: 'roll_forward_failed', message: `The log cannot be read: ${code}: ${message}` }),
    onDeleted: ({ stream }) => alertUnlessRead(stream, onAlert),
    store,
    runtime,
    log,
    prefixes: followedPrefixes,
    after: file.cursor('roll-forward'),
    handle: async (events, next) => {
      if (events.some(isOfRuns)) onRuns();
      const failed = await rollForward(events, writer);
      await file.advance('roll-forward', { events, next }, (from) => skippedRows.add(failed, from));
      skipped.note(failed);
    },
    onCaughtUp: skipped.report,
  });

  return {
    models,
    follow: () => {
      references.follow();
      orders.follow();
      skipped.follow();
    },
    catchUp: async () => {
      await skipped.tryAgain();
      await catchUpBoth({ references, orders, deliveries });
    },
    cursor: () => file.cursor(readModelCursor),
    lagMs: orders.lagMs,
    stop: async () => {
      await Promise.all([references.stop(), orders.stop(), skipped.stop()]);
      await close();
    },
  };
}

/** Only the process that granted alerts, in the life in which it did: the read models are rebuilt from the whole log at times. */
function isGrantBy({ type, metadata }: StoredEvent, instance: string, since: string): boolean {
  const { recordedAt = '' } = metadata;
  return type === 'MembershipGranted' && metadata['instance'] === instance && recordedAt >= since;
}

function isOfRuns({ stream }: StoredEvent): boolean {
  return stream === runsStream;
}

function orderIdOf({ stream }: StoredEvent): string {
  return stream.slice(orderAggregate.stream('').length);
}

/** Where the read models follow the stream, the other subscription alerts. */
function alertUnlessRead(stream: string, onAlert: (alert: Alert) => void): void {
  if (!readModelPrefixes.some((prefix) => stream.startsWith(prefix))) alertDeleted(stream, onAlert);
}
