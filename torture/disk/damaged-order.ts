// An order whose events stand on a damaged page, and what a shop answers that is asked for it.
import { setTimeout as wait } from 'node:timers/promises';
import type { StoredEvent } from '@paidonce/ledger';
import type { Answered } from '../../examples/cluster/load-balancer.ts';
import { decisionsOf, isPaid, observationsOf, ordersIn } from '../../examples/demo/laws.ts';
import { operatorHeaders, postByHand } from '../shop/customers.ts';
import type { Scene } from '../shop/scene.ts';

export interface GrantedOrder {
  readonly orderId: string;
  readonly sessionId: string;
  /** The payment intent. */
  readonly paymentId: string;
  readonly seenRevision: number;
}

/** The orders that give access for a payment at Stripe. */
export function grantedAtStripe(log: readonly StoredEvent[]): readonly GrantedOrder[] {
  return ordersIn(log).flatMap((order) => {
    const paymentId = observationsOf(order).find(isPaid)?.payment.id ?? '';
    const sessionId = order.events.flatMap((event) => (event.type === 'CheckoutAttached' ? [event.data.payment.id] : []))[0];
    const isGranted = decisionsOf(order).at(-1)?.type === 'MembershipGranted' && paymentId.startsWith('pi_');
    return isGranted && sessionId !== undefined
      ? [{ orderId: order.orderId, sessionId, paymentId, seenRevision: order.events.length - 1 }]
      : [];
  });
}

/** The statuses that each question of the order was answered with. */
export interface AnswersOfOrder {
  /** The success page, with the body of the answer behind it. */
  readonly status: string;
  /** The page of the order in the shop, and in the console. */
  readonly page: number;
  readonly console: number;
  /** Somebody wants to pay it: `503`, or where he is sent to. */
  readonly pay: string;
  readonly manual: number;
  readonly refundId: string;
  /** The webhooks that report the refund. */
  readonly refund: readonly number[];
}

/** Asks all of it while the page is damaged. The order's money is refunded at Stripe, and the webhooks of that are not lost. */
export async function askOfOrder(scene: Scene, webhooks: readonly Answered[], order: GrantedOrder): Promise<AnswersOfOrder> {
  const { orderId, sessionId, paymentId, seenRevision } = order;
  const from = webhooks.length;
  const ask = (path: string, init: RequestInit = {}): Promise<Response> => fetch(`${scene.url}${path}`, { redirect: 'manual', ...init });
  const status = await ask(`/payment/status/${sessionId}`);
  const answers = {
    status: `${status.status} ${await status.text()}`,
    page: (await ask(`/orders/${orderId}`)).status,
    console: (await ask(`/admin/payments/orders/${orderId}`, { headers: operatorHeaders })).status,
    pay: answerOf(await ask(`/orders/${orderId}/pay`, { method: 'POST' })),
    manual: await postByHand(scene, { orderId, paymentId: 'manual:damaged', seenRevision }),
  };
  const { id } = await scene.stripe.refunds.create({ payment_intent: paymentId });
  const ofIt = (): readonly Answered[] => webhooks.slice(from).filter(({ sent }) => sent.includes(id));
  while (ofIt().length === 0) await wait(10);
  return { ...answers, refundId: id, refund: ofIt().map((answered) => answered.status) };
}

function answerOf({ status, headers }: Response): string {
  return `${status} ${headers.get('location') ?? ''}`.trim();
}
