// An explanation as lines of text. Each language is one table of sentences; the compiler demands every one of them.
import type { Fact, Source } from '../../observation.ts';
import type { DecisionType, OrderPlaced, Resolution, ReviewKind } from '../../order/events.ts';
import type { MembershipStatus } from '../../order/order.ts';
import { moneyText } from '../minor-units.ts';
import type { Explanation } from './explain.ts';
import type { Said, TimelineEntry, Verdict } from './timeline.ts';
import { english } from './words-en.ts';
import { traditionalChinese } from './words-zh-tw.ts';

export type Language = 'en' | 'zh-TW';

type Of<Kind extends TimelineEntry['kind']> = Extract<TimelineEntry, { kind: Kind }>;
type Came<To extends Verdict['verdict']> = Extract<Verdict, { verdict: To }>;

export interface Words {
  readonly sources: Readonly<Record<Source, string>>;
  readonly memberships: Readonly<Record<MembershipStatus, string>>;
  readonly decisions: Readonly<Record<DecisionType, string>>;
  readonly reviews: Readonly<Record<ReviewKind, string>>;
  readonly resolutions: Readonly<Record<Resolution, string>>;
  fact(fact: Fact, payment: string, money: (amountMinor: number, currency: string) => string): string;
  duration(ms: number): string;
  readonly summary: {
    heading(explanation: Explanation): string;
    membership(status: MembershipStatus, since: string | undefined): string;
    granted(said: Said, fact: string): string;
    confirmed(source: Source, afterMs: number): string;
    unconfirmed(): string;
    reviews(count: number): string;
    undelivered(sequence: number, delivered: number): string;
    notPlaced(): string;
  };
  readonly entries: {
    placed(order: OrderPlaced, money: string): string;
    attached(entry: Of<'attached'>): string;
    linked(entry: Of<'linked'>): string;
    held(said: string): string;
    said(said: Said, fact: string): string;
    decided(entry: Of<'decided'>): string;
    review(entry: Of<'review'>): string;
    resolved(entry: Of<'resolved'>): string;
    moved(entry: Of<'moved'>): string;
    delivered(entry: Of<'delivered'>): string;
    delivery_failed(entry: Of<'delivery_failed'>): string;
    taken_over(entry: Of<'taken_over'>): string;
    abandoned(entry: Of<'abandoned'>): string;
  };
  readonly verdicts: {
    decided(came: Came<'decided'>): string;
    confirms(came: Came<'confirms'>): string;
    waits(): string;
    does_not_count(came: Came<'does_not_count'>): string;
    second_payment(): string;
    older(): string;
    no_change(): string;
  };
}

const languages: Readonly<Record<Language, Words>> = { en: english, 'zh-TW': traditionalChinese };

/** The summary, a blank line, and the timeline. */
export function explanationLines(explanation: Explanation, language: Language = 'en'): readonly string[] {
  const words = languages[language];
  return [
    ...summaryLines(explanation, words),
    '',
    ...explanation.entries.map((entry) => `${timeText(entry.at)}  ${entryText(entry, words)}`),
  ];
}

function summaryLines(explanation: Explanation, words: Words): readonly string[] {
  const { summary } = words;
  const { membership, since, openReviews, sequence, delivered, memberId } = explanation;
  const lines = [
    summary.heading(explanation),
    memberId === undefined ? summary.notPlaced() : summary.membership(membership, since && timeText(since)),
  ];
  const granted = explanation.entries.find(
    (entry) => entry.kind === 'said' && entry.verdict.verdict === 'decided' && entry.verdict.decision === 'MembershipGranted',
  );
  if (granted?.kind === 'said')
    lines.push(summary.granted(granted.said, factText(granted.said, words)), ...confirmations(granted, explanation, words));
  if (openReviews > 0) lines.push(summary.reviews(openReviews));
  if (delivered < sequence) lines.push(summary.undelivered(sequence, delivered));
  return lines;
}

/** Who confirmed the very fact that granted. */
function confirmations(granted: Of<'said'>, { entries }: Explanation, { summary }: Words): readonly string[] {
  const of = JSON.stringify([granted.said.payment, granted.said.fact]);
  const found = entries.flatMap((entry) =>
    entry.kind === 'said' && entry.verdict.verdict === 'confirms' && JSON.stringify([entry.said.payment, entry.said.fact]) === of
      ? [summary.confirmed(entry.said.source, entry.verdict.afterMs)]
      : [],
  );
  return found.length > 0 ? found : [summary.unconfirmed()];
}

function entryText(entry: TimelineEntry, words: Words): string {
  const { entries } = words;
  switch (entry.kind) {
    case 'placed':
      return entries.placed(entry.order, moneyText(entry.order.expected.amountMinor, entry.order.expected.currency));
    case 'attached':
      return entries.attached(entry);
    case 'linked':
      return entries.linked(entry);
    case 'held':
      return entries.held(entries.said(entry.said, factText(entry.said, words)));
    case 'said':
      return `${entries.said(entry.said, factText(entry.said, words))} ${verdictText(entry.verdict, words)}`;
    case 'decided':
      return entries.decided(entry);
    case 'review':
      return entries.review(entry);
    case 'resolved':
      return entries.resolved(entry);
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
  }
}

function verdictText(came: Verdict, { verdicts }: Words): string {
  switch (came.verdict) {
    case 'decided':
      return verdicts.decided(came);
    case 'confirms':
      return verdicts.confirms(came);
    case 'waits':
      return verdicts.waits();
    case 'does_not_count':
      return verdicts.does_not_count(came);
    case 'second_payment':
      return verdicts.second_payment();
    case 'older':
      return verdicts.older();
    case 'no_change':
      return verdicts.no_change();
  }
}

function factText({ fact, payment }: Said, words: Words): string {
  return words.fact(fact, payment.id, moneyText);
}

/** `2026-01-05 09:00:12`, UTC. */
export function timeText(iso: string): string {
  return iso.slice(0, 19).replace('T', ' ');
}
