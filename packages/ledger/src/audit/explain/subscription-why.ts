// Why a subscription was decided as it was: the decision, and what of all that was told led to it.
import { type SubscriptionDecision, type SubscriptionObserved, subscriptionOutcomeOf } from '../../subscription/events.ts';
import type { Language } from './language.ts';
import { type Sentence, type Span, say } from './sentence.ts';
import type { SubscriptionRow } from './subscription-rows.ts';
import type { SubscriptionWords } from './subscription-words.ts';
import { subscriptionWordsEn } from './subscription-words-en.ts';
import { subscriptionWordsZhTw } from './subscription-words-zh-tw.ts';

export const subscriptionWords: Readonly<Record<Language, SubscriptionWords>> = { en: subscriptionWordsEn, 'zh-TW': subscriptionWordsZhTw };

/** The decision with what led to it, as one sentence. @param earlier the rows before its own. */
export function whyText(
  row: SubscriptionRow,
  decision: SubscriptionDecision,
  language: Language,
  earlier: readonly SubscriptionRow[],
): Sentence {
  const words = subscriptionWords[language];
  const said = decisionText(decision, words);
  const because = becauseOf(row, decision, language, earlier);
  if (because === undefined) return [...said, words.fullStop];
  return [...(because.isNamely ? words.namely(said, because.text) : words.because(said, because.text)), words.fullStop];
}

/** What led to the decision, as a sentence of its own. */
export function whyOf(
  row: SubscriptionRow,
  decision: SubscriptionDecision,
  language: Language,
  earlier: readonly SubscriptionRow[],
): Sentence {
  const because = becauseOf(row, decision, language, earlier);
  return because ? [...sentenceStart(because.text), subscriptionWords[language].fullStop] : [];
}

interface BecauseText {
  readonly text: Sentence;
  /** True: it says how, not who said so. */
  readonly isNamely?: true;
}

function becauseOf(
  row: SubscriptionRow,
  decision: SubscriptionDecision,
  language: Language,
  earlier: readonly SubscriptionRow[],
): BecauseText | undefined {
  const words = subscriptionWords[language];
  const { paidThrough, validUntil } = decision.data;
  const report =
    leadOf(row, decision) ??
    [...earlier]
      .reverse()
      .map((each) => leadOf(each, decision))
      .find((each) => each !== undefined);
  if (isBySilence(decision) && report?.look !== undefined) {
    return { text: words.ranOut(timeOf(paidThrough), { time: validUntil }, report.source, { time: report.look }), isNamely: true };
  }
  if (row.act) return { text: words.ruled({ id: row.act.data.by?.actor ?? '' }) };
  const ahead = aheadText(row, language);
  if (ahead) return { text: ahead, isNamely: true };
  return report && { text: reportText(report, words) };
}

export function decisionText(decision: SubscriptionDecision, words: SubscriptionWords): Sentence {
  const { paidThrough, validUntil, plan, quantity } = decision.data;
  switch (subscriptionOutcomeOf(decision)) {
    case 'granted':
      return words.grantedTo({ time: paidThrough ?? validUntil });
    case 'extended':
      return words.extendedTo({ time: paidThrough ?? validUntil });
    case 'plan_changed':
      return words.changedPlan(plan, quantity);
    case 'adjusted':
      return words.adjustedTo({ time: validUntil });
    case 'ended':
      return words.endedOn({ time: validUntil });
    default:
      return say`${words.outcomes[subscriptionOutcomeOf(decision)]}`;
  }
}

/** True if it ended although nobody said that it does: nothing more was paid. */
function isBySilence({ type, data }: SubscriptionDecision): boolean {
  return type === 'SubscriptionEnded' && (data.cause === 'expired' || data.cause === 'unpaid');
}

/** What of the row a decision rests on. Undefined: nothing of it. */
export function leadOf({ reports }: SubscriptionRow, { type, data }: SubscriptionDecision): SubscriptionObserved | undefined {
  const kinds: readonly string[] = {
    refunded: ['refund', 'credit_note'],
    disputed: ['dispute'],
    canceled: ['lifecycle'],
    unpaid: ['lifecycle'],
    paused: ['lifecycle'],
    expired: ['lifecycle'],
    grace: ['lifecycle', 'invoice'],
  }[data.cause as string] ?? ['invoice'];
  const found = kinds.flatMap(
    (kind) => reports.find(({ fact }) => fact.kind === kind && (fact.kind !== 'invoice' || fact.id === data.invoice)) ?? [],
  );
  if (found[0]) return found[0];
  const isChange = type === 'SubscriptionRestored' || type === 'SubscriptionChanged' || type === 'SubscriptionEnded';
  return isChange ? (reports.find(({ look }) => look !== undefined) ?? reports[0]) : undefined;
}

export function reportText({ source, fact, evidence, ...report }: SubscriptionObserved, words: SubscriptionWords): Sentence {
  const actor = 'by' in report ? { id: report.by.actor } : undefined;
  const money = fact.kind === 'invoice' && fact.status === 'paid' ? { amountMinor: fact.totalMinor, currency: fact.currency } : undefined;
  return words.said(source, actor, words.fact(fact, money), { id: evidence.eventId ?? evidence.objectId });
}

export function aheadText({ entries }: SubscriptionRow, language: Language): Sentence | undefined {
  const ahead = entries.find(({ event }) => event.type === 'ShopAhead')?.event;
  return ahead?.type === 'ShopAhead' ? subscriptionWords[language].shopAhead(ahead.data.sequence) : undefined;
}

/** With a capital letter, where the language has such. */
export function sentenceStart([first, ...rest]: Sentence): Sentence {
  return typeof first === 'string'
    ? [first.trimStart().replace(/^./, (letter) => letter.toUpperCase()), ...rest]
    : first === undefined
      ? []
      : [first, ...rest];
}

function timeOf(time: string | undefined): Span | undefined {
  return time === undefined ? undefined : { time };
}
