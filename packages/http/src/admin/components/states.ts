// States and sources. Never by colour alone: shape, word and tone together.
import type { MembershipStatus, Queue, Source } from '@paidonce/ledger';
import { type Html, html, type Insert } from '../../html.ts';
import type { Locale } from './format.ts';

export type Tone = 'ok' | 'warn' | 'bad' | 'info' | '';
export type Icon =
  | 'ok'
  | 'pause'
  | 'x'
  | 'ring'
  | 'flag'
  | 'warn'
  | 'clock'
  | 'hand'
  | 'query'
  | 'bolt'
  | 'poll'
  | 'user'
  | 'shop'
  | 'ext'
  | 'copy';

export function pill(tone: Tone, icon: Icon, word: Insert): Html {
  return html`<span class="pill${tone && ` ${tone}`} i i-${icon}">${word}</span>`;
}

/** The states of an order, worst first. `undelivered` stands before `active`: the shop's truth first. */
export type ShownState = 'undelivered' | 'reviews' | 'suspended' | 'revoked' | 'active' | 'awaiting' | 'none';

const looks: Readonly<Record<ShownState, readonly [Tone, Icon]>> = {
  undelivered: ['bad', 'warn'],
  reviews: ['warn', 'flag'],
  suspended: ['warn', 'pause'],
  revoked: ['bad', 'x'],
  active: ['ok', 'ok'],
  awaiting: ['info', 'clock'],
  none: ['', 'ring'],
};

/** The one state that heads an order or stands in its row: the worst. */
export function shownState(status: MembershipStatus, queues: readonly Queue[]): ShownState {
  if (queues.includes('undelivered')) return 'undelivered';
  if (queues.includes('reviews')) return 'reviews';
  if (status === 'none') return queues.includes('awaiting') ? 'awaiting' : 'none';
  return status;
}

export function statePill({ words }: Locale, state: ShownState): Html {
  const [tone, icon] = looks[state];
  return pill(tone, icon, words.parts[state]);
}

/** The membership alone, whatever else waits. `saved` false: in a quiet tone, since the shop does not have it. */
export function membershipPill({ words }: Locale, status: MembershipStatus, saved = true): Html {
  const [tone, icon] = looks[status];
  return pill(saved ? tone : '', icon, words.parts[status]);
}

/** As classes of the sheet. */
export const sourceClass: Readonly<Record<Source, string>> = { webhook: 'webhook', poll: 'poll', status_query: 'query', manual: 'manual' };
const sourceIcon: Readonly<Record<Source, Icon>> = { webhook: 'bolt', poll: 'poll', status_query: 'query', manual: 'user' };
const sourceKey = { webhook: 'webhook', poll: 'poll', status_query: 'statusQuery', manual: 'manual' } as const;
const inSentenceKey = { webhook: 'theWebhook', poll: 'thePoll', status_query: 'theStatusQuery', manual: 'theManual' } as const;

export function sourceText({ words }: Locale, source: Source): string {
  return words.parts[sourceKey[source]];
}
/** As it stands in a sentence: `the poll found it`. */
export function sourceInSentence({ words }: Locale, source: Source): string {
  return words.parts[inSentenceKey[source]];
}
export function sourceMark(locale: Locale, source: Source): Html {
  return html`<span class="src ${sourceClass[source]}"><span class="i i-${sourceIcon[source]}"></span>${sourceText(locale, source)}</span>`;
}
