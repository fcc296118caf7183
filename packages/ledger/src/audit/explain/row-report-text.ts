// What a report says, in words: as a title, as a sentence, and how its amount differs from what was expected.
import type { OrderPlaced } from '../../order/events.ts';
import type { EntryOf } from './row-types.ts';
import type { RowWords } from './row-words.ts';
import type { Sentence, Span } from './sentence.ts';
import type { SourceReport } from './timeline.ts';

/** The title of a row whose subject is the report. */
export function factTitle({ fact }: SourceReport, words: RowWords, order?: OrderPlaced): Sentence {
  const currency = order?.expected.currency;
  switch (fact.kind) {
    case 'attempt':
      return fact.status === 'paid' ? words.paid(money(fact.amount.totalMinor, fact.amount.currency)) : [words.attempts[fact.status]];
    case 'refund':
      return words.refund(moneyOr(fact.amountMinor, currency), words.refunds[fact.status]);
    case 'dispute':
      return words.dispute(moneyOr(fact.amountMinor, currency), words.disputes[fact.status], fact.returnedDebit);
  }
}

/** The report as a sentence: who said what of which object. */
export function factText({ source, fact, payment, by }: SourceReport, words: RowWords, order?: OrderPlaced): Sentence {
  const currency = order?.expected.currency;
  const id = { id: payment.id };
  const who = words.reported(source, by && { id: by.actor });
  switch (fact.kind) {
    case 'attempt':
      if (fact.status !== 'paid') return words.reportedAttempt(who, id, fact.status);
      return words.reportedPaid(who, id, money(fact.amount.totalMinor, fact.amount.currency));
    case 'refund':
      return words.reportedRefund(who, { id: fact.id }, moneyOr(fact.amountMinor, currency), fact.status, id);
    case 'dispute':
      return words.reportedDispute(who, { id: fact.id }, moneyOr(fact.amountMinor, currency), fact.status, fact.returnedDebit);
  }
}

/** Why the payment needs a person: the difference where it is one of amounts. */
export function reviewDetail(opened: EntryOf<'review'>, { fact }: SourceReport, order: OrderPlaced | undefined, words: RowWords): Sentence {
  if (order === undefined || fact.kind !== 'attempt' || fact.status !== 'paid') return [];
  if (fact.amount.currency !== order.expected.currency) return [];
  const difference = fact.amount.totalMinor - order.expected.amountMinor;
  if (opened.review === 'amount' && difference < 0) return words.less(money(-difference, fact.amount.currency));
  if (opened.review === 'overpaid' && difference > 0) return words.more(money(difference, fact.amount.currency));
  return [];
}

function money(amountMinor: number, currency: string): Span {
  return { amountMinor, currency };
}

/** A refund says no currency: it is that of its payment. Where the order is not known, the number stands alone. */
function moneyOr(amountMinor: number, currency: string | undefined): Span {
  return currency === undefined ? String(amountMinor) : money(amountMinor, currency);
}
