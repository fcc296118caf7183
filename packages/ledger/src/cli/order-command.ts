// The command `paidonce order` shows an order as it stands.

import { moneyText } from '../audit/minor-units.ts';
import { readOrder } from '../audit/waiting.ts';
import { type Command, readingOptions } from '../command-line/command.ts';
import { LedgerError } from '../errors.ts';
import { reviewSentences } from '../order/review-sentences.ts';
import type { OrderView } from '../order/view.ts';
import { findOrder } from './find-order.ts';
import { asOfIn, withLog } from './open-log.ts';

export const orderCommand: Command = {
  positionals: ['ID'],
  options: readingOptions,
  run: async (invocation) => {
    const { options, positionals, terminal } = invocation;
    const [id = ''] = positionals;
    return withLog(invocation, async (log) => {
      const asOf = await asOfIn(invocation, log);
      const orderId = await findOrder(invocation, log, id, asOf);
      const order = await readOrder(log, orderId, asOf);
      if (order === undefined)
        throw new LedgerError(
          'order_unknown',
          `Order ${orderId} is not placed: what was said of it waits. See: paidonce explain ${orderId}`,
        );
      for (const line of options.flag('json') ? [JSON.stringify(order)] : orderLines(order)) terminal.out(line);
      return 0;
    });
  },
};

function orderLines(order: OrderView): readonly string[] {
  const { orderId, memberId, plan, expected, account, livemode, placedAt, payment, membership, grantedBy, sequence, delivered } = order;
  return [
    `Order ${orderId} of member ${memberId}, plan ${plan}, placed ${placedAt}`,
    `Expected: ${moneyText(expected.amountMinor, expected.currency)} to ${account}, ${livemode ? 'live' : 'test'}`,
    `Payment: ${payment}. Membership: ${membership}${grantedBy === undefined ? '' : `, granted by ${grantedBy}`}`,
    `Decisions: ${sequence}, the shop has ${delivered === sequence ? 'the newest' : `number ${delivered}`}. Revision: ${order.revision}`,
    ...(order.withdrawn ? ['It was withdrawn.'] : []),
    ...order.checkouts.map(({ payment: { id }, attachedAt }) => `Checkout ${id}, attached ${attachedAt}`),
    ...order.openReviews.map(({ reviewId, kind, payment: { id } }) => `Review ${reviewId} about ${id}: ${reviewSentences[kind]}`),
  ];
}
