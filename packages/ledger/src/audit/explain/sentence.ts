// Sentences with marked parts: a page shows an id, an amount or a time as markup, and a terminal as text. So each language
// writes a sentence once, and no markup is in the catalogue.
import { groupedMoneyText } from '../minor-units.ts';
import { timeText } from './messages.ts';

/** A part of a sentence. Text stands for itself. */
export type Span =
  | string
  /** An id, whole. */
  | { readonly id: string }
  | { readonly amountMinor: number; readonly currency: string }
  /** ISO 8601 in UTC. */
  | { readonly time: string }
  /** What the reader looks for first. */
  | { readonly strong: string };
export type Sentence = readonly Span[];

type Said = Span | Sentence | number | undefined | false;

/** A sentence as a template: `say\`paid ${{ amountMinor, currency }}\``. Undefined and false add nothing. */
export function say(texts: TemplateStringsArray, ...spans: readonly Said[]): Sentence {
  const all = texts.flatMap((text, index): readonly Span[] => [text, ...spansOf(spans[index])]);
  return all.filter((span) => span !== '');
}

function spansOf(said: Said): readonly Span[] {
  if (said === undefined || said === false) return [];
  if (typeof said === 'number') return [String(said)];
  return isSentence(said) ? said : [said];
}

function isSentence(said: Span | Sentence): said is Sentence {
  return Array.isArray(said);
}

export function joined(sentences: readonly Sentence[], between: string): Sentence {
  return sentences.flatMap((sentence, index) => (index === 0 ? sentence : [between, ...sentence]));
}

/** Returns the sentence as plain text. Times are `2026-01-05 09:00:12`, in UTC, unless `time` says otherwise. */
export function sentenceText(sentence: Sentence, time: (iso: string) => string = timeText): string {
  return sentence.map((span) => spanText(span, time)).join('');
}

function spanText(span: Span, time: (iso: string) => string): string {
  if (typeof span === 'string') return span;
  if ('id' in span) return span.id;
  if ('strong' in span) return span.strong;
  if ('time' in span) return time(span.time);
  return groupedMoneyText(span.amountMinor, span.currency);
}
