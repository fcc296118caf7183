// The rows of the benchmarks in the READMEs, from `benchmarks/results/*.json`, which `npm run bench -- NAME --save` writes.
import type { Language, Words } from './figure-labels.ts';
import type { Results } from './save-results.ts';

interface Figure {
  readonly what: Words;
  readonly figure: Words | string;
}

export interface InstallRow {
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
  readonly workload: 'recorded' | 'first payment';
  readonly callers: number;
  readonly commitMs: number;
  /** Absent: it is the disk's own. */
  readonly addedSyncMs?: number;
  readonly ratio: number;
}

interface StartRow {
  readonly what: string;
  readonly ms: number;
  readonly cpuMs: number;
  readonly mb: number;
}

/** What `observe` counts. The first report of a payment also links it to its order. */
const observed: Readonly<Record<ObserveRow['workload'], Words>> = {
  recorded: { en: 'facts a second about payments that are already linked', zh: '已建立關聯的付款，每秒事實數' },
  'first payment': { en: 'first payments a second', zh: '首次付款，每秒筆數' },
};

/** The rows of each benchmark in the README, by what is called after `npm run bench --`. */
const summaries: Readonly<Record<string, (results: Results) => readonly Figure[]>> = {
  peers: ({ ratios }) => {
    const of = ratios as Readonly<Record<string, number>>;
    const times = (key: string, what: Words): Figure => ({
      what,
      figure: { en: `${of[`${key}1`]} and ${of[`${key}32`]} times`, zh: `${of[`${key}1`]} 倍與 ${of[`${key}32`]} 倍` },
    });
    const appended = (store: string, key: string, beside: Words): Figure =>
      times(key, {
        en: `payments a second on ${store}, append only, without read models and delivery, beside ${beside.en}: 1 caller, 32 callers`,
        zh: `${store} 每秒付款數，只附加寫入，不含讀取模型與交付，與${beside.zh}相比：1 個與 32 個呼叫端`,
      });
    return [
      appended('SQLite', 'embedded', {
        en: 'emmett-sqlite, the only package measured on SQLite',
        zh: '唯一在 SQLite 上測量的套件 emmett-sqlite ',
      }),
      times('whole', {
        en: 'the same on SQLite, with read models and delivery',
        zh: '同上，SQLite，連同讀取模型與交付',
      }),
      times('byHand', {
        en: 'append only on SQLite, beside a table with a unique key that a shop writes by hand',
        zh: 'SQLite 只附加寫入，與商店自己寫的唯一鍵資料表相比',
      }),
      appended('PostgreSQL', 'postgres', { en: 'the best package', zh: '最佳套件' }),
    ];
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
      en: `a payment, a refund, a status query, a search, with up to ${size.en} events in the log, beside some 10,000: the worst`,
      zh: `付款、退款、狀態查詢與搜尋，日誌最多 ${size.zh} 個事件時與約 10,000 個時相比：最差的一項`,
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
      .filter(({ callers }) => callers === 32)
      .map(({ workload, commitMs, addedSyncMs, ratio }) => ({
        what: {
          en: `${observed[workload].en}, beside bare commits of the same rows, where a commit takes ${commitMs} ms${addedSyncMs ? ' by an added delay' : ''}; 32 callers`,
          zh: `${observed[workload].zh}，與單純提交相同資料列相比，一次提交需 ${commitMs} 毫秒${addedSyncMs ? '（加上延遲）' : ''}；32 個呼叫端`,
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

/** The benchmarks that have rows. */
export const inReadme: readonly string[] = Object.keys(summaries);

/** The cells of each row: what was measured, what came out, when, and the command that does it again. */
export function benchmarkRows(read: (bench: string) => Results | undefined, language: Language): readonly (readonly string[])[] {
  return inReadme.flatMap((bench) => {
    const results = read(bench);
    if (!results) return [];
    const of = (words: Words | string): string => (typeof words === 'string' ? words : words[language]);
    const again = `\`npm run bench -- ${results['again'] ?? bench}\``;
    return (summaries[bench]?.(results) ?? []).map(({ what, figure }) => [of(what), of(figure), results.date, again]);
  });
}

/** The worst ratio of all sizes. */
function grown({ rows }: Results, what: (size: Words, least: Words) => Words): Figure {
  const all = rows as readonly GrowthRow[];
  const sizes = all.map(({ size }) => size);
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
  const worst = Math.max(...all.map(({ ratio }) => ratio));
  const words = (count: number): Words => ({ en: count.toLocaleString('en-US'), zh: count.toLocaleString('zh-TW') });
  return { what: what(words(most), words(least)), figure: { en: `${worst} times`, zh: `${worst} 倍` } };
}
