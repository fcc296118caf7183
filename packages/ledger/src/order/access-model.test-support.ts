// A second implementation of access to an order, written only from the text of the design (laws 1 and 4). It is slow, simple
// and without a join, so that the expected values of properties do not come from the code under test.
import type { Fact } from '../observation.ts';
import type { Access } from './access.ts';
import type { OrderPlaced, PaymentObserved } from './events.ts';
import type { Policy } from './policy.ts';

type Paid = Extract<Fact, { status: 'paid' }>;
type Refund = Extract<Fact, { kind: 'refund' }>;
type Dispute = Extract<Fact, { kind: 'dispute' }>;
export type Ruling = 'accepted' | 'rejected';

/** "Entitled ⇔ some payment of the order counts and is not undone." */
export function accessByTheProse(
  order: OrderPlaced,
  said: readonly PaymentObserved[],
  policy: Policy,
  rulings: Readonly<Record<string, Ruling>> = {},
): Access {
  const payments = new Set(said.map(({ payment }) => nameOf(payment)));
  let best: Access = 'ended';
  for (const name of payments) {
    const facts = said.filter(({ payment }) => nameOf(payment) === name).map(({ fact }) => fact);
    const reference = said.find(({ payment }) => nameOf(payment) === name)?.payment;
    const paid = believedAmount(facts);
    if (!paid || !reference) continue;
    const asExpected =
      reference.account === order.account &&
      reference.livemode === order.livemode &&
      paid.amount.currency === order.expected.currency &&
      paid.amount.totalMinor >= expectedOf(paid, order);
    const counts = rulings[name] === 'accepted' || (rulings[name] !== 'rejected' && asExpected);
    if (!counts) continue;
    const left = whatIsLeft(paid, facts, policy);
    if (left === 'full' || best === 'ended') best = left;
  }
  return best;
}

export function nameOf({ provider, account, livemode, id }: PaymentObserved['payment']): string {
  return JSON.stringify([provider, account, livemode, id]);
}

/** "paid (with parts above without, then totalMinor, currency, parts as text)". No other status is above paid. */
function believedAmount(facts: readonly Fact[]): Paid | undefined {
  const paid = facts.filter((fact): fact is Paid => fact.kind === 'attempt' && fact.status === 'paid');
  const withParts = paid.filter(({ amount }) => amount.parts);
  const candidates = withParts.length > 0 ? withParts : paid;
  const greatest = Math.max(...candidates.map(({ amount }) => amount.totalMinor));
  return candidates.filter(({ amount }) => amount.totalMinor === greatest).sort((a, b) => (textOf(a) < textOf(b) ? 1 : -1))[0];
}

function textOf({ amount: { currency, parts } }: Paid): string {
  return parts ? [currency, parts.subtotalMinor, parts.discountMinor, parts.taxMinor, parts.shippingMinor].join(' ') : currency;
}

/** "subtotal must equal what was expected, and total = subtotal − discount + tax + shipping with each non-zero part allowed." */
function expectedOf({ amount: { parts } }: Paid, { expected: { amountMinor, allow } }: OrderPlaced): number {
  let expected = amountMinor;
  if (parts && allow.discount) expected -= parts.discountMinor;
  if (parts && allow.tax) expected += parts.taxMinor;
  if (parts && allow.shipping) expected += parts.shippingMinor;
  return expected;
}

function whatIsLeft(paid: Paid, facts: readonly Fact[], policy: Policy): Access {
  const effects: string[] = [];
  // refund: pending < requires_action < succeeded < canceled < failed
  const refunds = facts.filter((fact): fact is Refund => fact.kind === 'refund');
  let back = 0;
  for (const id of new Set(refunds.map((refund) => refund.id))) {
    const told = refunds.filter((refund) => refund.id === id);
    if (told.some(({ status }) => status === 'canceled' || status === 'failed')) continue;
    back += Math.max(0, ...told.filter(({ status }) => status === 'succeeded').map(({ amountMinor }) => amountMinor));
  }
  if (back > 0) effects.push(back >= paid.amount.totalMinor ? policy.fullRefund : policy.partialRefund);
  // dispute: movements, then inquiry < open < prevented < lost < won
  const disputes = facts.filter((fact): fact is Dispute => fact.kind === 'dispute');
  for (const id of new Set(disputes.map((dispute) => dispute.id))) {
    const told = disputes.filter((dispute) => dispute.id === id);
    const movements = Math.max(...told.map((dispute) => dispute.movements));
    const newest = told.filter((dispute) => dispute.movements === movements);
    const status = (['won', 'lost', 'prevented', 'open'] as const).find((each) => newest.some((dispute) => dispute.status === each));
    if (status !== 'open' && status !== 'lost') continue;
    const returned = newest.some((dispute) => dispute.status === status && dispute.returnedDebit);
    effects.push(returned ? policy.returnedDebit : status === 'open' ? policy.openDispute : policy.lostDispute);
  }
  if (effects.includes('revoke')) return 'ended';
  return effects.includes('suspend') ? 'paused' : 'full';
}
