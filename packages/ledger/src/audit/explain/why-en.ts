// Why an order stands as it does, in English.
import { reviewSentences } from '../../order/review-sentences.ts';
import { say } from './sentence.ts';
import type { WhyWords } from './why-words.ts';

const found = { webhook: 'webhook reported', poll: 'poll found', status_query: 'status query found', manual: 'recorded by hand' } as const;

export const whyEn: WhyWords = {
  reviews: reviewSentences,
  notPlaced: () => say`The order is not placed yet: what was reported of it waits.`,
  paidNotSaved: (who, money) => say`${who} paid ${money} and should have access, but your shop has not saved it.`,
  endNotSaved: (who, paused) =>
    say`${who} should have no access ${paused ? 'while the payment is disputed' : 'any more'}, but your shop has not saved it.`,
  tooLittle: (who, came, expected) => say`${who} has no access: ${came} came in, ${expected} was expected. Someone has to decide.`,
  review: (who, has, review, money, open) =>
    say`${who} has ${has ? 'access' : 'no access'}, and ${open === 1 ? 'a payment' : `the first of ${open} payments`} of ${money} needs a decision: ${review}.`,
  disputed: (who, since, money) =>
    say`${who} has had no access since ${since}: the payment of ${money} is disputed. The bank decides; the member does not need to pay again.`,
  disputeLost: (who, since, money) => say`${who} has had no access since ${since}: the dispute over ${money} is lost.`,
  endedByReturn: (who, since, money) => say`${who} has had no access since ${since}: the bank debit of ${money} was returned.`,
  refunded: (who, since, money) => say`${who} has had no access since ${since}: ${money} was refunded.`,
  endedBy: (who, since, actor) => say`${who} has had no access since ${since}: ${actor} decided so.`,
  endedAgain: (who, since) => say`${who} has had no access since ${since}: no payment of this order counts any more.`,
  active: (who) => say`${who} has access.`,
  activeBy: (who, actor, money) => say`${who} has access because ${actor} accepted the payment of ${money}.`,
  restored: (who, since, money) => say`${who} has access again since ${since}: the payment of ${money} counts once more.`,
  granted: (who, source, money, after, webhook) => {
    const because = say`${who} has access because the ${found[source]} the payment of ${money}${after && `, ${after} after it was made`}.`;
    if (webhook === undefined) return because;
    return say`${because} ${webhook === 'later' ? 'The webhook came later and only confirmed it.' : 'No webhook has come.'}`;
  },
  awaiting: (who, money, until) => say`${who} has not paid yet: ${money} is expected${until && say`, until ${until}`}.`,
  none: (who, money) => say`${who} has no access: ${money} was expected, and no payment that counts came in.`,
  withdrawn: (actor) => say`${actor} withdrew the order: no payment is expected.`,
};
