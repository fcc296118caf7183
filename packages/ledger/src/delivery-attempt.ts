// One attempt to hand a decision to the shop: the shop has `timeoutMs`, then what came of it is recorded. At
// least once, under a stable key. Law 9 rests on the sequence: the shop writes where its stored one is lower.
import { loggedAlerting } from './alerting.ts';
import { invariant } from './errors.ts';
import type { ManualAction } from './observation.ts';
import type { DecisionType, DeliveryFailed, OrderEvent } from './order/events.ts';
import { isPending, type OrderState } from './order/order.ts';
import type { OrderStreams } from './order-streams.ts';
import type { Alert, Log, MembershipChange } from './payment-ledger.ts';
import type { Runtime } from './runtime.ts';

export interface DeliveryOptions {
  readonly orders: OrderStreams;
  readonly instance: string;
  readonly deliver: (change: MembershipChange, signal: AbortSignal) => Promise<void>;
  readonly timeoutMs: number;
  readonly runtime: Runtime;
  readonly log: Log;
  readonly onAlert: (alert: Alert) => void;
}

export type AttemptResult =
  /** `left`: a newer decision, another process or an earlier attempt's answer has overtaken it. */
  | { readonly outcome: 'delivered' | 'left' }
  /** `revision`: of the failure. `retryAtMs`: monotonic; absent where it was abandoned. */
  | { readonly outcome: 'failed'; readonly revision: number; readonly retryAtMs?: number };

const firstWaitMs = 1_000;
const longestWaitMs = 3_600_000;
const horizonMs = 72 * 3_600_000;
/** About half a minute after the decision: a restart of the shop is over by then. */
const failuresToTell = 5;

/** Makes this instance the owner of the newest decision, if it may take it. Answers the order as it is then. */
export async function takeOver(
  orderId: string,
  { orders }: DeliveryOptions,
  mayTake: (order: OrderState) => boolean,
  by?: ManualAction,
): Promise<OrderState | undefined> {
  const { state, answer: taken } = await orders.append(orderId, 'delivery', (order) => {
    if (!mayTake(order)) return { events: [], answer: false };
    return { events: [{ type: 'DeliveryTakenOver', data: { sequence: order.sequence, ...(by ? { by } : {}) } }], answer: true };
  });
  return taken ? state : undefined;
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
  { orders, instance, runtime, log, onAlert }: DeliveryOptions,
): Promise<AttemptResult> {
  const failedAtMs = runtime.monotonicNowMs();
  const spentMs = delivery.spentMs + failedAtMs - startedAtMs;
  const abandoned = spentMs >= horizonMs;
  const waitMs = Math.round(Math.min(longestWaitMs, firstWaitMs * 2 ** delivery.failures) * (0.5 + runtime.random() / 2));
  const failed: OrderEvent = { type: 'DeliveryFailed', data: { sequence, waitMs, spentMs: Math.round(spentMs + waitMs), reason } };
  const { state, answer: stillOurs } = await orders.append(orderId, 'delivery', (now) => {
    if (now.sequence > sequence || !isPending(now) || now.delivery.owner !== instance) return { events: [], answer: false };
    return { events: abandoned ? [failed, { type: 'DeliveryAbandoned', data: { sequence } }] : [failed], answer: true };
  });
  if (!stillOurs) return { outcome: 'left' };
  const { revision, failures } = state.delivery;
  if (!abandoned) {
    // By the log's count: no restart tells it again.
    if (failures === failuresToTell) loggedAlerting(log, onAlert)(failingAlert(orderId, sequence));
    return { outcome: 'failed', revision, retryAtMs: failedAtMs + waitMs };
  }
  const message = `Delivery ${orderId}:${sequence} is abandoned after 72 h of failures. Mend \`deliver\`, then call redeliver('${orderId}', …)`;
  log.error({ orderId, sequence }, message);
  onAlert({ kind: 'delivery_abandoned', orderId, message });
  return { outcome: 'failed', revision };
}

function failingAlert(orderId: string, sequence: number): Alert {
  const message = `Delivery ${orderId}:${sequence} has failed ${failuresToTell} times: \`deliver\` does not take it. It is tried again, ever more rarely, for 72 h; the reason is in the log`;
  return { kind: 'delivery_failing', orderId, message };
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
