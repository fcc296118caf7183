// `paidonce-stripe recheck ORDER`: reads one case from Stripe again.
import { type Command, jsonOption } from '@paidonce/ledger/command-line';
import { recheck } from '../operations/recheck.ts';
import { shopOptions, withShop } from './command-context.ts';

export const recheckCommand: Command = {
  name: 'recheck',
  positionals: ['ORDER'],
  summary: 'ask Stripe again about one order, or about one object that could not be read (cs_…, pi_…, re_…, dp_…)',
  details: ['Exits 0; 3: something waits for a person; 2: it could not run.'],
  options: { ...shopOptions, ...jsonOption },
  run: (invocation) =>
    withShop(invocation, async ({ work }) => {
      const { options, terminal, positionals } = invocation;
      const { objects, order } = await recheck(positionals[0] ?? '', work);
      if (options.flag('json')) terminal.out(JSON.stringify({ objects, order }));
      else {
        for (const { objectId, outcome } of objects) terminal.out(`${objectId}: ${outcome}`);
        if (order) terminal.out(`order ${order.orderId}: payment ${order.payment}, membership ${order.membership}`);
        for (const { reviewId, kind } of order?.openReviews ?? []) terminal.out(`review ${reviewId}: ${kind}`);
      }
      const isOpen = objects.some(({ outcome }) => outcome === 'unreadable') || (order?.openReviews.length ?? 0) > 0;
      return isOpen ? 3 : 0;
    }),
};
