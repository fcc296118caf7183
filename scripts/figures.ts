// The tables of figures in the documents, from `benchmarks/results/*.json`, which `npm run bench -- NAME --save` writes. In a document
// stands `<!-- figures summary -->`, and what is below it, up to `<!-- /figures -->`, is replaced by `npm run docs`. A benchmark gets
// rows in the README by a function in `summaries`. The table of the torture is made likewise (torture-figures.ts).
import { existsSync, readFileSync } from 'node:fs';
import { inLanguage, type Language, type Words } from './figure-labels.ts';
import type { Results } from './save-results.ts';
import { tortureRows } from './torture-figures.ts';

export const figuresMark: RegExp = /<!-- figures (\w+) -->\n.*?<!-- \/figures -->/gs;

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

interface HttpRow {
  readonly webhooks: 'first' | 'confirmed';
  readonly server: 'ours' | 'bare';
  readonly ratio: number;
  readonly cpuMs: number;
}

interface GrowthRow {
  readonly work: string;
  readonly size: number;
  readonly ratio: number;
}

interface ObserveRow {
  readonly workload: string;
  readonly callers: number;
  readonly commitMs: number;
  readonly ratio: number;
}

interface StartRow {
  readonly what: string;
  readonly ms: number;
  readonly cpuMs: number;
  readonly mb: number;
}

/** The rows of each benchmark in the README, by what is called after `npm run bench --`. */
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
  http: ({ rows, delivered }) => {
    const of = (webhooks: HttpRow['webhooks'], server: HttpRow['server']): HttpRow | undefined =>
      (rows as readonly HttpRow[]).find((row) => row.webhooks === webhooks && row.server === server);
    const [first, confirmed, bare] = [of('first', 'ours'), of('confirmed', 'ours'), of('first', 'bare')];
    const { perSecond, p50Ms, p99Ms } = delivered as Readonly<Record<'perSecond' | 'p50Ms' | 'p99Ms', number>>;
    return [
      {
        what: {
          en: 'webhooks a second, beside a Fastify that only checks signatures: first payments, confirmations',
          zh: '每秒 webhook 數，與只驗證簽章的 Fastify 相比：首次付款、再次確認',
        },
        figure: { en: `${first?.ratio} and ${confirmed?.ratio} times`, zh: `${first?.ratio} 倍與 ${confirmed?.ratio} 倍` },
      },
      {
        what: { en: 'a webhook: first payment, confirmation', zh: '一個 webhook：首次付款、再次確認' },
        figure: {
          en: `${first?.cpuMs} and ${confirmed?.cpuMs} ms of CPU (that Fastify ${bare?.cpuMs} ms)`,
          zh: `CPU ${first?.cpuMs} 與 ${confirmed?.cpuMs} 毫秒（那個 Fastify：${bare?.cpuMs} 毫秒）`,
        },
      },
      {
        what: { en: `from a webhook to \`deliver\`, at ${perSecond} a second`, zh: `從 webhook 到 \`deliver\`，每秒 ${perSecond} 個` },
        figure: { en: `p50 ${p50Ms} ms, p99 ${p99Ms} ms`, zh: `p50 ${p50Ms} 毫秒，p99 ${p99Ms} 毫秒` },
      },
    ];
  },
  'growth length': (results) => [
    grown(results, (size) => ({
      en: `a payment, a status query, a search, with ${size.en} events in the log, beside an empty one: the worst`,
      zh: `付款、狀態查詢與搜尋，日誌有 ${size.zh} 個事件時與空日誌相比：最差的一項`,
    })),
  ],
  'growth active': (results) => [
    grown(results, (size, least) => ({
      en: `a confirmation, with ${size.en} orders active at once, beside ${least.en}`,
      zh: `再次確認，${size.zh} 筆訂單同時進行時與 ${least.zh} 筆相比`,
    })),
  ],
  observe: ({ rows }) =>
    (rows as readonly ObserveRow[])
      .filter(({ workload, callers }) => workload === 'recorded' && callers === 32)
      .map(({ commitMs, ratio }) => ({
        what: {
          en: `facts a second, beside bare commits of the same rows, where a commit takes ${commitMs} ms; 32 callers`,
          zh: `每秒事實數，與單純提交相同資料列相比，一次提交需 ${commitMs} 毫秒；32 個呼叫端`,
        },
        figure: { en: `${ratio} times`, zh: `${ratio} 倍` },
      })),
  subscriptions: ({ members, readsPerRenewal, readsPerMonth, wrongEnds }) => [
    {
      what: { en: 'calls of Stripe for a renewal whose webhook comes', zh: '收到 webhook 的續訂，呼叫 Stripe 的次數' },
      figure: `${readsPerRenewal}`,
    },
    {
      what: {
        en: `a year of ${members} members with lost events and an outage: calls of Stripe a month, members who paid and were ended`,
        zh: `${members} 位會員的一年，含遺失的事件與中斷：每月呼叫 Stripe 次數、已付款卻被終止的會員`,
      },
      figure: { en: `${readsPerMonth} and ${wrongEnds}`, zh: `${readsPerMonth} 次與 ${wrongEnds} 位` },
    },
  ],
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

/** The worst ratio of the largest size. */
function grown({ rows }: Results, what: (size: Words, least: Words) => Words): Figure {
  const all = rows as readonly GrowthRow[];
  const sizes = all.map(({ size }) => size);
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
  const worst = Math.max(...all.filter(({ size }) => size === most).map(({ ratio }) => ratio));
  const words = (count: number): Words => ({ en: count.toLocaleString('en-US'), zh: count.toLocaleString('zh-TW') });
  return { what: what(words(most), words(least)), figure: { en: `${worst} times`, zh: `${worst} 倍` } };
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
