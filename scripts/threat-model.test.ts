// Checks that each row of docs/why/threat-model.md names the test that holds it, and that the test is there. A row refers to a file
// by the letter, with or without a digit, that the page gives it, and to a test by its name.
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const page = resolve(import.meta.dirname, '../docs/why/threat-model.md');
const text = readFileSync(page, 'utf8');

const files = new Map(
  [...text.matchAll(/\b([A-Z]\d?) = \[[^\]]+\]\(([^)]+\.test\.ts)\)/g)].map(([, letter = '', path = '']) => [letter, path]),
);
const rows = text
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| Somebody…'))
  .map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

/** The tests that a cell names. */
function testsIn(cell: string): readonly { readonly letter: string; readonly name: string }[] {
  return [...cell.matchAll(/(?:^|; )([A-Z]\d?) `([^`]+)`/g)].map(([, letter = '', name = '']) => ({ letter, name }));
}

/** The name as it stands in the source, where a quote in a text has a backslash before it. */
function stands(source: string, name: string): boolean {
  return [`'${name.replaceAll("'", "\\'")}'`, `"${name}"`, `\`${name}\``].some((quoted) => source.includes(quoted));
}

describe('each row', () => {
  test('is read, and there are two tables', () => {
    expect(rows.length).toBeGreaterThan(40);
    expect(files.size).toBeGreaterThan(15);
    expect(new Set(rows.map((cells) => cells.length))).toEqual(new Set([3]));
  });

  test.each(rows)('%s', (somebody = '', _stops, cell = '') => {
    const tests = testsIn(cell);
    expect([somebody, tests.length > 0]).toEqual([somebody, true]);
    expect(tests.map(({ letter, name }) => `${letter} \`${name}\``).join('; ')).toBe(cell);
    for (const { letter, name } of tests) {
      const path = files.get(letter);
      expect([letter, path !== undefined]).toEqual([letter, true]);
      expect([name, stands(readFileSync(join(dirname(page), path ?? ''), 'utf8'), name)]).toEqual([name, true]);
    }
  });
});
