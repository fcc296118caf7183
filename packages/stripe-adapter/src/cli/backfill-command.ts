// `paidonce-stripe backfill`: brings in paid orders that never became members, and orders that the shop fulfilled before.
import { LedgerError } from '@paidonce/ledger';
import { type Command, createOption, jsonOption } from '@paidonce/ledger/command-line';
import { backfill } from '../operations/backfill.ts';
import { readShopOrders } from '../operations/shop-orders.ts';
import { readGiven, shopOptions, sinceIn, withShop } from './command-context.ts';
import { backfillSubscriptionsOf, policyOption } from './import-command.ts';

export const backfillCommand: Command = {
  positionals: [],
  details: [
    'Paid sessions and payment intents that bear our mark and never became members do so, and the shop is informed: on the account of',
    "the key, and on those connected to it that have orders here. With --orders FILE, the shop's own orders from before it had a",
    'ledger, a line of JSON each: orderId, memberId, plan, amountMinor, currency, placedAt, paymentId (cs_… or pi_…), fulfilled,',
    'and account where it is a connected one. What is fulfilled is imported, and never delivered again.',
    'What is fulfilled and not paid is listed: it is access for nothing.',
    'With --subscriptions, subscriptions in place of orders: those at Stripe that bear our mark, and those of --members FILE (CSV, as',
    'for import), and that the ledger lacks. What the shop serves is imported; what is paid and not active becomes a membership.',
    'After a break, run it again. Exits 0; 3: some orders need a person, or are fulfilled and not paid; 2: it could not run.',
  ],
  options: {
    since: { value: 'TIME', help: '90d, 12h or 2026-08-01. Default: 90d' },
    orders: { value: 'FILE', help: "the shop's orders, a line of JSON each" },
    subscriptions: { help: 'subscriptions in place of orders, all of them whatever their age' },
    members: { value: 'FILE', help: "with --subscriptions: the shop's, CSV with a heading" },
    'dry-run': { help: 'count, and change nothing' },
    actor: { value: 'ID', help: 'who imports; it stays in the log. Default: backfill' },
    ...policyOption,
    ...createOption,
    ...shopOptions,
    ...jsonOption,
  },
  run: (invocation) => {
    const { options, terminal } = invocation;
    if (options.flag('subscriptions')) return backfillSubscriptionsOf(invocation);
    if (options.text('members') !== undefined)
      throw new LedgerError('invalid_input', '--members is a list of subscriptions. Say --subscriptions too');
    const file = options.text('orders');
    const orders = file === undefined ? [] : readShopOrders(readGiven('orders', file)); // Before anything is opened.
    return withShop(invocation, async ({ ledger, work }) => {
      const result = await backfill(work, {
        since: sinceIn(options.text('since') ?? '90d', ledger.runtime.now()),
        orders,
        dryRun: options.flag('dry-run'),
        by: { actor: options.text('actor') ?? 'backfill', reason: 'Fulfilled by the shop before it had a ledger' },
        onProgress: (what, count) => terminal.progress(what, count, orders.length || undefined),
      });
      terminal.endProgress();
      if (options.flag('json')) terminal.out(JSON.stringify(result));
      else {
        for (const problem of result.problems) terminal.out(`needs a person: ${problem}`);
        for (const order of result.fulfilledUnpaid) terminal.out(`fulfilled, but unpaid: ${order}`);
        const { examined, granted, imported, known, unpaid, review, notOurs, calls } = result;
        const fulfilled = result.fulfilledUnpaid.length === 0 ? '' : ` (${result.fulfilledUnpaid.length} of them fulfilled)`;
        const would = options.flag('dry-run') ? 'would be ' : '';
        terminal.out(
          `${examined} orders: ${granted} ${would}granted, ${imported} ${would}imported, ${known} known, ${unpaid} not paid${fulfilled}, ${review} for a person, ${notOurs} of others; ${calls} calls.`,
        );
      }
      return result.review + result.fulfilledUnpaid.length === 0 ? 0 : 3;
    });
  },
};
