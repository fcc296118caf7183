// Turns an explanation into lines of text: a summary, then the timeline.
import { moneyText } from '../minor-units.ts';
import type { Explanation } from './explain.ts';
import type { SubscriptionExplanation } from './explain-subscription.ts';
import type { Language } from './language.ts';
import { type Messages, timeText } from './messages.ts';
import { english } from './messages-en.ts';
import { traditionalChinese } from './messages-zh-tw.ts';
import { rowLines } from './row-lines.ts';
import { rowText } from './row-text.ts';
import type { EntryOf } from './row-types.ts';
import { rowsOf } from './rows.ts';
import { subscriptionLines } from './subscription-lines.ts';
import type { SourceReport, TimelineEntry, Verdict } from './timeline.ts';

const languages: Readonly<Record<Language, Messages>> = { en: english, 'zh-TW': traditionalChinese };

/** How to write an explanation. */
export interface LineOptions {
  /** True: a line for each event, with the laws. Default: a line for each row, as `rowsOf` folds them. */
  readonly every?: boolean;
}

/** Returns the summary, a blank line, and the timeline, without line breaks. @param language default `en`. */
export function explanationLines(
  explanation: Explanation,
  language: Language = 'en',
  { every = false }: LineOptions = {},
): readonly string[] {
  const messages = languages[language];
  const timeline = every
    ? explanation.entries.map((entry) => `${timeText(entry.at)}  ${entryText(entry, explanation, messages)}`)
    : rowsOf(explanation.entries).flatMap((row) => rowLines(rowText(row, language), row.at));
  return [...summaryLines(explanation, messages), '', ...timeline].map(messages.finish);
}

/**
 * Returns a line that says whether the member has access, then the lines of each order and subscription.
 * @param past true if the explanations are of an earlier position (`asOf`): then the first line is in the past tense.
 */
export function memberLines(
  memberId: string,
  explanations: readonly Explanation[],
  {
    language = 'en',
    past = false,
    every = false,
    subscriptions = [],
  }: LineOptions & {
    readonly language?: Language;
    readonly past?: boolean;
    /** Default: the member has none. */
    readonly subscriptions?: readonly SubscriptionExplanation[];
  } = {},
): readonly string[] {
  const giving = {
    orders: explanations.filter(({ membership }) => membership === 'active').map(({ orderId }) => orderId),
    subscriptions: subscriptions.filter(({ membership }) => membership === 'active').map(({ subscriptionId }) => subscriptionId),
  };
  const { summary, finish } = languages[language];
  return [
    finish(summary.access(memberId, giving, past)),
    ...explanations.flatMap((each) => ['', ...explanationLines(each, language, { every })]),
    ...subscriptions.flatMap((each) => ['', ...subscriptionLines(each, language, { every })]),
  ];
}

function summaryLines(explanation: Explanation, messages: Messages): readonly string[] {
  const { summary } = messages;
  const { membership, since, openReviews, sequence, delivered, memberId } = explanation;
  const lines = [
    summary.heading(explanation),
    memberId === undefined ? summary.notPlaced() : summary.membership(membership, since && timeText(since)),
  ];
  const decisions = explanation.entries.filter((entry) => entry.kind === 'decided');
  const [granted, newest] = [decisions[0], decisions.at(-1)];
  if (granted) lines.push(summary.granted(becauseText(granted, explanation, messages)), ...confirmations(granted, explanation, messages));
  if (newest && newest !== granted) lines.push(summary.changed(newest, becauseText(newest, explanation, messages)));
  if (openReviews > 0) lines.push(summary.reviews(openReviews));
  if (delivered < sequence) lines.push(summary.undelivered(sequence, delivered));
  return lines;
}

function becauseText({ because }: EntryOf<'decided'>, explanation: Explanation, messages: Messages): string {
  if ('shopHad' in because) return messages.summary.behind(because.shopHad);
  return 'report' in because
    ? messages.summary.reported(because.report, factText(because.report, explanation, messages))
    : messages.summary.ruled(because.by);
}

/** Returns a line for each source that confirmed the fact that led to the grant, or one line that says that none did. */
function confirmations({ because }: EntryOf<'decided'>, { entries }: Explanation, { summary }: Messages): readonly string[] {
  if (!('report' in because)) return [];
  const of = JSON.stringify([because.report.payment, because.report.fact]);
  const found = entries.flatMap((entry) =>
    entry.kind === 'reported' && entry.verdict.verdict === 'confirms' && JSON.stringify([entry.report.payment, entry.report.fact]) === of
      ? [summary.confirmed(entry.report.source, entry.verdict.afterMs)]
      : [],
  );
  return found.length > 0 ? found : [summary.unconfirmed()];
}

function entryText(entry: TimelineEntry, explanation: Explanation, messages: Messages): string {
  const { entries } = messages;
  switch (entry.kind) {
    case 'placed':
      return entries.placed(entry.order, moneyText(entry.order.expected.amountMinor, entry.order.expected.currency));
    case 'attached':
      return entries.attached(entry);
    case 'linked':
      return entries.linked(entry);
    case 'held':
      return entries.held(entries.reported(entry.report, factText(entry.report, explanation, messages)));
    case 'reported':
      return `${entries.reported(entry.report, factText(entry.report, explanation, messages))}${messages.space}${verdictText(entry.verdict, messages)}`;
    case 'decided':
      return entries.decided(entry, becauseText(entry, explanation, messages));
    case 'review':
      return entries.review(entry);
    case 'resolved':
      return entries.resolved(entry);
    case 'policy_changed':
      return entries.policy_changed(entry);
    case 'withdrawn':
      return entries.withdrawn(entry);
    case 'moved':
      return entries.moved(entry);
    case 'delivered':
      return entries.delivered(entry);
    case 'delivery_failed':
      return entries.delivery_failed(entry);
    case 'taken_over':
      return entries.taken_over(entry);
    case 'abandoned':
      return entries.abandoned(entry);
    case 'shop_ahead':
      return entries.shop_ahead(entry);
    case 'rechecked':
      return entries.rechecked(entry);
  }
}

function verdictText(verdict: Verdict, { verdicts }: Messages): string {
  switch (verdict.verdict) {
    case 'decided':
      return verdicts.decided(verdict);
    case 'confirms':
      return verdicts.confirms(verdict);
    case 'waits':
      return verdicts.waits();
    case 'does_not_count':
      return verdicts.does_not_count(verdict);
    case 'second_payment':
      return verdicts.second_payment();
    case 'older':
      return verdicts.older();
    case 'no_change':
      return verdicts.no_change();
  }
}

function factText({ fact, payment }: SourceReport, { currency }: Explanation, messages: Messages): string {
  return messages.fact(fact, payment.id, (amountMinor, of = currency) =>
    of === undefined ? String(amountMinor) : moneyText(amountMinor, of),
  );
}
