// One attempt to deliver a decision to the shop: at least once, under a stable key. Law 9 holds by the sequence, since
// the shop writes only where its stored sequence is lower. The steps:
//   1. Where another instance may own the decision, append `DeliveryTakenOver`.
//   2. Call `deliver`, and wait `timeoutMs` at most.
//   3. Where it resolved, append `MembershipDelivered`. Where the shop answered a sequence above the newest decision (the
//      stream decides which that is), append `ShopAhead` and the membership of now above it (shop-ahead.ts).
//   4. Where it failed, append `DeliveryFailed`, and after 72 h `DeliveryAbandoned` with it.
//   5. Alert a person at the sixth failure, and when the decision is abandoned.

import type { Alert } from '../alerts.ts';
import { defined } from '../defined.ts';
import { invariant } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { ManualAction } from '../observation.ts';
import { backOffMs, deliveryHorizonMs } from '../order/delivery-state.ts';
import type { DecisionType, DeliveryFailed, OrderEvent } from '../order/events.ts';
import { evolve, isPending, type OrderState } from '../order/order.ts';
import type { DeliverAnswer, MembershipChange } from '../payment-ledger.ts';
import type { Runtime } from '../runtime.ts';
import { settledWithin } from '../runtime.ts';
import type { OrderStreams } from '../streams/order-streams.ts';
import { traced } from '../tracing.ts';
import { deliveryErrorOf } from './delivery-error.ts';
import { alertBehind, settle, storedAnswer } from './shop-ahead.ts';

export interface DeliveryOptions {
  readonly orders: OrderStreams;
  /** This process, as the metadata of its events names it. */
  readonly instance: string;
  /** The shop's function. Resolves once the shop has stored the change, or refused it as older. */
  readonly deliver: (change: MembershipChange, signal: AbortSignal) => Promise<DeliverAnswer> | DeliverAnswer;
  /** How long `deliver` may take before its signal is aborted. */
  readonly timeoutMs: number;
  readonly runtime: Runtime;
  readonly log: Logger;
  /** Resolves once the shop's hook has ended; never rejects. */
  readonly onAlert: (alert: Alert) => Promise<void>;
}

export type AttemptResult =
  /** `left`: nothing was recorded, since the decision was replaced, delivered, abandoned or taken over meanwhile. */
  | { readonly outcome: 'delivered' | 'left' }
  /** The shop was ahead of the log: this instance has decided `order` above it, which is to be delivered next. */
  | { readonly outcome: 'raised'; readonly order: OrderState }
  /** `revision`: of the last event appended for it. `retryAtMs`: monotonic; absent: the decision was abandoned. */
  | { readonly outcome: 'failed'; readonly revision: number; readonly retryAtMs?: number };

/** How an attempt failed. */
type Failure = Pick<DeliveryFailed, 'reason' | 'error'>;

/** Failures of one decision before a person is alerted: about half a minute, where `deliver` fails at once. */
const failuresBeforeAlert = 6;
/** How long the shop's hook may take before an attempt that may end the process. */
const hookMs = 5_000;

/**
 * 1: Makes this instance the owner of the newest decision, if `mayTake` allows it. Answers the order after that. Undefined:
 * not allowed, or abandoned, since the silence of the last owner used up the time for it.
 * @param by the person who asked for it; absent: none did.
 * @throws LedgerError as `OrderStreams`.
 */
export async function takeOver(
  orderId: string,
  options: DeliveryOptions,
  mayTake: (order: OrderState) => boolean,
  by?: ManualAction,
): Promise<OrderState | undefined> {
  const { orders, instance } = options;
  const { state, answer } = await orders.append(orderId, 'delivery', (order) => {
    if (!mayTake(order)) return { events: [], answer: 'left' as const };
    const { sequence } = order;
    const takenOver: OrderEvent = { type: 'DeliveryTakenOver', data: { sequence, ...defined({ by }) } };
    const { failures, spentMs, waitMs } = evolve(order, takenOver, instance).delivery;
    if (failures <= order.delivery.failures) return { events: [takenOver], answer: 'owned' as const };
    if (spentMs - waitMs < deliveryHorizonMs) return { events: [takenOver], answer: 'owned_after_silence' as const };
    return { events: [takenOver, { type: 'DeliveryAbandoned', data: { sequence } }], answer: 'abandoned' as const };
  });
  // A crash here leaves an owner that falls silent in an attempt: the next one counts a failure and takes over.
  if (answer === 'left') return undefined;
  if (answer === 'abandoned') {
    alertAbandoned(state, options);
    return undefined;
  }
  if (answer === 'owned_after_silence') await inHookTime(alertFailing(state, options), options);
  // This instance tries at once: `waitMs` is for the next one to take over, so it is not spent yet.
  const { spentMs, waitMs } = state.delivery;
  return { ...state, delivery: { ...state.delivery, spentMs: spentMs - waitMs } };
}

/** Waits for the alert first: `deliver` may end this process, as it may have ended the last owner's, and the alert with it. */
async function inHookTime(alerted: Promise<void> | undefined, { runtime }: DeliveryOptions): Promise<void> {
  if (alerted !== undefined) await settledWithin(runtime, hookMs, [alerted]);
}

/**
 * Steps 2 to 5.
 * @param order an order whose newest decision this instance owns.
 * @param abort aborted by the caller where a newer decision came, and here after `timeoutMs`.
 * @throws LedgerError as `OrderStreams`, where the outcome could not be recorded: then the shop is called again.
 */
export async function attemptDelivery(order: OrderState, abort: AbortController, options: DeliveryOptions): Promise<AttemptResult> {
  const { orders, runtime } = options;
  const { orderId, sequence } = order;
  const startedAtMs = runtime.monotonicNowMs();
  // 2: A crash here: the shop may have stored the change. The next owner calls again, under the same key.
  const answer = await tracedCall(changeOf(order), abort, options);
  if ('reason' in answer) return recordFailure(order, answer, startedAtMs, options);
  // 3: A crash or a failing store before this append: the shop is called again, under the same key. After it, all is settled.
  const { state, answer: outcome } = await orders.append(orderId, 'delivery', (now, policy) => {
    return settle(now, { sequence, stored: answer.stored }, policy);
  });
  switch (outcome) {
    case 'delivered':
      return { outcome };
    case 'raised':
      // A crash before the alert loses it; `ShopAhead` stands in the stream.
      alertBehind(state, sequence, options);
      return { outcome, order: state };
    case 'ahead again':
      options.log.warn({ orderId, sequence, storedSequence: answer.stored }, 'deliver answers a sequence above what was decided for it');
      return recordFailure(order, { reason: 'error', error: { name: 'StoredSequenceAhead' } }, startedAtMs, options);
  }
}

/** The shop's own spans are below this one. */
function tracedCall(...call: Parameters<typeof callShop>): ReturnType<typeof callShop> {
  const [{ membershipId, change, sequence }] = call;
  const about = { 'paidonce.order.id': membershipId, 'paidonce.change': change, 'paidonce.sequence': sequence };
  return traced(
    'paidonce.deliver',
    about,
    async (note) => {
      const answer = await callShop(...call);
      if ('reason' in answer) note({ 'error.type': answer.error?.name ?? answer.reason });
      return answer;
    },
    { isOnItsOwn: true },
  );
}

/** Calls the shop, and waits `timeoutMs` at most: also where a newer decision or a shutdown has aborted the attempt. */
async function callShop(
  change: MembershipChange,
  abort: AbortController,
  { deliver, timeoutMs, runtime, log }: DeliveryOptions,
): Promise<{ readonly stored: number } | Failure> {
  const { membershipId: orderId, sequence } = change;
  const answered = new AbortController();
  const call = Promise.resolve()
    .then(() => deliver(change, abort.signal))
    .then((answer) => storedAnswer(answer, sequence))
    .then(
      (stored) => ({ stored }),
      (error: unknown) => {
        if (!abort.signal.aborted) log.warn({ err: error, orderId, sequence }, 'deliver failed');
        return { reason: 'error' as const, ...defined({ error: deliveryErrorOf(error) }) };
      },
    );
  const timeout = runtime.sleep(timeoutMs, answered.signal).then(() => ({ reason: 'timeout' as const }));
  const answer = await Promise.race([call, timeout]);
  answered.abort();
  if ('stored' in answer || answer.reason !== 'timeout') return answer;
  abort.abort();
  log.warn({ orderId, sequence, timeoutMs }, 'deliver did not answer in time; its signal is aborted');
  return answer;
}

async function recordFailure(
  { orderId, sequence, delivery }: OrderState,
  failure: Failure,
  startedAtMs: number,
  options: DeliveryOptions,
): Promise<AttemptResult> {
  const { orders, instance, runtime } = options;
  const failedAtMs = runtime.monotonicNowMs();
  const spentMs = delivery.spentMs + failedAtMs - startedAtMs;
  const abandoned = spentMs >= deliveryHorizonMs;
  const waitMs = Math.round(backOffMs(delivery.failures) * (0.5 + runtime.random() / 2));
  const failed: OrderEvent = { type: 'DeliveryFailed', data: { sequence, waitMs, spentMs: Math.round(spentMs + waitMs), ...failure } };
  // 4: A crash before this append leaves an owner that falls silent, which the next one counts as a failure. After it, the
  // failure and its wait are recorded: another instance takes over after them.
  const { state, answer: stillOurs } = await orders.append(orderId, 'delivery', (now) => {
    if (now.sequence > sequence || !isPending(now) || now.delivery.owner !== instance) return { events: [], answer: false };
    return { events: abandoned ? [failed, { type: 'DeliveryAbandoned', data: { sequence } }] : [failed], answer: true };
  });
  if (!stillOurs) return { outcome: 'left' };
  const { revision } = state.delivery;
  // 5: A crash here loses the alert; `ledger.undelivered()` lists the decision.
  if (abandoned) alertAbandoned(state, options);
  else void alertFailing(state, options);
  return { outcome: 'failed', revision, ...(abandoned ? {} : { retryAtMs: failedAtMs + waitMs }) };
}

/** Alerts once, since only one append makes it the sixth failure. Undefined: it is not the sixth. */
function alertFailing({ orderId, sequence, delivery }: OrderState, { log, onAlert }: DeliveryOptions): Promise<void> | undefined {
  if (delivery.failures !== failuresBeforeAlert) return undefined;
  const message = `Delivery ${orderId}:${sequence} has failed ${failuresBeforeAlert} times in a row: the shop does not know that the membership has changed. The log says why; fix \`deliver\`. It is retried for 72 h, ever more rarely; redeliver('${orderId}', …) tries at once`;
  log.error({ orderId, sequence }, message);
  return onAlert({ kind: 'delivery_failing', orderId, message });
}

function alertAbandoned({ orderId, sequence }: OrderState, { log, onAlert }: DeliveryOptions): void {
  const message = `Delivery ${orderId}:${sequence} is abandoned after 72 h of failures. Fix \`deliver\`, then call redeliver('${orderId}', …)`;
  log.error({ orderId, sequence }, message);
  void onAlert({ kind: 'delivery_abandoned', orderId, message });
}

const changes: Readonly<Record<DecisionType, Pick<MembershipChange, 'change' | 'status'>>> = {
  MembershipGranted: { change: 'granted', status: 'active' },
  MembershipSuspended: { change: 'suspended', status: 'suspended' },
  MembershipRestored: { change: 'restored', status: 'active' },
  MembershipRevoked: { change: 'revoked', status: 'revoked' },
};

/** Law 9: what the shop gets is the newest decision and nothing else. */
export function changeOf({ orderId, decided }: OrderState): MembershipChange {
  invariant(decided !== undefined, `order ${orderId} has nothing to deliver`);
  const { type, membershipId, memberId, plan, sequence, paidAt } = decided;
  return { membershipId, memberId, plan, ...changes[type], sequence, paidAt, idempotencyKey: `${membershipId}:${sequence}` };
}
