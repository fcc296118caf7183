// A sentence of the ledger's catalogue as markup: ids whole, amounts and times as components.
import type { Sentence, Span } from '@paidonce/ledger/audit';
import { type Html, html, type Insert } from '../../html.ts';
import { id, money, time } from '../components/ids.ts';
import type { PageContext } from '../page-context.ts';

export interface SentenceStyle {
  /** How amounts stand out. Default: `b`. */
  readonly amounts?: 'b' | 'strong' | 'plain';
  readonly times?: 'second' | 'minute' | 'day-minute';
}

export function sentenceHtml(context: PageContext, sentence: Sentence, style: SentenceStyle = {}): Html {
  return html`${sentence.map((span) => spanHtml(context, span, style))}`;
}

function spanHtml(context: PageContext, span: Span, { amounts = 'b', times = 'second' }: SentenceStyle): Insert {
  if (typeof span === 'string') return span;
  if ('id' in span) return id(context, span.id);
  if ('strong' in span) return html`<strong>${span.strong}</strong>`;
  if ('time' in span) return time(context, span.time, times);
  const text = money(context, span.amountMinor, span.currency);
  if (amounts === 'plain') return text;
  return amounts === 'strong' ? html`<strong>${text}</strong>` : html`<b>${text}</b>`;
}
