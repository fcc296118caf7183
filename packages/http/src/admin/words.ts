// The words of the console: one catalogue for each language. English gives the keys and the parameters; a missing translation
// or a wrong parameter is a compile error. Counts are functions. Ids, event types and error names are not translated.
import type { Language } from '../console-call.ts';
import type { Html } from '../html.ts';
import { en } from './words/en.ts';
import { zhTW } from './words/zh-tw.ts';

/** The keys of English, and for each the parameters that it takes. */
export type Words = typeof en;

type Entry = string | ((...values: never[]) => string | Html);
interface Room {
  readonly [key: string]: Entry | Room;
}

export const catalogues: Readonly<Record<Language, Words>> = { en: en satisfies Record<string, Room>, 'zh-TW': zhTW };
