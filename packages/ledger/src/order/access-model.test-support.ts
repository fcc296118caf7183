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
  observations: readonly PaymentObserved[],
  policy: Policy,
  rulings: Readonly<Record<string, Ruling>> = {},
): Access {
  const payments = new Set(observations.map(({ payment }) => nameOf(payment)));
  let best: Access = 'ended';
  for (const name of payments) {
    const facts = observations.filter(({ payment }) => nameOf(payment) === name).map(({ fact }) => fact);
    const reference = observations.find(({ payment }) => nameOf(payment) === name)?.payment;
    const paid = believedAmount(facts);
    if (!paid || !reference) continue;
    const asExpected =
      reference.account === order.account &&
      reference.livemode === order.livemode &&
      paid.amount.currency === order.expected.currency &&
      paid.amount.totalMinor >= expectedOf(paid, order);
    const counts = rulings[name] === 'accepted' || (rulings[name] !== 'rejected' && asExpected);
    if (!counts) continue;
    const left = remainingAccess(paid, facts, policy);
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

function remainingAccess(paid: Paid, facts: readonly Fact[], policy: Policy): Access {
  const effects: string[] = [];
  // refund: pending < requires_action < succeeded < canceled < failed
  const refunds = facts.filter((fact): fact is Refund => fact.kind === 'refund');
  let back = 0;
  for (const id of new Set(refunds.map((refund) => refund.id))) {
    const reports = refunds.filter((refund) => refund.id === id);
    if (reports.some(({ status }) => status === 'canceled' || status === 'failed')) continue;
    back += Math.max(0, ...reports.filter(({ status }) => status === 'succeeded').map(({ amountMinor }) => amountMinor));
  }
  // dispute: movements, then inquiry < open < prevented < won < lost (under the first rules: lost < won)
  const order = policy.rules === 2 ? (['lost', 'won', 'prevented', 'open'] as const) : (['won', 'lost', 'prevented', 'open'] as const);
  const all = facts.filter((fact): fact is Dispute => fact.kind === 'dispute');
  const disputes = [...new Set(all.map((dispute) => dispute.id))].map((id) => {
    const reports = all.filter((dispute) => dispute.id === id);
    const movements = Math.max(...reports.map((dispute) => dispute.movements));
    const newest = reports.filter((dispute) => dispute.movements === movements);
    const status = order.find((each) => newest.some((dispute) => dispute.status === each));
    const of = newest.filter((dispute) => dispute.status === status);
    const returned = of.some((dispute) => dispute.returnedDebit);
    return {
      status,
      returned,
      minor: Math.max(...of.filter(({ returnedDebit }) => returnedDebit === returned).map((each) => each.amountMinor)),
    };
  });
  const lost = disputes.filter(({ status }) => status === 'lost');
  const open = disputes.filter(({ status }) => status === 'open');
  const effectOf = ({ status, returned }: (typeof disputes)[number]): string =>
    returned ? policy.returnedDebit : status === 'open' ? policy.openDispute : policy.lostDispute;
  if (policy.rules === 2) {
    // What went back, by refund or by dispute, is a part or the whole; refunds beyond the whole are a question, and no answer.
    const whole = paid.amount.totalMinor;
    const refunded = back > whole ? 0 : back;
    const gone = refunded + lost.reduce((sum, { minor }) => sum + minor, 0);
    if (gone > 0 && gone < whole) effects.push(policy.partialRefund);
    if (gone >= whole && refunded > 0) effects.push(policy.fullRefund);
    if (gone >= whole) effects.push(...lost.map(effectOf));
    const ifOpenIsLost = gone + open.reduce((sum, { minor }) => sum + minor, 0);
    if (ifOpenIsLost >= whole || policy.partialRefund === 'revoke') effects.push(...open.map(effectOf));
  } else {
    if (back > 0) effects.push(back >= paid.amount.totalMinor ? policy.fullRefund : policy.partialRefund);
    effects.push(...[...lost, ...open].map(effectOf));
  }
  if (effects.includes('revoke')) return 'ended';
  return effects.includes('suspend') ? 'paused' : 'full';
}
