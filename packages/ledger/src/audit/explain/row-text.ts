// What a row says: its title, the sentence under it, the shop's side below, and what a folded row holds.
import { defined } from '../../defined.ts';
import type { PaymentReference } from '../../observation.ts';
import type { ReviewKind } from '../../order/events.ts';
import { durationText } from './duration.ts';
import type { Language } from './language.ts';
import { deliveryText } from './row-delivery-text.ts';
import { isPersonal, msBetween } from './row-drafts.ts';
import { personText } from './row-person-text.ts';
import { factText, factTitle, reviewDetail } from './row-report-text.ts';
import type { FoldedLine, RowBelow, RowText } from './row-text-types.ts';
import type { DecidedRow, ObservedRow, OpenedReview, PlacedRow, ReviewRow, Row } from './row-types.ts';
import type { RowWords } from './row-words.ts';
import { rowWordsEn } from './row-words-en.ts';
import { rowWordsZhTw } from './row-words-zh-tw.ts';
import { joined, type Sentence, say } from './sentence.ts';

const languages: Readonly<Record<Language, RowWords>> = { en: rowWordsEn, 'zh-TW': rowWordsZhTw };

/** Says a row of `rowsOf` in a language. Pure. */
export function rowText(row: Row, language: Language): RowText {
  const words = languages[language];
  const text = textOf(row, words, language);
  return row.gapMs === undefined ? text : { ...text, gap: words.gap(row.gapMs) };
}

/** What is wrong with the payment of a review, as a heading. */
export function reviewTitle(kind: ReviewKind, language: Language): string {
  return languages[language].reviews[kind];
}

function textOf(row: Row, words: RowWords, language: Language): RowText {
  switch (row.kind) {
    case 'placed':
      return placedText(row, words, language);
    case 'attached': {
      const lines = [
        ...row.checkouts.map(({ payment, expiresAt }) =>
          words.checkout(id(payment), expiresAt === undefined ? undefined : { time: expiresAt }),
        ),
        ...row.links.map(({ reference }) => words.belongsHere({ id: reference })),
      ];
      const [first, ...others] = lines;
      if (row.checkouts.length > 0) return { title: words.laterCheckout(), detail: joined(lines, words.comma), below: [] };
      return { title: first ?? [], below: [], ...(others.length > 0 ? { detail: joined(others, words.comma) } : {}) };
    }
    case 'decided':
      return decidedText(row, words, language);
    case 'review':
      return reviewText(row, words);
    case 'observed':
      return observedText(row, words, language);
    case 'person':
      return personText(row, words);
    case 'delivery':
      return { title: words.decision(row.sequence), below: deliveryText(row.delivery, row.sequence, words, language) };
    case 'note': {
      const { note } = row;
      if (note.kind === 'shop_ahead') return { title: words.shopAhead(note.sequence), below: [] };
      return {
        title: words.policyChanged(),
        detail: words.policy({ id: note.to.slice(0, 12) }, { id: note.from.slice(0, 12) }),
        below: [],
      };
    }
  }
}

function placedText({ placed: { order, at: placedAt }, checkouts }: PlacedRow, words: RowWords, language: Language): RowText {
  const opened = checkouts.map(({ payment, expiresAt, at }) => {
    return words.checkoutOpened(
      id(payment),
      durationText(msBetween(placedAt, at), language),
      expiresAt === undefined ? undefined : { time: expiresAt },
    );
  });
  const between = language === 'en' ? '; ' : '；';
  return {
    title: words.placed({ amountMinor: order.expected.amountMinor, currency: order.expected.currency }),
    detail: joined([words.plan(order.plan), ...opened], between),
    below: [],
  };
}

function decidedText(
  { cause, decision, reviews, delivery, order }: DecidedRow & Pick<Row, 'order'>,
  words: RowWords,
  language: Language,
): RowText {
  const name = words.decisions[decision.decision];
  const isLost = delivery.state === 'failing' || delivery.state === 'abandoned';
  const title = isLost ? words.notDelivered(name) : say`${name}`;
  const below = [
    ...deliveryText(delivery, decision.sequence, words, language),
    ...reviews.map((review) => reviewBelow(review, words, order !== undefined)),
  ];
  const report = cause && 'report' in cause ? cause.report : 'report' in decision.because ? decision.because.report : undefined;
  if (report) {
    const suspends = decision.decision === 'MembershipSuspended' && report.fact.kind === 'dispute' && report.fact.status === 'open';
    const parts = [
      factText(report, words, order),
      report.source === 'manual' || report.payment.provider !== 'stripe' ? [] : words.timeAtStripe({ time: report.asOf }),
      cause === undefined || cause.kind === 'placed' ? words.cameBeforePlaced() : [],
      suspends ? words.disputeSuspends() : [],
      reviews.flatMap(({ opened }) => reviewDetail(opened, report, order, words)),
    ];
    return { title, source: report.source, detail: sentences(parts, words), below, ...defined({ reason: report.by?.reason }) };
  }
  if (cause?.kind === 'shop_ahead') return { title, detail: words.shopAhead(cause.sequence), below };
  if (!cause || !isPersonal(cause)) return { title, below };
  const { title: acted, reason } = personText({ kind: 'person', act: cause }, words);
  return { title, source: 'manual', detail: [...acted, words.fullStop], ...defined({ reason }), below };
}

function reviewText({ cause, reviews, order }: ReviewRow & Pick<Row, 'order'>, words: RowWords): RowText {
  const report = cause && 'report' in cause ? cause.report : undefined;
  const below = reviews.map((review) => reviewBelow(review, words, order !== undefined));
  if (!report) {
    const titles = reviews.map(({ opened }) => say`${words.reviews[opened.review]}`);
    const title = words.needsReview(joined(titles, words.comma));
    if (!cause || !isPersonal(cause)) return { title, below };
    const { title: acted, reason } = personText({ kind: 'person', act: cause }, words);
    return { title, source: 'manual', detail: [...acted, words.fullStop], ...defined({ reason }), below };
  }
  const detail = [factText(report, words, order), ...reviews.map(({ opened }) => reviewDetail(opened, report, order, words))];
  return {
    title: words.needsReview(factTitle(report, words, order)),
    source: report.source,
    detail: sentences(detail, words),
    below,
    ...defined({ reason: report.by?.reason }),
  };
}

function reviewBelow({ opened: { reviewId, review }, end }: OpenedReview, words: RowWords, isPlaced: boolean): RowBelow {
  if (end) return { tone: 'plain', head: words.reviewEnded(reviewId, end.how), note: words.by({ id: end.by.actor }), lines: [] };
  const asks = say`${words.reviews[review]}`;
  return { tone: 'warn', head: words.reviewOpen(reviewId), ...(isPlaced ? { note: asks } : {}), lines: [] };
}

function observedText(
  { news, reports, confirmations, after, order }: ObservedRow & Pick<Row, 'order'>,
  words: RowWords,
  language: Language,
): RowText {
  const lines = reports.map((entry): FoldedLine => {
    const { report } = entry;
    const { eventId, objectId } = report.evidence;
    const isOther = entry !== news && !confirmations.includes(entry);
    return {
      at: entry.at,
      source: report.source,
      evidence: eventId ?? objectId,
      ...(isOther ? { said: factText(report, words, order) } : {}),
    };
  });
  const [first, last] = [reports[0], reports.at(-1)];
  const others = reports.length - (news ? 1 : 0);
  const confirmedBy = [...new Set(confirmations.map(({ report }) => report.source))];
  const confirmed = confirmedBy.length > 0 ? words.confirmedBy(confirmedBy, others - confirmedBy.length) : words.olderReports(others);
  const tookMs = msBetween(after?.at ?? first?.at, last?.at ?? '');
  const summary = words.noChange(durationText(tookMs, language), after?.decision, reports.length > 1);
  if (!news) return { title: confirmed, below: [], folded: { summary, lines } };
  const { report } = news;
  const effect = news.kind === 'held' ? words.held() : news.verdict.verdict === 'waits' ? words.waits() : words.accessStays();
  return {
    title: factTitle(report, words, order),
    source: report.source,
    detail: sentences([factText(report, words, order), effect], words),
    below: [],
    ...(others > 0 ? { folded: { summary: confirmed, lines: lines.slice(1) } } : {}),
  };
}

function sentences(parts: readonly Sentence[], words: RowWords): Sentence {
  return joined(
    parts.filter((part) => part.length > 0),
    words.space,
  );
}

function id(payment: PaymentReference): { readonly id: string } {
  return { id: payment.id };
}
