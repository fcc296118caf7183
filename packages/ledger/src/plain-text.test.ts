import { describe, expect, test } from 'vitest';
import { isPlainText, printable } from './plain-text.ts';

const unsafe: readonly [name: string, text: string, shown: string][] = [
  ['a line break', 'a\nb', 'a\\u000ab'],
  ['a carriage return', 'a\rb', 'a\\u000db'],
  ['a tab', 'a\tb', 'a\\u0009b'],
  ['an escape sequence', '\u001b[2Ka', '\\u001b[2Ka'],
  ['an escape of eight bits', '\u009b2Ka', '\\u009b2Ka'],
  ['a deletion', '\u007f', '\\u007f'],
  ['nothing', '\u0000', '\\u0000'],
  ['a line separator', 'a\u2028b', 'a\\u2028b'],
  ['a paragraph separator', 'a\u2029b', 'a\\u2029b'],
  ['an override of direction', '\u202egnp.exe', '\\u202egnp.exe'],
  ['an isolate', '\u2066a\u2069', '\\u2066a\\u2069'],
  ['a mark of direction', '\u200fa\u061c', '\\u200fa\\u061c'],
  ['half a character', '\ud800', '\\ud800'],
];

test.each(unsafe)('%s is no plain text, and is escaped', (_, text, shown) => {
  expect(isPlainText(text)).toBe(false);
  expect(printable(text)).toBe(shown);
  expect(isPlainText(printable(text))).toBe(true);
});

test.each(['Überweisung, Kontoauszug 12', '銀行轉帳', 'שולם', 'paid \u{1f600}, "yes"', ''])(
  '%s is plain text, and stays as it is',
  (text) => {
    expect(isPlainText(text)).toBe(true);
    expect(printable(text)).toBe(text);
  },
);

describe('in JSON', () => {
  test('an escaped character is the same character', () => {
    const value = { text: unsafe.map(([, text]) => text).join('') };
    expect(JSON.parse(printable(JSON.stringify(value)))).toEqual(value);
  });
});
