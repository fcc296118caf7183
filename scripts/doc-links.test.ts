// Checks that what a document names exists: each relative link leads to a file or folder of the project, each #anchor to a
// heading of it, and each `file.ts` in a code span is the end of a path of the project. Web addresses are not checked.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeSpan, filesOf, proseOf } from './documents.ts';

const documents = [
  'README.md',
  'README.zh-TW.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  '.changeset/README.md',
  'docs/**/*.md',
  'packages/*/{README,CHANGELOG}.md',
  'examples/**/*.md',
];
const sources = '{packages,examples,scripts,benchmarks,torture}/**/*.ts';

/** Returns `path:line: error: what is wrong` for each fault of one document. @param path relative to `root`. */
function brokenIn(root: string, path: string, files: readonly string[] = filesOf(root, sources)): readonly string[] {
  return proseOf(readFileSync(join(root, path), 'utf8')).flatMap(({ line, text }) => {
    const wrong = [...linksIn(text).map((link) => wrongLink(root, path, link)), ...namesIn(text).map((name) => wrongName(name, files))];
    return wrong.flatMap((found) => (found === undefined ? [] : [`${path}:${line}: error: ${found}`]));
  });
}

function wrongLink(root: string, path: string, link: string): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:/i.test(link)) return undefined; // It is a web or mail address.
  const [target = '', anchor] = link.split('#', 2).map(decodeURIComponent);
  const file = target === '' ? join(root, path) : resolve(root, dirname(path), target);
  const named = relative(root, file).split(sep).join('/');
  if (target.startsWith('/') || named.startsWith('..')) return `${link} leads out of the project, use a relative path inside it`;
  if (!existsSync(file)) return `${link} leads to ${named}, which does not exist`;
  if (anchor === undefined) return undefined;
  const page = statSync(file).isDirectory() ? join(file, 'README.md') : file;
  if (!page.endsWith('.md') || !existsSync(page)) return `${link} has an anchor, but ${named} is no Markdown page`;
  return slugsOf(readFileSync(page, 'utf8')).includes(anchor) ? undefined : `${link}: ${named} has no heading #${anchor}`;
}

function wrongName(name: string, files: readonly string[]): string | undefined {
  const pattern = new RegExp(`(?:^|/)${name.replaceAll('.', '\\.').replaceAll('*', '[^/]*')}$`);
  return files.some((file) => pattern.test(file)) ? undefined : `no file of the project is called ${name}`;
}

/** Returns the targets of inline links, of images and of `[name]: target`. */
function linksIn(text: string): readonly string[] {
  const uncoded = text.replace(codeSpan, 'code');
  const inline = [...uncoded.matchAll(/\]\(\s*<?([^)>\s]+)>?(?:\s+["'][^)]*)?\s*\)/g)];
  const defined = [...uncoded.matchAll(/^\s*\[[^\]]+\]:\s*<?([^>\s]+)/g)];
  return [...inline, ...defined].map(([, target = '']) => target);
}

function namesIn(text: string): readonly string[] {
  return [...text.matchAll(codeSpan)].flatMap(([, , code = '']) => (/^[\w./*-]+\.ts$/.test(code) ? [code] : []));
}

/** Returns the anchors of the headings, as GitHub makes them: a heading that comes again gets a number. */
function slugsOf(text: string): readonly string[] {
  const times = new Map<string, number>();
  return proseOf(text).flatMap((line) => {
    const heading = /^#{1,6}\s+(.*?)\s*#*$/.exec(line.text)?.[1];
    if (heading === undefined) return [];
    const words = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const slug = words.replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '').replaceAll(' ', '-');
    const seen = times.get(slug) ?? 0;
    times.set(slug, seen + 1);
    return [seen === 0 ? slug : `${slug}-${seen}`];
  });
}

describe('the documents of the project', () => {
  const root = resolve(import.meta.dirname, '..');
  const paths = filesOf(root, documents);

  test('are found', () => {
    expect(paths).toEqual(
      expect.arrayContaining(['README.md', 'ARCHITECTURE.md', 'packages/ledger/README.md', 'examples/cluster/README.md']),
    );
  });

  test.each(paths)('%s names what is there', (path) => {
    expect(brokenIn(root, path)).toEqual([]);
  });
});

describe('a broken example', () => {
  let root: string;
  const broken = (text: string): readonly string[] => {
    writeFileSync(join(root, 'docs/page.md'), text);
    return brokenIn(root, 'docs/page.md');
  };

  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'paidonce-links-'));
    for (const folder of ['docs', 'packages/ledger/src']) mkdirSync(join(root, folder), { recursive: true });
    writeFileSync(join(root, 'packages/ledger/src/ledger.ts'), '');
    writeFileSync(
      join(root, 'docs/README.md'),
      '# Not `here`, but [there](../README.md)!\n\n## Twice\n\n## Twice\n\n```sh\n# a comment\n```\n',
    );
  });
  afterAll(() => rmSync(root, { recursive: true }));

  test.each([
    ['a file', '[x](../packages/ledger/src/ledger.ts)'],
    ['a folder', '[x](../packages/ledger)'],
    ['a heading', '[x](README.md#not-here-but-there)'],
    ['a heading that comes again', '[x](README.md#twice-1)'],
    ['a heading of the README of a folder', '[x](../docs#twice)'],
    ['a heading of its own', '# Here\n[x](#here)'],
    ['an address on the web', '[x](https://example.com/nowhere.md#nothing)'],
    ['an example in a code span', '`[x](nowhere.md)`'],
    ['an example in a fence', '```md\n[x](nowhere.md)\n```\n'],
    ['a file by the end of its path', '`ledger.ts`, `src/ledger.ts` and `packages/*/src/led*.ts`'],
  ])('%s is there', (_, text) => {
    expect(broken(text)).toEqual([]);
  });

  test.each([
    ['a file', '\n[x](nowhere.md)', 'docs/page.md:2: error: nowhere.md leads to docs/nowhere.md, which does not exist'],
    ['the second link of a line', '[x](README.md) [`y`](nowhere.md "title")', 'nowhere.md, which does not exist'],
    ['an image', '![x](nowhere.png)', 'docs/nowhere.png, which does not exist'],
    ['a link by reference', '[x]: nowhere.md', 'docs/nowhere.md, which does not exist'],
    ['a heading', '[x](README.md#nothing)', 'docs/README.md has no heading #nothing'],
    ['a comment that is no heading', '[x](README.md#a-comment)', 'has no heading #a-comment'],
    ['a heading of its own', '[x](#nothing)', 'docs/page.md has no heading #nothing'],
    ['a heading of a source', '[x](../packages/ledger/src/ledger.ts#L1)', 'is no Markdown page'],
    ['a file outside', '[x](../../elsewhere.md)', 'leads out of the project'],
    ['a path from the root', '[x](/README.md)', 'leads out of the project'],
    ['a file in a code span', 'see `ledgers.ts`', 'no file of the project is called ledgers.ts'],
    ['a half of a name', 'see `edger.ts`', 'no file of the project is called edger.ts'],
  ])('%s is missing', (_, text, message) => {
    expect(broken(text)).toEqual([expect.stringContaining(message)]);
  });
});
