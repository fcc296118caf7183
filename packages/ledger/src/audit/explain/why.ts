// Why an order stands as it does: one sentence, with the amount, in the reader's words.
import { durationText } from './duration.ts';
import type { Language } from './language.ts';
import type { Sentence, Span } from './sentence.ts';
import { headlineOf, type Standing } from './standing.ts';
import { whyEn } from './why-en.ts';
import type { WhyWords } from './why-words.ts';
import { whyZhTw } from './why-zh-tw.ts';

const languages: Readonly<Record<Language, WhyWords>> = { en: whyEn, 'zh-TW': whyZhTw };

/** Says in one sentence why the member has access, or has none. Pure. @param now ISO 8601 UTC. */
export function whyText(standing: Standing, language: Language, now: string): Sentence {
  const words = languages[language];
  const { placed, withdrawn } = standing;
  if (placed === undefined) return words.notPlaced();
  const who = { strong: placed.memberId };
  const expected = money(placed.expected.amountMinor, placed.expected.currency);
  switch (headlineOf(standing, now)) {
    case 'undelivered':
      return standing.membership === 'active'
        ? words.paidNotSaved(who, amountOf(standing) ?? expected)
        : words.endNotSaved(who, standing.membership === 'suspended');
    case 'reviews':
      return reviewWhy(standing, words, who, expected);
    case 'suspended':
    case 'revoked':
      return endedWhy(standing, words, who);
    case 'active':
      return activeWhy(standing, words, who, language);
    case 'awaiting':
      return words.awaiting(who, expected, isEver(standing.awaitedUntil) ? undefined : time(standing.awaitedUntil));
    case 'none':
      return withdrawn ? words.withdrawn({ id: withdrawn.actor }) : words.none(who, expected);
  }
}

/** A text that no checkout reaches: it does not expire, or a payment is under way. */
function isEver(until: string | undefined): boolean {
  return until === undefined || until.startsWith('9999');
}

function reviewWhy(standing: Standing, words: WhyWords, who: Span, expected: Span): Sentence {
  const { openReviews, membership } = standing;
  const [review] = openReviews;
  if (!review) return [];
  const has = membership === 'active';
  if (review.review === 'amount' && review.came && !has)
    return words.tooLittle(who, money(review.came.totalMinor, review.came.currency), money(review.owedMinor, review.currency));
  const came = review.came ? money(review.came.totalMinor, review.came.currency) : expected;
  return words.review(who, has, words.reviews[review.review], came, openReviews.length);
}

function endedWhy({ newest, membership, placed }: Standing, words: WhyWords, who: Span): Sentence {
  if (!newest) return [];
  const since = { time: newest.at };
  const { because } = newest;
  if ('by' in because) return words.endedBy(who, since, { id: because.by.actor });
  if ('shopHad' in because) return words.endedAgain(who, since);
  const { fact } = because.report;
  const currency = placed?.expected.currency ?? 'usd';
  switch (fact.kind) {
    case 'dispute': {
      const disputed = money(fact.amountMinor, currency);
      if (fact.returnedDebit) return words.endedByReturn(who, since, disputed);
      return membership === 'suspended' ? words.disputed(who, since, disputed) : words.disputeLost(who, since, disputed);
    }
    case 'refund':
      return words.refunded(who, since, money(fact.amountMinor, currency));
    case 'attempt':
      return words.endedAgain(who, since);
  }
}

function activeWhy(standing: Standing, words: WhyWords, who: Span, language: Language): Sentence {
  const { newest, grant } = standing;
  const amount = amountOf(standing);
  if (!newest || !grant || amount === undefined) return words.active(who);
  const since = { time: newest.at };
  const { because } = newest;
  if ('by' in because) return words.activeBy(who, { id: because.by.actor }, amount);
  if (newest.decision === 'MembershipRestored') return words.restored(who, since, amount);
  const after = grant.afterPaidMs === undefined ? undefined : durationText(grant.afterPaidMs, language);
  const by = 'report' in because ? because.report.by : undefined;
  if (by) return words.activeBy(who, { id: by.actor }, amount);
  return words.granted(who, grant.source, amount, after, webhookOf(grant));
}

/** Only where another source led to the grant: then it matters what the webhook did. */
function webhookOf({ source, webhookAfterMs }: NonNullable<Standing['grant']>): 'later' | 'never' | undefined {
  if (source === 'webhook' || source === 'manual') return undefined;
  return webhookAfterMs === undefined ? 'never' : 'later';
}

function amountOf({ grant }: Standing): Span | undefined {
  return grant?.amount && money(grant.amount.totalMinor, grant.amount.currency);
}

function money(amountMinor: number, currency: string): Span {
  return { amountMinor, currency };
}

function time(iso: string | undefined): Span | undefined {
  return iso === undefined ? undefined : { time: iso };
}
