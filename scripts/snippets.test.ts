// Checks that each snippet in a document is what its example has, and that the copying finds what it should.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { filesOf } from './documents.ts';
import { regionOf, snippetMark, spliced } from './snippets.ts';

const root = resolve(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const quoting = filesOf(root, ['README*.md', 'docs/**/*.md', 'packages/*/README.md']).filter((path) => read(path).includes('<!-- from '));

describe('the documents', () => {
  test('quote examples', () => {
    expect(quoting).toEqual(expect.arrayContaining(['README.md', 'README.zh-TW.md']));
  });

  test.each(quoting)('%s has what its examples have; if not: npm run docs', (path) => {
    expect(spliced(read(path), read)).toBe(read(path));
  });

  test.each(quoting)('%s has code below each mark', (path) => {
    expect([...read(path).matchAll(snippetMark)].length).toBe(read(path).split('<!-- from ').length - 1);
  });
});

describe('a guide of a host has its example whole, so that an empty folder becomes a shop', () => {
  const code = (text: string): string => text.replaceAll(/^\s*(?:\/\/ #(?:end)?region .*)?\n/gm, '');
  const quoted = (host: string): string =>
    code(
      [...read(`docs/start/${host}.md`).matchAll(snippetMark)]
        .map(([block]) => block.slice(block.indexOf('\n', block.indexOf('```')) + 1, -3))
        .join(''),
    );
  const withoutOpening = (path: string): string => code(read(path).replace(/^(?:\/\/(?! #).*\n)+/, ''));

  test.each([
    ['express', 'examples/express/main.ts'],
    ['fastify', 'examples/fastify/main.ts'],
    ['hono', 'examples/hono/main.ts'],
    ['nest', 'examples/nest/src/main.ts'],
  ])('%s', (host, path) => {
    expect(quoted(host)).toBe(withoutOpening(path));
  });

  test.each(filesOf(root, ['examples/next/{app,lib}/**/*.ts', 'examples/next/next.config.ts']))('next: %s', (path) => {
    expect(quoted('next')).toContain(withoutOpening(path));
  });
});

describe('a small example', () => {
  const source = 'before\n  // #region a\n  one\n    // #region b\n    two\n    // #endregion b\n  // #endregion a\nafter\n';
  const page = (code: string) => `Text.\n\n<!-- from x.ts#b,a -->\n\`\`\`ts\n${code}\n\`\`\`\n\nMore.\n\n\`\`\`ts\nown\n\`\`\`\n`;

  test('gets its regions, one after the other, and keeps what is around', () => {
    expect(spliced(page('old\nold'), () => source)).toBe(page('two\n\none\n  two'));
    expect(spliced(page('two\n\none\n  two'), () => source)).toBe(page('two\n\none\n  two'));
  });

  test('names a region that is not there, not closed, or empty', () => {
    expect(() => regionOf(source, 'c', 'x.ts')).toThrow('x.ts has no "// #region c"');
    expect(() => regionOf('// #region a\n', 'a', 'x.ts')).toThrow('x.ts has no "// #region a"');
    expect(() => regionOf('// #region a\n\n// #endregion a\n', 'a', 'x.ts')).toThrow('the region a is empty');
  });
});
