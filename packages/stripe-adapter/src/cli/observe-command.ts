// `paidonce-stripe observe ORDER --paid`: support states a payment, through the same door as every other source.

import { createHash } from 'node:crypto';
import { LedgerError } from '@paidonce/ledger';
import { defined } from '@paidonce/ledger/adapter';
import { type Command, jsonOption, storeOption } from '@paidonce/ledger/command-line';
import { manualPayment } from '../operations/manual-payment.ts';
import { withLedger } from './command-context.ts';

export const observeCommand: Command = {
  positionals: ['ORDER'],
  details: [
    'With --payment pi_… (or cs_… where nothing was to pay) it is a payment at Stripe, and Stripe will only confirm it. Without, it',
    'is money that Stripe never saw; the same order, actor and reason, said again, is the same payment.',
    'Exits 0; 3: it is for a person to review; 2: it could not run.',
  ],
  options: {
    paid: { help: 'what is stated: it is paid' },
    actor: { value: 'ID', help: 'who says so: an id, not a name' },
    reason: { value: 'TEXT', help: 'why: "bank transfer, statement 12"' },
    payment: { value: 'ID', help: 'pi_…, cs_… or manual:…' },
    amount: { value: 'MINOR', help: 'what came, in the minor unit. Default: what the order expects' },
    'paid-at': { value: 'TIME', help: 'when the money came. Default: now' },
    ...storeOption,
    ...jsonOption,
  },
  run: (invocation) => {
    const { options, terminal, positionals } = invocation;
    const [orderId = ''] = positionals;
    if (!options.flag('paid')) throw new LedgerError('invalid_input', `Say what is to be stated of order ${orderId}: --paid`);
    const by = { actor: options.required('actor', 'who says so'), reason: options.required('reason', 'why it is so') };
    const amount = amountIn(options.text('amount'));
    return withLedger(invocation, async ({ ledger }) => {
      const order = await ledger.order(orderId);
      if (!order) throw new LedgerError('order_unknown', `There is no order ${orderId}. Is it the right log?`);
      const observation = manualPayment(order, {
        paymentId: options.text('payment') ?? `manual:${digest([orderId, by.actor, by.reason])}`,
        paidAt: timeIn(options.text('paid-at') ?? ledger.runtime.now().toISOString()),
        by,
        ...defined({ amountMinor: amount }),
      });
      const result = await ledger.observePayment(observation);
      if (options.flag('json')) terminal.out(JSON.stringify(result));
      else terminal.out(`order ${orderId}: ${result.outcome} (${observation.payment.id})`);
      return result.outcome === 'review' ? 3 : 0;
    });
  },
};

function digest(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}

function amountIn(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text))
    throw new LedgerError('invalid_input', `--amount is ${JSON.stringify(text)}; it must be whole minor units, like 4900`);
  return Number(text);
}

function timeIn(text: string): string {
  const at = new Date(text);
  if (Number.isNaN(at.getTime()))
    throw new LedgerError('invalid_input', `--paid-at is ${JSON.stringify(text)}; it must be like 2026-11-24T12:00:00Z`);
  return at.toISOString();
}
