// Turns the explanation of a subscription into lines of text: a summary, then the timeline.

import type { SubscriptionExplanation } from './explain-subscription.ts';
import type { Language } from './language.ts';
import { timeText } from './messages.ts';
import { english } from './messages-en.ts';
import { traditionalChinese } from './messages-zh-tw.ts';
import { rowLines } from './row-lines.ts';
import { type Sentence, sentenceText } from './sentence.ts';
import { subscriptionRowText } from './subscription-row-text.ts';
import type { SubscriptionRow } from './subscription-rows.ts';
import { subscriptionWords, whyText } from './subscription-why.ts';
import type { SubscriptionWords } from './subscription-words.ts';

/**
 * Returns the summary, a blank line, and the timeline, without line breaks.
 * @param language default `en`. @param every true: a line for each event, under its place in the log. Default: a line for each row.
 */
export function subscriptionLines(
  explanation: SubscriptionExplanation,
  language: Language = 'en',
  { every = false }: { readonly every?: boolean } = {},
): readonly string[] {
  const { rows, entries } = explanation;
  const timeline = every
    ? entries.map(
        ({ at, place, event }) =>
          `${timeText(at)}  ${place} ${event.type} ${JSON.stringify('data' in event ? event.data : { reference: event.reference })}`,
      )
    : rows.flatMap((row, index) => rowLines(subscriptionRowText(row, language, rows.slice(0, index)), row.at));
  const { finish } = language === 'en' ? english : traditionalChinese;
  return [...subscriptionSummary(explanation, language).map((sentence) => sentenceText(sentence)), '', ...timeline].map((line) =>
    every ? line : finish(line),
  );
}

/** What a person must know first, one sentence each: whose it is, why it stands as it does, what happens next, and who must look. */
export function subscriptionSummary(explanation: SubscriptionExplanation, language: Language): readonly Sentence[] {
  const words = subscriptionWords[language];
  const { subscriptionId, memberId, plan = '', quantity, membership, since, trial, rows, validUntil, sequence, delivered } = explanation;
  const heading = words.heading({ id: subscriptionId }, memberId === undefined ? undefined : { id: memberId }, plan, quantity);
  if (memberId === undefined) return [heading, words.notPlaced()];
  const open = rows.flatMap(({ reviews }) => reviews.filter(({ end }) => end === undefined));
  return [
    heading,
    membership === 'none' || since === undefined ? words.neverGranted() : words.standing(membership, { time: since }, trial),
    ...newestText(rows, language),
    ...(membership === 'active' && validUntil !== undefined ? [words.wouldEnd({ time: validUntil })] : []),
    ...reviewsText(
      open.map(({ opened }) => opened),
      words,
    ),
    ...(delivered < sequence ? [words.undelivered(sequence, delivered)] : []),
  ];
}

/** Why the newest decision was made. */
function newestText(rows: readonly SubscriptionRow[], language: Language): readonly Sentence[] {
  const place = rows.findLastIndex(({ decision }) => decision !== undefined);
  const row = rows[place];
  return row?.decision ? [whyText(row, row.decision, language, rows.slice(0, place))] : [];
}

function reviewsText(open: readonly SubscriptionRow['reviews'][number]['opened'][], words: SubscriptionWords): readonly Sentence[] {
  return open.map(({ kind, invoice }) => words.review(kind, invoice === undefined ? undefined : { id: invoice }));
}
