// Checks that the documents use plain English: no word that only readers of this project understand, or that a reader whose
// first language is another one may misread. Code is not checked.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { codeSpan, filesOf, proseOf } from './documents.ts';

const root = resolve(import.meta.dirname, '..');
const documents = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'docs/**/*.md', 'packages/*/README.md'];
const banned = /\b(?:told|said|strangers?|mend(?:s|ed|ing)?|holds against|looked at|person decides)\b/i;

/** Returns `line: word` for each line with a banned word. */
function bannedIn(text: string): readonly string[] {
  return proseOf(text).flatMap(({ line, text: prose }) => {
    const found = banned.exec(prose.replace(codeSpan, 'code'))?.[0];
    return found === undefined ? [] : [`${line}: ${found}`];
  });
}

describe('the documents', () => {
  const paths = filesOf(root, documents);

  test('are found', () => {
    expect(paths).toEqual(expect.arrayContaining(['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'packages/ledger/README.md']));
    expect(paths.some((path) => path.startsWith('docs/'))).toBe(true);
  });

  test.each(paths)('%s has no banned word', (path) => {
    expect(bannedIn(readFileSync(join(root, path), 'utf8'))).toEqual([]);
  });
});

describe('a small example', () => {
  test('has a banned word', () => {
    expect(bannedIn('# Page\n\nThe shop is Told.\nA person decides it, and mends it.\n')).toEqual(['3: Told', '4: person decides']);
  });

  test('has it only in code, or in another word', () => {
    expect(bannedIn('The field `said`, and recommended strangeness.\n\n```\nit was told\n```\n')).toEqual([]);
  });
});
