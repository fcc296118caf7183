// One attempt to hand a decision to the shop: the shop has `timeoutMs`, then what came of it is recorded. At
// least once, under a stable key. Law 9 rests on the sequence: the shop writes where its stored one is lower.
import type { Alert } from '../alerts.ts';
import { invariant } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { ManualAction } from '../observation.ts';
import { backOffMs } from '../order/delivery-state.ts';
import type { DecisionType, DeliveryFailed, OrderEvent } from '../order/events.ts';
import { evolve, isPending, type OrderState } from '../order/order.ts';
import type { MembershipChange } from '../payment-ledger.ts';
import type { Runtime } from '../runtime.ts';
import { settledWithin } from '../runtime.ts';
import type { OrderStreams } from '../streams/order-streams.ts';

export interface DeliveryOptions {
  readonly orders: OrderStreams;
  readonly instance: string;
  readonly deliver: (change: MembershipChange, signal: AbortSignal) => Promise<void>;
  readonly timeoutMs: number;
  readonly runtime: Runtime;
  readonly log: Logger;
  /** Answers once the shop's hook has; never rejects. */
  readonly onAlert: (alert: Alert) => Promise<void>;
}

export type AttemptResult =
  /** `left`: a newer decision, another process or an earlier attempt's answer has overtaken it. */
  | { readonly outcome: 'delivered' | 'left' }
  /** `revision`: of the failure. `retryAtMs`: monotonic; absent where it was abandoned. */
  | { readonly outcome: 'failed'; readonly revision: number; readonly retryAtMs?: number };

/** In a row, of one decision: about half a minute of an answer that fails at once. */
const failuresToTell = 6;
/** So long the shop's hook may take before an attempt that may end the process. */
const hookMs = 5_000;
const horizonMs = 72 * 3_600_000;

/**
 * Makes this instance the owner of the newest decision, if it may take it. Answers the order as it is then; undefined:
 * it may not, or with the silence of the last owner the time for it is spent.
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
    const taken: OrderEvent = { type: 'DeliveryTakenOver', data: { sequence, ...(by ? { by } : {}) } };
    const { failures, spentMs, waitMs } = evolve(order, taken, instance).delivery;
    if (failures <= order.delivery.failures) return { events: [taken], answer: 'taken' as const };
    if (spentMs - waitMs < horizonMs) return { events: [taken], answer: 'taken from the silent' as const };
    return { events: [taken, { type: 'DeliveryAbandoned', data: { sequence } }], answer: 'abandoned' as const };
  });
  if (answer === 'left') return undefined;
  if (answer === 'abandoned') {
    tellAbandoned(state, options);
    return undefined;
  }
  if (answer === 'taken from the silent') await inHookTime(tellFailing(state, options), options);
  // We try at once: what there is to wait is for whoever takes over next, and not spent by us.
  const { spentMs, waitMs } = state.delivery;
  return { ...state, delivery: { ...state.delivery, spentMs: spentMs - waitMs } };
}

/** `deliver` may end this process, as it may have ended the one before: then nobody would hear of it. */
async function inHookTime(told: Promise<void> | undefined, { runtime }: DeliveryOptions): Promise<void> {
  if (told !== undefined) await settledWithin(runtime, hookMs, [told]);
}

/** @param order its newest decision is ours. */
export async function attemptDelivery(order: OrderState, abort: AbortController, options: DeliveryOptions): Promise<AttemptResult> {
  const { orders, runtime } = options;
  const { orderId, sequence } = order;
  const startedAtMs = runtime.monotonicNowMs();
  const answer = await callShop(changeOf(order), abort, options);
  if (answer !== 'delivered') return recordFailure(order, answer, startedAtMs, options);
  // A crash or a failing store here: the shop is told again, under the same key.
  await orders.append(orderId, 'delivery', ({ delivery }) => ({
    events: delivery.settled >= sequence ? [] : [{ type: 'MembershipDelivered', data: { sequence } }],
    answer: undefined,
    lasting: true,
  }));
  return { outcome: 'delivered' };
}

/** The shop has `timeoutMs`. An abort, of a newer decision or a shutdown, is awaited too, and no longer than that. */
async function callShop(
  change: MembershipChange,
  abort: AbortController,
  { deliver, timeoutMs, runtime, log }: DeliveryOptions,
): Promise<'delivered' | DeliveryFailed['reason']> {
  const { membershipId: orderId, sequence } = change;
  const answered = new AbortController();
  const call = Promise.resolve()
    .then(() => deliver(change, abort.signal))
    .then(
      () => 'delivered' as const,
      (error: unknown) => {
        if (!abort.signal.aborted) log.warn({ err: error, orderId, sequence }, 'deliver failed');
        return 'error' as const;
      },
    );
  const timeout = runtime.sleep(timeoutMs, answered.signal).then(() => 'timeout' as const);
  const answer = await Promise.race([call, timeout]);
  answered.abort();
  if (answer !== 'timeout') return answer;
  abort.abort();
  log.warn({ orderId, sequence, timeoutMs }, 'deliver did not answer in time; its signal is aborted');
  return answer;
}

async function recordFailure(
  { orderId, sequence, delivery }: OrderState,
  reason: DeliveryFailed['reason'],
  startedAtMs: number,
  options: DeliveryOptions,
): Promise<AttemptResult> {
  const { orders, instance, runtime } = options;
  const failedAtMs = runtime.monotonicNowMs();
  const spentMs = delivery.spentMs + failedAtMs - startedAtMs;
  const abandoned = spentMs >= horizonMs;
  const waitMs = Math.round(backOffMs(delivery.failures) * (0.5 + runtime.random() / 2));
  const failed: OrderEvent = { type: 'DeliveryFailed', data: { sequence, waitMs, spentMs: Math.round(spentMs + waitMs), reason } };
  const { state, answer: stillOurs } = await orders.append(orderId, 'delivery', (now) => {
    if (now.sequence > sequence || !isPending(now) || now.delivery.owner !== instance) return { events: [], answer: false };
    return { events: abandoned ? [failed, { type: 'DeliveryAbandoned', data: { sequence } }] : [failed], answer: true };
  });
  if (!stillOurs) return { outcome: 'left' };
  const { revision } = state.delivery;
  if (abandoned) tellAbandoned(state, options);
  else void tellFailing(state, options);
  return { outcome: 'failed', revision, ...(abandoned ? {} : { retryAtMs: failedAtMs + waitMs }) };
}

/** Once: only one append makes it the sixth failure. Undefined: it is not. */
function tellFailing({ orderId, sequence, delivery }: OrderState, { log, onAlert }: DeliveryOptions): Promise<void> | undefined {
  if (delivery.failures !== failuresToTell) return undefined;
  const message = `Delivery ${orderId}:${sequence} has failed ${failuresToTell} times in a row: the shop does not know that the membership has changed. The log tells why; mend \`deliver\`. It is tried on for 72 h, ever more rarely; redeliver('${orderId}', …) tries at once`;
  log.error({ orderId, sequence }, message);
  return onAlert({ kind: 'delivery_failing', orderId, message });
}

function tellAbandoned({ orderId, sequence }: OrderState, { log, onAlert }: DeliveryOptions): void {
  const message = `Delivery ${orderId}:${sequence} is abandoned after 72 h of failures. Mend \`deliver\`, then call redeliver('${orderId}', …)`;
  log.error({ orderId, sequence }, message);
  void onAlert({ kind: 'delivery_abandoned', orderId, message });
}

const changes: Readonly<Record<DecisionType, Pick<MembershipChange, 'change' | 'status'>>> = {
  MembershipGranted: { change: 'granted', status: 'active' },
  MembershipSuspended: { change: 'suspended', status: 'suspended' },
  MembershipRestored: { change: 'restored', status: 'active' },
  MembershipRevoked: { change: 'revoked', status: 'revoked' },
};

/** Law 9: the newest decision and nothing else. */
function changeOf({ orderId, decided }: OrderState): MembershipChange {
  invariant(decided !== undefined, `order ${orderId} has nothing to deliver`);
  const { type, membershipId, memberId, plan, sequence, paidAt } = decided;
  return { membershipId, memberId, plan, ...changes[type], sequence, paidAt, idempotencyKey: `${membershipId}:${sequence}` };
}
