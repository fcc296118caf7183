// `paidonce-stripe recheck ORDER`: reads one case from Stripe again.
import type { ManualAction } from '@paidonce/ledger';
import { defined } from '@paidonce/ledger/adapter';
import { type Command, type Invocation, jsonOption } from '@paidonce/ledger/command-line';
import { recheck } from '../operations/recheck.ts';
import { shopOptions, withShop } from './command-context.ts';

export const recheckCommand: Command = {
  positionals: ['ORDER'],
  details: [
    'With --actor and --reason the log keeps who asked, also where nothing is new.',
    'Exits 0; 3: something waits for a person; 2: it could not run.',
  ],
  options: {
    actor: { value: 'ID', help: 'who asks: an id, not a name; needs --reason' },
    reason: { value: 'TEXT', help: 'why: "the customer called, ticket 12"; needs --actor' },
    ...shopOptions,
    ...jsonOption,
  },
  run: (invocation) => {
    const { options, terminal, positionals } = invocation;
    const by = whoAsks(invocation);
    return withShop(invocation, async ({ work }) => {
      const { objects, order, subscription } = await recheck(positionals[0] ?? '', work, defined({ by }));
      const reviews = (order ?? subscription)?.openReviews ?? [];
      if (options.flag('json')) terminal.out(JSON.stringify({ objects, order, subscription }));
      else {
        for (const { objectId, outcome } of objects) terminal.out(`${objectId}: ${outcome}`);
        if (order) terminal.out(`order ${order.orderId}: payment ${order.payment}, membership ${order.membership}`);
        if (subscription) terminal.out(`subscription ${subscription.subscriptionId}: ${subscription.status}, plan ${subscription.plan}`);
        for (const { reviewId, kind } of reviews) terminal.out(`review ${reviewId}: ${kind}`);
      }
      const isOpen = objects.some(({ outcome }) => outcome === 'unreadable') || reviews.length > 0;
      return isOpen ? 3 : 0;
    });
  },
};

/** @throws LedgerError `invalid_input`: only one of them is given. */
function whoAsks({ options }: Invocation): ManualAction | undefined {
  if (options.text('actor') === undefined && options.text('reason') === undefined) return undefined;
  return { actor: options.required('actor', 'who asks'), reason: options.required('reason', 'why Stripe is asked again') };
}
