// Checks that each page in Traditional Chinese is in step with its English page: the same headings, code, tables, lists and links.
// What a sentence says nobody checks: whoever changes an English page changes the other, or asks for it in the pull request.
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { codeSpan, filesOf, proseOf } from './documents.ts';

const root = resolve(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const translated = filesOf(root, ['README.zh-TW.md', 'docs/**/*.zh-TW.md']);
const englishOf = (path: string): string => path.replace('.zh-TW.md', '.md');
const linkTo = (path: string): string => `](${basename(path)})`;

/** What must be equal on both pages, apart from the words. */
function shapeOf(text: string): object {
  const prose = proseOf(text.replace(/^\[(?:English|繁體中文)\]\(.*$/m, '')).map((line) => line.text);
  return {
    headings: prose.flatMap((line) => headingShape(line)),
    tables: prose.filter((line) => line.startsWith('|')).map((line) => `${cellsOf(line).length} ${codesIn(cellsOf(line)[0] ?? '')}`),
    items: prose.filter((line) => /^\s*(?:-|\d+\.) /.test(line)).length,
    links: prose.flatMap((line) => linksIn(line)).toSorted(),
    fences: fencesIn(text),
  };
}

/** The level; and the text where it is a name of the code, which other pages link to. */
function headingShape(line: string): readonly string[] {
  const [, level = '', text = ''] = /^(#+) (.*)$/.exec(line) ?? [];
  if (level === '') return [];
  return [/^[\w-]*_[\w-]*$|^PaidOnce[A-Z]\w+$/.test(text) ? `${level} ${text}` : level];
}

const cellsOf = (row: string): readonly string[] => row.split('|').slice(1, -1);
const codesIn = (text: string): string => [...text.matchAll(codeSpan)].map(([, , code]) => code).join(' ');

/** Where the links lead: a translated page counts as its English one, and a heading not at all. */
function linksIn(line: string): readonly string[] {
  return [...line.replace(codeSpan, 'code').matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) =>
    target.replace('.zh-TW.md', '.md').replace(/#.*/, ''),
  );
}

/** Code is equal. Comments in commands are translated, and so are drawings, which have no language. */
function fencesIn(text: string): readonly string[] {
  return [...text.matchAll(/^\s*```(\w*)[^\n]*\n(.*?)^\s*```$/gms)].map(([, language = '', code = '']) => {
    if (language === '') return 'a drawing';
    return `${language}\n${language === 'sh' ? code.replace(/(^|\s+)#.*$/gm, '') : code}`;
  });
}

/**
 * Bold text that no Markdown shows as such: between a mark such as 。 and a letter, `**` neither opens nor closes. English has a
 * space there, and Chinese none.
 */
function lostBold(line: string): readonly string[] {
  const marks = [...line.replace(codeSpan, (code) => 'c'.repeat(code.length)).matchAll(/\*\*/g)].map(({ index }) => index);
  const isLoose = (char: string | undefined): boolean => char === undefined || /[\s\p{P}]/u.test(char);
  return marks.flatMap((at, place) => {
    const [outside, inside] = place % 2 === 0 ? [line[at - 1], line[at + 2]] : [line[at + 2], line[at - 1]];
    const isLost = /[\p{P}]/u.test(inside ?? ' ') && !isLoose(outside);
    return isLost ? [line.slice(Math.max(0, at - 8), at + 10)] : [];
  });
}

/** Words that another one has replaced, so that one thing has one name in README, pages, console and commands. */
const replaced = /主控台|佐證|審查|送達|授予|客戶|賬|信息|默認|數據|支持(?!度)|代碼|剛好一次|折騰|您|轉接器|符合性測試|(?<!觸發)程序/;

describe('each page in Traditional Chinese', () => {
  test('is found', () => {
    expect(translated).toEqual(
      expect.arrayContaining(['README.zh-TW.md', 'docs/operate/console.zh-TW.md', 'docs/reference/status-states.zh-TW.md']),
    );
  });

  test.each(translated)('%s has an English page, and each links to the other', (path) => {
    const english = englishOf(path);
    expect(existsSync(join(root, english))).toBe(true);
    expect(read(path)).toContain(`[English]${linkTo(english).slice(1)}`);
    expect(read(english)).toContain(`[繁體中文]${linkTo(path).slice(1)}`);
  });

  test.each(translated)('%s has the headings, tables, lists, links and code of its English page', (path) => {
    expect(shapeOf(read(path))).toEqual(shapeOf(read(englishOf(path))));
  });

  test.each(translated)('%s calls each thing by one name', (path) => {
    const found = proseOf(read(path)).flatMap(({ line, text }) => {
      const word = replaced.exec(text.replace(codeSpan, 'code'))?.[0];
      return word === undefined ? [] : [`${line}: ${word}`];
    });
    expect(found).toEqual([]);
  });

  test.each(translated)('%s shows as bold what is meant so', (path) => {
    expect(proseOf(read(path)).flatMap(({ text }) => lostBold(text))).toEqual([]);
  });

  test.each(translated)('%s leads to translated pages where there are some', (path) => {
    const targets = [...read(path).matchAll(/\]\(([^)\s#]+\.md)/g)].map(([, target = '']) => target);
    const missed = targets.filter((target) => {
      const file = join(dirname(join(root, path)), target);
      return (
        basename(target) !== basename(englishOf(path)) && !target.endsWith('.zh-TW.md') && existsSync(file.replace(/\.md$/, '.zh-TW.md'))
      );
    });
    expect(missed).toEqual([]);
  });
});

describe('the guide of the console names what the console shows', () => {
  test.each([
    ['docs/operate/console.md', 'en'],
    ['docs/operate/console.zh-TW.md', 'zh-tw'],
  ])('%s: each name in bold is a text of the console', (path, language) => {
    const folder = `packages/http/src/admin/words/${language}`;
    const texts = filesOf(root, [`${folder}/*.ts`])
      .map(read)
      .join('\n');
    const names = [...read(path).matchAll(/\*\*(.+?)\*\*/g)].map(([, name = '']) => name);
    expect(names.length).toBeGreaterThan(15);
    expect(names.filter((name) => !texts.includes(`'${name}'`))).toEqual([]);
  });
});

describe('a small example', () => {
  const english = '# A\n\n[繁體中文](a.zh-TW.md)\n\n## B\n\n| `x` | y [z](z.md#here) |\n\n- one\n\n```sh\nls # lists\n```\n';

  test('is in step', () => {
    const chinese = '# 甲\n\n[English](a.md)\n\n## 乙\n\n| `x` | 丙 [丁](z.zh-TW.md#這裡) |\n\n- 一\n\n```sh\nls # 列出\n```\n';
    expect(shapeOf(chinese)).toEqual(shapeOf(english));
  });

  test('has bold text that is lost, and some that is not', () => {
    expect(lostBold('- **甲。**乙')).toEqual([expect.stringContaining('。**乙')]);
    expect(lostBold('- **甲**：乙，**丙…** 丁，**戊**己')).toEqual([]);
  });

  test.each([
    ['a heading more', `${english}\n## C\n`],
    ['another row', english.replace('| `x`', '| `w`')],
    ['a cell less', english.replace('| y [z]', ' y [z]')],
    ['an item less', english.replace('- one\n', '')],
    ['another link', english.replace('z.md', 'w.md')],
    ['another command', english.replace('ls #', 'rm #')],
    ['a renamed alert', english.replace('## B', '## b_c')],
  ])('has %s', (_, other) => {
    expect(shapeOf(other)).not.toEqual(shapeOf(english));
  });
});
