// `paidonce-stripe resolve ORDER REVIEW`: a person decides on a payment that the policy leaves open.
import { LedgerError, type Resolution } from '@paidonce/ledger';
import { type Command, jsonOption, storeOption } from '@paidonce/ledger/command-line';
import { withLedger } from './command-context.ts';

const resolutions: readonly Resolution[] = ['grant', 'revoke', 'dismiss'];

export const resolveCommand: Command = {
  positionals: ['ORDER', 'REVIEW'],
  details: [
    'grant: it counts in spite of what does not fit, and a later refund still takes access back. revoke: it counts no longer; refund',
    'it at Stripe. dismiss: the review ends and access stays as it is. `paidonce explain ORDER` tells what each review is about.',
    'Exits 0: it is resolved so, now or before; 3: the order has changed, or it was resolved otherwise: look again; 2: it could not run.',
  ],
  options: {
    as: { value: 'WHAT', help: 'grant, revoke or dismiss' },
    actor: { value: 'ID', help: 'who says so: an id, not a name' },
    reason: { value: 'TEXT', help: 'why: "asked the customer, ticket 12"' },
    'seen-revision': { value: 'N', help: 'of the order that was looked at, so that nothing newer is overlooked. Default: as it is now' },
    ...storeOption,
    ...jsonOption,
  },
  run: (invocation) => {
    const { options, terminal, positionals } = invocation;
    const [orderId = '', reviewId = ''] = positionals;
    const resolution = resolutionIn(options.required('as', 'what the payment is: grant, revoke or dismiss'));
    const by = { actor: options.required('actor', 'who says so'), reason: options.required('reason', 'why it is so') };
    const seenRevision = revisionIn(options.text('seen-revision'));
    return withLedger(invocation, async ({ ledger }) => {
      const before = await ledger.order(orderId);
      if (!before) throw new LedgerError('order_unknown', `There is no order ${orderId}. Is it the right log?`);
      const { outcome } = await ledger.resolveReview(orderId, reviewId, { resolution, seenRevision: seenRevision ?? before.revision }, by);
      const order = (await ledger.order(orderId)) ?? before;
      if (options.flag('json')) terminal.out(JSON.stringify({ outcome, order }));
      else if (outcome === 'resolved')
        terminal.out(`review ${reviewId} of order ${orderId}: ${resolution}; membership ${order.membership}`);
      else
        terminal.out(
          `review ${reviewId} of order ${orderId} was left alone: the order has changed, or it was resolved otherwise. Look again`,
        );
      return outcome === 'resolved' ? 0 : 3;
    });
  },
};

function resolutionIn(text: string): Resolution {
  const resolution = resolutions.find((each) => each === text);
  if (!resolution) throw new LedgerError('invalid_input', `--as is ${JSON.stringify(text)}; it must be grant, revoke or dismiss`);
  return resolution;
}

function revisionIn(text: string | undefined): number | undefined {
  if (text === undefined || /^\d{1,9}$/.test(text)) return text === undefined ? undefined : Number(text);
  throw new LedgerError(
    'invalid_input',
    `--seen-revision is ${JSON.stringify(text)}; it must be a whole number, as \`revision\` of the order`,
  );
}
