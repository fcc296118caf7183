// The commands `paidonce reviews` and `paidonce undelivered` list what waits for a person.
import { sentenceText } from '../audit/explain/sentence.ts';
import { subscriptionWordsEn } from '../audit/explain/subscription-words-en.ts';
import { type Waiting, waitingIn } from '../audit/waiting.ts';
import { type Command, readingOptions } from '../command-line/command.ts';
import { grouped } from '../command-line/terminal.ts';
import { reviewSentences } from '../order/review-sentences.ts';
import type { UndeliveredDecision } from '../order/view.ts';
import { asOfIn, measured, withCopy, withLog } from './open-log.ts';

export const reviewsCommand: Command = listCommand({
  name: 'reviews',
  details: [
    'End one of an order with: paidonce-stripe resolve ORDER REVIEW --as grant|revoke|dismiss --actor ID --reason TEXT',
    'End one of a subscription in the console, or by code: ledger.resolveSubscriptionReview(…)',
  ],
  items: ({ reviews, subscriptionReviews }) => [...reviews, ...subscriptionReviews],
  lines: ({ reviews, subscriptionReviews }) => [
    ...reviews.map(
      ({ orderId, reviewId, kind, payment, openedAt }) =>
        `${openedAt}  order ${orderId}, review ${reviewId}: ${reviewSentences[kind]} (${payment.id})`,
    ),
    ...subscriptionReviews.map(({ subscriptionId, reviewId, kind, invoice, openedAt }) => {
      const asks = sentenceText(subscriptionWordsEn.review(kind, invoice === undefined ? undefined : { id: invoice }));
      return `${openedAt}  subscription ${subscriptionId}, review ${reviewId}: ${asks}`;
    }),
  ],
  none: 'No review is open.',
  some: (count) => `Open reviews: ${count}.`,
});

export const undeliveredCommand: Command = listCommand({
  name: 'undelivered',
  details: ['A running shop tries again by itself for three days. What is abandoned waits for `redeliver`, in the console or by code.'],
  items: ({ undelivered, undeliveredSubscriptions }) => [...undelivered, ...undeliveredSubscriptions],
  lines: ({ undelivered, undeliveredSubscriptions }) => [
    ...undelivered.map(({ orderId, ...decision }) => undeliveredLine(`order ${orderId}`, decision)),
    ...undeliveredSubscriptions.map(({ subscriptionId, ...decision }) => undeliveredLine(`subscription ${subscriptionId}`, decision)),
  ],
  none: 'The shop has every decision.',
  some: (count) => `Undelivered: ${count}.`,
});

function undeliveredLine(of: string, { memberId, status, sequence, failures, abandoned }: Omit<UndeliveredDecision, 'orderId'>): string {
  const failed = `${failures} attempt${failures === 1 ? '' : 's'} failed${abandoned ? ', abandoned' : ''}`;
  return `${of} of member ${memberId}: decision ${sequence}, ${status}; ${failed}`;
}

interface List {
  readonly name: string;
  readonly details: readonly string[];
  items(waiting: Waiting): readonly unknown[];
  lines(waiting: Waiting): readonly string[];
  readonly none: string;
  some(count: string): string;
}

function listCommand({ name, details, items, lines, none, some }: List): Command {
  return {
    positionals: [],
    details,
    options: readingOptions,
    run: async (invocation) => {
      const { options, terminal } = invocation;
      return withLog(invocation, async (log) => {
        const measure = measured(invocation, name, log, withCopy(log, 1));
        const waiting = await waitingIn(log, { ...(await asOfIn(invocation, log)), onEvents: measure.onEvents });
        measure.end(waiting.events);
        const { unreadable } = waiting;
        const found = items(waiting).length;
        if (options.flag('json')) terminal.out(JSON.stringify({ [name]: items(waiting), unreadable }));
        else {
          for (const line of lines(waiting)) terminal.out(line);
          terminal.out(found === 0 ? none : some(grouped(found)));
          if (unreadable.length > 0)
            terminal.out(`Orders that cannot be read, and may wait too: ${unreadable.slice(0, 20).join(', ')}. Run: paidonce verify`);
        }
        return found > 0 || unreadable.length > 0 ? 3 : 0;
      });
    },
  };
}
