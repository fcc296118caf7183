// The tables of figures in the documents, from `benchmarks/results/*.json`, which `npm run bench -- NAME --save` writes. In a document
// stands `<!-- figures summary -->`, and what is below it, up to `<!-- /figures -->`, is replaced by `npm run docs`. A benchmark gets
// rows in the README by a function in `summaries`.
import { existsSync, readFileSync } from 'node:fs';

export const figuresMark: RegExp = /<!-- figures (\w+) -->\n.*?<!-- \/figures -->/gs;

type Language = 'en' | 'zh';
type Words = Readonly<Record<Language, string>>;

/** What every file of results has, and what its benchmark adds. */
export interface Results {
  readonly date: string;
  readonly machine: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly [figure: string]: unknown;
}

interface Figure {
  readonly what: Words;
  readonly figure: Words | string;
}

interface PeerRow {
  readonly store: string;
  readonly callers: number;
  readonly side: string;
  readonly perSecond?: number;
  readonly counted: string;
}

interface InstallRow {
  readonly what: string;
  readonly packages: number;
  readonly mb: number;
  readonly seconds: number;
}

interface StartRow {
  readonly what: string;
  readonly ms: number;
  readonly cpuMs: number;
  readonly mb: number;
}

/** The rows of each benchmark in the README. */
const summaries: Readonly<Record<string, (results: Results) => readonly Figure[]>> = {
  peers: ({ ratios }) => {
    const of = ratios as Readonly<Record<string, number>>;
    const beside = (store: string, key: string): Figure => ({
      what: {
        en: `payments a second on ${store}, beside the best peer: 1 caller, 32 callers`,
        zh: `${store} 每秒付款數，與最佳同類套件相比：1 個與 32 個呼叫端`,
      },
      figure: { en: `${of[`${key}1`]} and ${of[`${key}32`]} times`, zh: `${of[`${key}1`]} 倍與 ${of[`${key}32`]} 倍` },
    });
    return [beside('SQLite', 'embedded'), beside('PostgreSQL', 'postgres')];
  },
  start: ({ rows }) => {
    const [bare, help, , verify, page] = rows as readonly StartRow[];
    const cpu = (row: StartRow | undefined): Words => ({
      en: `${row?.cpuMs} ms of CPU, ${row?.mb} MB (Node alone ${bare?.cpuMs} ms, ${bare?.mb} MB)`,
      zh: `CPU ${row?.cpuMs} 毫秒，${row?.mb} MB（單獨的 Node：${bare?.cpuMs} 毫秒，${bare?.mb} MB）`,
    });
    return [
      { what: { en: '`paidonce --help`', zh: '`paidonce --help`' }, figure: cpu(help) },
      { what: { en: '`paidonce verify` of 20 orders', zh: '`paidonce verify`，20 筆訂單' }, figure: cpu(verify) },
      { what: { en: '`npm start`, to the first page', zh: '`npm start` 到第一個頁面' }, figure: cpu(page) },
    ];
  },
  install: ({ rows }) => {
    const [sqlite] = rows as readonly InstallRow[];
    const figure = { en: `${sqlite?.packages} packages, ${sqlite?.mb} MB`, zh: `${sqlite?.packages} 個套件，${sqlite?.mb} MB` };
    return [{ what: { en: 'a production install with `stripe`', zh: '正式環境安裝，含 `stripe`' }, figure }];
  },
};

type Read = (bench: string) => Results | undefined;

/** The results of a benchmark that are kept. Undefined: none are. */
export function resultsOf(bench: string): Results | undefined {
  const file = new URL(`../benchmarks/results/${bench}.json`, import.meta.url);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Results) : undefined;
}

const tables: Readonly<Record<string, (read: Read, language: Language) => readonly string[]>> = { summary, peers, install };

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
  const rows = Object.entries(summaries).flatMap(([bench, figures]) => {
    const results = read(bench);
    const of = (words: Words | string): string => (typeof words === 'string' ? words : words[language]);
    return results ? figures(results).map(({ what, figure }) => [of(what), of(figure), results.date, `\`npm run bench -- ${bench}\``]) : [];
  });
  return [...machinesOf(Object.keys(summaries).map(read), language), '', ...tableOf(['', ...head], rows)];
}

function peers(read: Read, language: Language): readonly string[] {
  const results = read('peers');
  if (!results) return [];
  const rows = results['rows'] as readonly PeerRow[];
  const names = [...new Set(rows.map(({ side }) => side))];
  const cell = (side: string, callers: number): string => {
    const row = rows.find((each) => each.side === side && each.callers === callers);
    if (!row) return '';
    return `${row.perSecond?.toLocaleString('en-US') ?? ''}${row.counted === 'once' ? '' : ` (${row.counted})`}`.trim();
  };
  return tableOf(
    language === 'en' ? ['payments a second', '1 caller', '32 callers'] : ['每秒付款數', '1 個呼叫端', '32 個呼叫端'],
    names.map((side) => [side, cell(side, 1), cell(side, 32)]),
  );
}

function install(read: Read, language: Language): readonly string[] {
  const rows = (read('install')?.['rows'] ?? []) as readonly InstallRow[];
  return tableOf(
    language === 'en' ? ['installed in production', 'packages', 'MB', 'seconds'] : ['正式環境安裝', '套件數', 'MB', '秒'],
    rows.map(({ what, packages, mb, seconds }) => [what, String(packages), String(mb), String(seconds)]),
  );
}

/** One line for each machine and set of versions. */
function machinesOf(all: readonly (Results | undefined)[], language: Language): readonly string[] {
  const found = all.filter((results) => results !== undefined);
  const machines = [...new Set(found.map(({ machine }) => machine))].join('; ');
  const versions = Object.assign({}, ...found.map((results) => results.versions)) as Readonly<Record<string, string | undefined>>;
  const { node, sqlite, postgresql = '' } = versions;
  const named = Object.entries({ Node: node, SQLite: sqlite, PostgreSQL: postgresql.split(' ')[0] }).filter(([, version]) => version);
  const text = `${machines}; ${named.map((each) => each.join(' ')).join(', ')}`;
  return [language === 'en' ? `Measured on ${text}.` : `測量環境：${text}。`];
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`.replaceAll('|  |', '| |');
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)];
}
