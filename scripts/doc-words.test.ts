// Checks that the documents use plain English: no word that only readers of this project understand, or that a reader whose
// first language is another one may misread. Of fenced blocks it reads plain text, and the comments of commands; other code is
// not checked.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { codeSpan, filesOf, type Prose, proseOf } from './documents.ts';

const root = resolve(import.meta.dirname, '..');
const documents = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md', 'docs/**/*.md', 'packages/*/{README,CHANGELOG}.md'];
const banned = /\b(?:told|said|strangers?|mend(?:s|ed|ing)?|holds\b.*\bagainst|looked at|person decides)\b/i;

/** Returns the lines of plain and `text` blocks, and the comments of `sh` blocks. */
function fencedProseOf(text: string): readonly Prose[] {
  const prose: Prose[] = [];
  let language: string | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const fence = /^\s*(?:```|~~~)(\w*)/.exec(line);
    if (fence) language = language === undefined ? fence[1] : undefined;
    else if (language === '' || language === 'text') prose.push({ line: index + 1, text: line });
    else if (language === 'sh') prose.push({ line: index + 1, text: /(?:^|\s)#\s(.*)$/.exec(line)?.[1] ?? '' });
  }
  return prose;
}

/** Returns `line: word` for each line with a banned word. */
function bannedIn(text: string): readonly string[] {
  return [...proseOf(text), ...fencedProseOf(text)].flatMap(({ line, text: prose }) => {
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
    expect(bannedIn('The field `said`, and recommended strangeness.\n\n```ts\nit.was(told);\n```\n')).toEqual([]);
    expect(bannedIn('```sh\npaidonce said\n```\n')).toEqual([]);
  });

  test('has it in a plain block, in the comment of a command, or in two words apart', () => {
    expect(bannedIn('```text\nit was told\n```\n')).toEqual(['2: told']);
    expect(bannedIn('```sh\npaidonce explain   # who said what\n```\n')).toEqual(['2: said']);
    expect(bannedIn('It holds every payment against the log.\n')).toEqual(['1: holds every payment against']);
  });
});
