// The tables of figures in the documents, from `benchmarks/results/*.json`, which `npm run bench -- NAME --save` writes. In a document
// stands `<!-- figures summary -->`, and what is below it, up to `<!-- /figures -->`, is replaced by `npm run docs`. The rows of
// the READMEs are in benchmark-figures.ts and torture-figures.ts.
import { existsSync, readFileSync } from 'node:fs';
import { benchmarkRows, type InstallRow, inReadme } from './benchmark-figures.ts';
import { inLanguage, type Language } from './figure-labels.ts';
import type { Results } from './save-results.ts';
import { tortureRows } from './torture-figures.ts';

export const figuresMark: RegExp = /<!-- figures (\w+) -->\n.*?<!-- \/figures -->/gs;

interface PeerRow {
  readonly store: string;
  readonly callers: number;
  readonly side: string;
  readonly perSecond?: number;
  readonly counted: string;
}

type Read = (bench: string) => Results | undefined;

/** The results that are kept of a benchmark, or of `torture PART`. Undefined: none are. */
export function resultsOf(name: string): Results | undefined {
  const [, part] = /^torture (.+)$/.exec(name) ?? [];
  const path = part === undefined ? `benchmarks/results/${name}` : `torture/results/${part}`;
  const file = new URL(`../${path.replace(' ', '-')}.json`, import.meta.url);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Results) : undefined;
}

const tables: Readonly<Record<string, (read: Read, language: Language) => readonly string[]>> = { summary, peers, install, torture };

/** Returns the document with each of its tables as the results have it now. @param read undefined: there are no results of it. */
export function withFigures(text: string, path: string, read: Read): string {
  const language = path.endsWith('.zh-TW.md') ? 'zh' : 'en';
  return text.replace(figuresMark, (_, name: string) => {
    const table = tables[name];
    if (!table) throw new Error(`${path}: there are no figures "${name}". There are: ${Object.keys(tables).join(', ')}`);
    return [`<!-- figures ${name} -->`, ...table(read, language), '<!-- /figures -->'].join('\n');
  });
}

function summary(read: Read, language: Language): readonly string[] {
  const head = { en: ['figure', 'measured', 'again by'], zh: ['數字', '測量日', '自己測'] }[language];
  return [...machinesOf(inReadme.map(read), language), '', ...tableOf(['', ...head], benchmarkRows(read, language))];
}

function peers(read: Read, language: Language): readonly string[] {
  const results = read('peers');
  if (!results) return [];
  const rows = results['rows'] as readonly PeerRow[];
  const names = [...new Set(rows.map(({ side }) => side))];
  const cell = (side: string, callers: number): string => {
    const row = rows.find((each) => each.side === side && each.callers === callers);
    if (!row) return '';
    const perSecond = row.perSecond?.toLocaleString('en-US') ?? '';
    return row.counted === 'once' ? perSecond : `${perSecond} (${inLanguage(language, row.counted)})`.trim();
  };
  return tableOf(
    language === 'en' ? ['payments a second', '1 caller', '32 callers'] : ['每秒付款數', '1 個呼叫端', '32 個呼叫端'],
    names.map((side) => [inLanguage(language, side), cell(side, 1), cell(side, 32)]),
  );
}

function install(read: Read, language: Language): readonly string[] {
  const rows = (read('install')?.['rows'] ?? []) as readonly InstallRow[];
  return tableOf(
    language === 'en' ? ['installed in production', 'packages', 'MB', 'seconds'] : ['正式環境安裝', '套件數', 'MB', '秒'],
    rows.map(({ what, packages, mb, seconds }) => [inLanguage(language, what), String(packages), String(mb), String(seconds)]),
  );
}

function torture(read: Read, language: Language): readonly string[] {
  const head = { en: ['outcome', 'run on', 'again by'], zh: ['結果', '執行日', '自己跑'] }[language];
  return tableOf(
    ['', ...head],
    tortureRows((part) => read(`torture ${part}`), language),
  );
}

/** One line for each machine and set of versions. */
function machinesOf(all: readonly (Results | undefined)[], language: Language): readonly string[] {
  const found = all.filter((results) => results !== undefined);
  const machines = [...new Set(found.map(({ machine }) => inBrief(machine)))].join('; ');
  const versions = Object.assign({}, ...found.map((results) => results.versions)) as Readonly<Record<string, string | undefined>>;
  const { node, sqlite, postgresql = '' } = versions;
  const named = Object.entries({ Node: node, SQLite: sqlite, PostgreSQL: postgresql.split(' ')[0] }).filter(([, version]) => version);
  const text = `${machines}; ${named.map((each) => each.join(' ')).join(', ')}`;
  return [language === 'en' ? `Measured on ${text}.` : `測量環境：${text}。`];
}

/** Names the release of Linux, and not the build that a host has given its kernel. */
function inBrief(machine: string): string {
  return machine.replace(/\blinux (\d+\.\d+)\S*/, 'Linux $1');
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`.replaceAll('|  |', '| |');
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)];
}
