// The words of the console: one catalogue for each language. English gives the keys and the parameters; a missing translation
// or a wrong parameter is a compile error. Counts are functions. Ids, event types and error names are not translated.
import type { Html } from '../html.ts';
import { en } from './words/en.ts';
import { zhTW } from './words/zh-tw.ts';

export type Lang = 'en' | 'zh-TW';
/** The keys of English, and for each the parameters that it takes. */
export type Words = typeof en;

type Entry = string | ((...values: never[]) => string | Html);
interface Room {
  readonly [key: string]: Entry | Room;
}

export const langs: readonly Lang[] = ['en', 'zh-TW'];
export const catalogues: Readonly<Record<Lang, Words>> = { en: en satisfies Record<string, Room>, 'zh-TW': zhTW };

/** The best language for `Accept-Language`. Traditional Chinese of any place is ours; simplified Chinese gets English. */
export function langOf(acceptLanguage: string | undefined): Lang {
  const wishes = (acceptLanguage ?? '')
    .split(',')
    .slice(0, 20)
    .map((wish, at) => {
      const [tag = '', ...rest] = wish.trim().split(';');
      const weight = Number(/^\s*q=([0-9.]+)\s*$/.exec(rest.join(';'))?.[1] ?? 1);
      return { lang: known(tag.trim().toLowerCase()), weight, at };
    })
    .filter(({ weight }) => weight > 0)
    .sort((one, other) => other.weight - one.weight || one.at - other.at);
  return wishes.find(({ lang }) => lang !== undefined)?.lang ?? 'en';
}

function known(tag: string): Lang | undefined {
  if (tag === 'en' || tag.startsWith('en-')) return 'en';
  if (/^zh-(tw|hk|mo|hant)(-|$)/.test(tag)) return 'zh-TW';
  return undefined;
}
