// Both catalogues have the same keys (the compiler sees to that), real translations, and none of the words that we do not use.
import { describe, expect, test } from 'vitest';
import { Html } from '../html.ts';
import { catalogues } from './words.ts';

type Found = readonly [key: string, text: string];

/** Every string, and every function called with parameters that one can find again. */
function textsOf(room: object, path = ''): readonly Found[] {
  return Object.entries(room).flatMap(([key, entry]): readonly Found[] => {
    const name = path === '' ? key : `${path}.${key}`;
    if (typeof entry === 'string') return [[name, entry]];
    if (typeof entry === 'function') return [[name, called(entry)]];
    return textsOf(entry as object, name);
  });
}

function called(entry: (...values: unknown[]) => unknown): string {
  const tries: readonly unknown[][] = [
    ['⟨a⟩', '⟨b⟩', '⟨c⟩', '⟨d⟩', '⟨e⟩'],
    [['⟨a⟩'], 1],
    [2, 11, 2026],
  ];
  for (const values of tries) {
    try {
      const made = entry(...values);
      if (typeof made === 'string' || made instanceof Html) return String(made);
    } catch {
      // Other parameters are meant.
    }
  }
  throw new Error('no parameters fit');
}

/** Reasons that the console gives itself stand in the log for ever, in one language. */
const inTheLog: readonly string[] = ['order.tryNowReason'];
const english = new Map(textsOf(catalogues.en));
const chinese = new Map(textsOf(catalogues['zh-TW']));
/** Names, ids, and words that are the same in both. */
const same = /^(?:[⟨⟩a-e\d\s/·,，.%–…:;()]|Webhook|webhook|Stripe|API|UTC|CSV|English|繁體中文|pi_|cs_|evt_)*$/;

test('the catalogues have the same keys', () => {
  expect([...chinese.keys()]).toEqual([...english.keys()]);
  expect(english.size).toBeGreaterThan(400);
});

test('every string is translated', () => {
  const untranslated = [...english].filter(([key, text]) => chinese.get(key) === text && !same.test(text) && !inTheLog.includes(key));
  expect(untranslated).toEqual([]);
});

test('Chinese has Chinese in it', () => {
  const without = [...chinese].filter(([key, text]) => !/\p{Script=Han}/u.test(text) && !same.test(text) && !inTheLog.includes(key));
  expect(without).toEqual([]);
});

test('no words that we do not use', () => {
  const banned = {
    en: /\b(told|said|strangers?|mend(?:s|ed)?|holds? against|looked at|person decides)\b/i,
    zh: /數據|信息|默認|代碼|剛好一次|折騰/,
  };
  expect([...english].filter(([, text]) => banned.en.test(text))).toEqual([]);
  expect([...chinese].filter(([, text]) => banned.zh.test(text))).toEqual([]);
});

describe('Chinese typography', () => {
  test('a space stands between Chinese and Latin script or figures', () => {
    const tight = /\p{Script=Han}[A-Za-z0-9]|[A-Za-z0-9]\p{Script=Han}/u;
    expect([...chinese].filter(([, text]) => tight.test(text.replaceAll(/<[^>]+>/g, '')))).toEqual([]);
  });
  test('marks are full-width', () => {
    expect([...chinese].filter(([, text]) => /\p{Script=Han}[,;:?!]|\p{Script=Han}\.(\s|$)/u.test(text))).toEqual([]);
  });
});

test('a review about the mode is named by both modes: the money may be live, and the order a test', () => {
  for (const key of ['queues.kind.mode', 'subscription.kind.mode'])
    expect([english.get(key), chinese.get(key)]).toEqual([
      expect.stringMatching(/test.*live|live.*test/),
      expect.stringMatching(/測試.*正式|正式.*測試/),
    ]);
});

test('an invoice has one name in Chinese', () => {
  expect([...chinese].filter(([, text]) => text.includes('發票'))).toEqual([]);
});

test('counts have a singular', () => {
  const { parts, overview, runs } = catalogues.en;
  expect([parts.orders(1, '1'), parts.orders(2, '2'), parts.days(1)]).toEqual(['1 order', '2 orders', '1 day']);
  expect(String(overview.unsaved(1, '1', '09:41'))).toContain('1 decision since');
  expect(runs.newTitle('redeliver', 1, '1')).toBe('Deliver 1 order again?');
});
