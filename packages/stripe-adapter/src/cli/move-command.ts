// `paidonce-stripe move PAYMENT --to ORDER`: a person corrects whose a payment is, until access was given on it.

import { LedgerError, type PaymentReference } from '@paidonce/ledger';
import { defined, isId } from '@paidonce/ledger/adapter';
import { type Command, jsonOption, storeOption } from '@paidonce/ledger/command-line';
import { type FoundPayments, findPayments } from '../operations/find-payment.ts';
import { withLedger } from './command-context.ts';

type MoveOutcome = 'moved' | 'exists' | 'already_granted' | 'left_before' | 'unknown_payment';

/** The outcome in words; if the payment stays, also what to do now. */
const sentences: Readonly<Record<MoveOutcome, (paymentId: string, from: string, to: string) => string>> = {
  moved: (paymentId, from, to) => `payment ${paymentId} has moved from ${from} to order ${to}`,
  exists: (paymentId, _, to) => `payment ${paymentId} is with order ${to} already`,
  already_granted: (paymentId, from, to) =>
    `payment ${paymentId} stays with ${from}: access was given on it. Refund it, and let order ${to} be paid anew`,
  left_before: (paymentId, from, to) =>
    `payment ${paymentId} stays with ${from}: it was moved away from order ${to} before, and never goes back. Move it to a new order`,
  unknown_payment: (paymentId) => `nothing has moved: the ledger has heard nothing of payment ${paymentId}. Is it the right id?`,
};

export const moveCommand: Command = {
  positionals: ['PAYMENT'],
  details: [
    'PAYMENT is pi_…, or the cs_… that it was made on, or manual:…. Once access was given on it, it stays: refund it instead.',
    'Said again, it is the same move. Exits 0: it is with that order; 3: it stays where it is, or a review of it waits for a',
    'person; 2: it could not run, and nothing has changed.',
  ],
  options: {
    to: { value: 'ORDER', help: 'the order that it was for; it must be placed' },
    actor: { value: 'ID', help: 'who says so: an id, not a name' },
    reason: { value: 'TEXT', help: 'why: "paid on the page of the old order, ticket 12"' },
    ...storeOption,
    ...jsonOption,
  },
  run: (invocation) => {
    const { options, terminal, positionals } = invocation;
    const [name = ''] = positionals;
    if (!isId(name)) throw new LedgerError('invalid_input', `${JSON.stringify(name)} is no payment's id. Which one is meant?`);
    const toOrderId = options.required('to', 'the order that the payment was for');
    const by = { actor: options.required('actor', 'who says so'), reason: options.required('reason', 'why it is so') };
    return withLedger(invocation, async ({ store, ledger }) => {
      if ((await ledger.order(toOrderId)) === undefined)
        throw new LedgerError('order_unknown', `There is no order ${toOrderId} to move ${name} to. Is it the right log?`);
      const payment = onlyOne(name, await findPayments(name, store));
      const { orderId: fromOrderId } = await findPayments(payment.id, store);
      const { outcome } = await ledger.movePayment(payment, toOrderId, by);
      const order = await ledger.order(toOrderId);
      const waiting = order?.openReviews.filter((review) => review.payment.id === payment.id) ?? [];
      const isThere = outcome === 'moved' || outcome === 'exists';
      const answer = { outcome, paymentId: payment.id, ...defined({ fromOrderId }), toOrderId };
      if (options.flag('json')) terminal.out(JSON.stringify({ ...answer, ...(isThere && order ? { order } : {}) }));
      else {
        terminal.out(sentences[outcome](payment.id, fromOrderId === undefined ? 'no order' : `order ${fromOrderId}`, toOrderId));
        if (isThere && order) terminal.out(`order ${toOrderId}: payment ${order.payment}, membership ${order.membership}`);
        if (isThere) for (const { reviewId, kind } of waiting) terminal.out(`review ${reviewId}: ${kind}`);
      }
      return isThere && waiting.length === 0 ? 0 : 3;
    });
  },
};

/** @throws LedgerError `invalid_input`: the ledger knows no such payment, or several could be meant. */
function onlyOne(name: string, { payments }: FoundPayments): PaymentReference {
  const [payment, ...others] = payments;
  if (payment === undefined) {
    const how = /^(?:pi|cs|re|dp|du|ch|py)_/.test(name) ? `If Stripe has it: paidonce-stripe recheck ${name}` : 'Which one is meant?';
    throw new LedgerError('invalid_input', `The ledger has heard nothing of payment ${name}. ${how}`);
  }
  if (others.length === 0) return payment;
  const all = payments.map(({ id, account, livemode }) => `${id} (${account}, ${livemode ? 'live' : 'test'})`).join(', ');
  throw new LedgerError('invalid_input', `${name} could be any of ${all}. Name the payment itself; one that is in two accounts must stay`);
}
