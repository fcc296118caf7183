// What a row of a subscription says: its title, the sentences under it, the shop's side below, and what is folded.
import { defined } from '../../defined.ts';
import type { SubscriptionDecision, SubscriptionObserved, SubscriptionPlaced } from '../../subscription/events.ts';
import type { Language } from './language.ts';
import { deliveryText } from './row-delivery-text.ts';
import type { RowBelow, RowText } from './row-text-types.ts';
import type { RowWords } from './row-words.ts';
import { rowWordsEn } from './row-words-en.ts';
import { rowWordsZhTw } from './row-words-zh-tw.ts';
import { joined, type Sentence, type Span } from './sentence.ts';
import type { SubscriptionReviewTold, SubscriptionRow } from './subscription-rows.ts';
import { personOf } from './subscription-rows.ts';
import { aheadText, decisionText, leadOf, reportText, sentenceStart, subscriptionWords, whyOf } from './subscription-why.ts';
import type { SubscriptionWords } from './subscription-words.ts';

const rowWords: Readonly<Record<Language, RowWords>> = { en: rowWordsEn, 'zh-TW': rowWordsZhTw };

/** Says a row of `subscriptionRows` in a language. Pure. @param earlier the rows before it, which may hold what led to its decision. */
export function subscriptionRowText(row: SubscriptionRow, language: Language, earlier: readonly SubscriptionRow[] = []): RowText {
  const [words, common] = [subscriptionWords[language], rowWords[language]];
  const { detail = [], ...text } = textOf(row, words, language, earlier);
  const below = [
    ...text.below,
    ...(row.delivery && row.act?.type !== 'DeliveryTakenOver' ? deliveryText(row.delivery, sequenceIn(row), common, language) : []),
    ...row.reviews.map((review) => reviewBelow(review, words, common)),
    ...(row.policy ? [policyBelow(row.policy, common)] : []),
  ];
  return {
    ...text,
    below,
    ...(detail.length > 0 ? { detail } : {}),
    ...defined({ gap: row.gapMs === undefined ? undefined : common.gap(row.gapMs) }),
  };
}

function textOf(row: SubscriptionRow, words: SubscriptionWords, language: Language, earlier: readonly SubscriptionRow[]): RowText {
  const { decision, reports, placed, act } = row;
  const source = reports[0]?.source;
  const reason = act?.data.by?.reason ?? row.entries.map(({ event }) => personOf(event)?.reason).find((said) => said !== undefined);
  const told = { below: [], ...defined({ source, reason }) };
  if (decision) {
    const made = placed ? [[...placedText(placed, words), words.fullStop]] : [];
    const detail = [...made, whyOf(row, decision, language, earlier), untilText(decision, words), ...othersText(row, decision, words)];
    return { title: decisionText(decision, words), detail: joinedText(detail, words), ...told };
  }
  if (act) return { ...told, ...actText(row, words, language) };
  if (row.confirms) return { title: words.confirmed(), detail: factsText(reports, words), ...told };
  if (reports.length > 0) {
    const effect = row.reviews.length > 0 ? [] : isWaiting(row, earlier) ? words.waits() : words.accessStays();
    return { title: headline(reports, words), detail: joinedText([factsText(reports, words), effect], words), ...told };
  }
  if (placed) {
    return { title: placedText(placed, words), detail: joined(linksText(row, words), rowWords[language].comma), below: [] };
  }
  const [first, ...others] = linksText(row, words);
  const reviewed = row.reviews[0] && words.review(row.reviews[0].opened.kind, idOf(row.reviews[0].opened.invoice));
  const [policy] = row.policy ? [rowWords[language].policyChanged()] : [];
  return {
    title: first ?? reviewed ?? aheadText(row, language) ?? policy ?? deliveryTitle(row, language),
    detail: joined(others, rowWords[language].comma),
    below: [],
  };
}

/** True while the subscription is not placed. */
function isWaiting(row: SubscriptionRow, earlier: readonly SubscriptionRow[]): boolean {
  return row.placed === undefined && !earlier.some(({ placed }) => placed !== undefined);
}

function untilText({ type, data }: SubscriptionDecision, words: SubscriptionWords): Sentence {
  const isOver = type === 'SubscriptionEnded' || type === 'SubscriptionRevoked' || type === 'SubscriptionSuspended';
  return isOver || (type === 'SubscriptionChanged' && data.cause !== 'plan') ? [] : words.accessUntil({ time: data.validUntil });
}

/** What else was told beside what the decision rests on. */
function othersText(row: SubscriptionRow, decision: SubscriptionDecision, words: SubscriptionWords): readonly Sentence[] {
  const lead = leadOf(row, decision);
  const others = row.reports.filter((report) => report !== lead && report.fact.kind !== 'allocation' && report.fact.kind !== 'lifecycle');
  return others.length > 0 ? [factsText(others, words)] : [];
}

function factsText(reports: readonly SubscriptionObserved[], words: SubscriptionWords): Sentence {
  return joinedText(
    reports.map((report) => [
      ...sentenceStart(reportText(report, words)),
      words.fullStop,
      ...(report.doubtful ? [words.space, ...words.doubtful()] : []),
    ]),
    words,
  );
}

/** The first fact as a heading. */
function headline([report]: readonly SubscriptionObserved[], words: SubscriptionWords): Sentence {
  return report ? sentenceStart(words.fact(report.fact, undefined)) : [];
}

function actText(row: SubscriptionRow, words: SubscriptionWords, language: Language): Pick<RowText, 'title' | 'detail'> {
  const common = rowWords[language];
  const { act } = row;
  const actor = { id: act?.data.by?.actor ?? '' };
  switch (act?.type) {
    case 'SubscriptionReviewResolved': {
      const { reviewId, resolution } = act.data;
      return { title: words.resolved(actor, reviewId, resolution) };
    }
    case 'DeliveryTakenOver':
      return { title: common.askedDelivery(actor, act.data.sequence) };
    case 'StripeRechecked':
      return { title: common.rechecked(actor), detail: common.objectsRead(act.data.looked, act.data.recorded) };
    default:
      return { title: [] };
  }
}

function placedText({ plan, memberId, origin }: SubscriptionPlaced, words: SubscriptionWords): Sentence {
  return [...words.placed(plan, { id: memberId }), ...(origin === 'imported' ? words.imported() : [])];
}

function linksText({ entries }: SubscriptionRow, words: SubscriptionWords): readonly Sentence[] {
  return entries.flatMap(({ event }) => {
    if (event.type === 'CheckoutAttached') return [words.checkout({ id: event.data.payment.id })];
    return event.type === 'SubscriptionLinked' ? [words.belongs({ id: event.reference })] : [];
  });
}

function deliveryTitle(row: SubscriptionRow, language: Language): Sentence {
  return rowWords[language].decision(sequenceIn(row));
}

function sequenceIn({ entries }: SubscriptionRow): number {
  const sequences = entries.flatMap(({ event }) => ('data' in event && 'sequence' in event.data ? [event.data.sequence] : []));
  return sequences.at(-1) ?? 0;
}

function reviewBelow({ opened, end }: SubscriptionReviewTold, words: SubscriptionWords, common: RowWords): RowBelow {
  if (end) return { tone: 'plain', head: words.reviewEnded(opened.reviewId, end.how), note: common.by({ id: end.by.actor }), lines: [] };
  return { tone: 'warn', head: common.reviewOpen(opened.reviewId), lines: [words.review(opened.kind, idOf(opened.invoice))] };
}

function policyBelow({ from, to }: { readonly from: string; readonly to: string }, common: RowWords): RowBelow {
  return { tone: 'plain', head: common.policyChanged(), lines: [common.policy({ id: to.slice(0, 12) }, { id: from.slice(0, 12) })] };
}

function joinedText(parts: readonly Sentence[], words: SubscriptionWords): Sentence {
  return joined(
    parts.filter((part) => part.length > 0),
    words.space,
  );
}

function idOf(invoice: string | undefined): Span | undefined {
  return invoice === undefined ? undefined : { id: invoice };
}
