// Who has a payment now: a link may name a former owner, or be of the session that took the payment.
import { LedgerError } from '../errors.ts';
import { type PaymentReference, referenceName } from '../observation.ts';
import type { OrderState } from '../order/order.ts';
import { isReported, moveNamed, paymentsNamed } from '../order/payment-names.ts';
import type { OrderStreams } from './order-streams.ts';
import { type References, subscriptionIn } from './reference-streams.ts';

export interface PaymentOwners {
  readonly references: References;
  readonly orders: OrderStreams;
}

/**
 * Strong. A link may be cached, or be of a session whose payment was moved: then it names a former owner, whose stream names
 * the next one. A payment never comes back, so this ends.
 * @param reference a reference name.
 */
export async function orderOf(
  { references, orders }: { readonly references: References; readonly orders: Pick<OrderStreams, 'read'> },
  reference: string,
): Promise<OrderState | undefined> {
  let owner = await references.ownerOf(reference);
  for (let name = reference; owner !== undefined; ) {
    if (subscriptionIn(owner) !== undefined) return undefined;
    const order = await orders.read(owner);
    const move = paymentsNamed(order, name).length > 0 ? undefined : moveNamed(order, name);
    if (move === undefined) return order;
    owner = move.toOrderId;
    name = referenceName(move.payment);
  }
  return undefined;
}

/**
 * The payment that is meant: itself, or of a session the payment that it took, also where that was moved since.
 * @throws LedgerError `invalid_input`: it is a name of several payments.
 */
export async function paymentNamed(owners: PaymentOwners, named: PaymentReference): Promise<PaymentReference> {
  const name = referenceName(named);
  const order = await orderOf(owners, name);
  if (order && isReported(order, named)) return named;
  const recorded = order ? paymentsNamed(order, name) : [];
  // Its payment may belong to another order than the session, or to none: what the session held names it.
  return onlyPayment(named, recorded.length > 0 ? recorded : await owners.references.heldPayments(name));
}

/** @throws LedgerError `belongs_to_subscription`: a subscription owns the payment, so no order may have it. */
export function refuseSubscriptions(payment: PaymentReference, owner: string | undefined): void {
  const subscriptionId = owner && subscriptionIn(owner);
  if (subscriptionId !== undefined) throw belongsToSubscription(payment, subscriptionId);
}

export function belongsToSubscription({ id }: PaymentReference, subscriptionId: string): LedgerError {
  return new LedgerError(
    'belongs_to_subscription',
    `${id} belongs to subscription ${subscriptionId}: it is neither moved nor linked to an order, and only a process whose createPaymentLedger has \`subscriptions\` records it`,
  );
}

/** The one payment that was found under a name; where none was, the name itself. */
function onlyPayment(named: PaymentReference, found: readonly PaymentReference[]): PaymentReference {
  const [payment = named, ...others] = new Map(found.map((each) => [referenceName(each), each])).values();
  if (others.length === 0) return payment;
  const all = [payment, ...others].map(({ id }) => id).join(', ');
  throw new LedgerError('invalid_input', `${named.id} is a name of several payments: ${all}. Name the one to move`);
}
