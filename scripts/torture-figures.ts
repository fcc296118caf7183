// What each part of the torture did and what came out, in the words of the README, from `torture/results/*.json`, which
// `npm run torture -- --PART --save` writes.
import type { Language, Words } from './figure-labels.ts';
import type { Results } from './save-results.ts';

/** What `torture.ts` keeps of a part. */
export interface TortureResults {
  readonly n: number;
  /** Absent: it draws nothing. */
  readonly seed?: number;
  readonly holds: boolean;
  readonly minutes: number;
  /** The lines that say what was done (`figuresIn`). */
  readonly figures: readonly string[];
}

interface Row {
  /** After `npm run torture -- --`. */
  readonly part: string;
  readonly did: (n: string) => Words;
  /** What came out, where it holds. */
  readonly held: (figures: string) => Words;
}

/** @throws Error: a part that holds has printed no such figure, so nobody knows what it did. */
function figureIn(figures: string, pattern: RegExp): readonly string[] {
  const found = pattern.exec(figures);
  if (found === null) throw new Error(`there is no figure like ${pattern} in what was kept: ${figures}`);
  return found;
}

const lawsHold = (figures: string): Words => {
  const [, caught, all] = figureIn(figures, /(\d+) of (\d+) mutants caught/);
  return {
    en: `no invariant is broken; ${caught} of ${all} mutants of the source are caught`,
    zh: `沒有違反任何不變條件；原始碼的 ${all} 個突變抓到 ${caught} 個`,
  };
};

const mutantsDie = (figures: string): Words => {
  const [, all, killed, accepted] = figureIn(figures, /(\d+) mutants, (\d+) killed, (\d+) accepted/);
  const [, left] = /(\d+) in tables and schemas left out/.exec(figures) ?? [];
  return {
    en: `of ${all} mutants, tests notice ${killed}; ${accepted} are accepted as equivalent, with a reason each${left ? `; ${left} in tables and schemas are not tried` : ''}`,
    zh: `${all} 個突變中，測試發現 ${killed} 個；其餘 ${accepted} 個視為等同原本的程式，每個都附有理由${left ? `；表格與 schema 裡的 ${left} 個沒有試` : ''}`,
  };
};

const stayedEven = (figures: string): Words => {
  const of = (measure: string): readonly string[] => figureIn(figures, new RegExp(`${measure} (\\d+) → (\\d+)`)).slice(1);
  const [memory, latency, lag] = [of('reachableMb'), of('latencyMs'), of('lagMs')];
  return {
    en: `from the first third to the last: memory ${memory.join(' to ')} MB, latency ${latency.join(' to ')} ms, lag ${lag.join(' to ')} ms`,
    zh: `最初三分之一到最後三分之一：記憶體 ${memory.join(' 到 ')} MB，延遲 ${latency.join(' 到 ')} 毫秒，落後 ${lag.join(' 到 ')} 毫秒`,
  };
};

const rows: readonly Row[] = [
  {
    part: 'kill',
    did: (n) => ({
      en: `the shop is killed ${n} times under load, on SQLite and on PostgreSQL`,
      zh: `負載下強制終止商店 ${n} 次，SQLite 與 PostgreSQL 各做一輪`,
    }),
    held: () => ({ en: 'nothing acknowledged is lost, nothing is granted twice', zh: '回覆成功的一筆也沒少，沒有任何一筆開通兩次' }),
  },
  {
    part: 'disk',
    did: () => ({
      en: 'the disk under it is full, read-only, damaged, locked, of a newer layout',
      zh: '磁碟已滿、變成唯讀、損壞、被鎖住、版本較新',
    }),
    held: () => ({
      en: 'what cannot be read or written is answered 503, and not acknowledged; nothing is lost',
      zh: '讀不到或寫不進日誌的請求一律回 503，不回覆成功；什麼都沒遺失',
    }),
  },
  {
    part: 'restore',
    did: (n) => ({
      en: `backups of its log, of its own tables and of both are put back under it, each after ${n} customers`,
      zh: `營運中放回日誌、商店資料表或兩者的備份，每次都在 ${n} 位顧客之後`,
    }),
    held: () => ({
      en: 'each order that lost a decision is named, but for payments recorded by hand that the shop lost too; all come back after [these steps](docs/operate/after-a-restore.md); payments by hand are typed in again',
      zh: '遺失決定的訂單逐筆列出，商店也遺失的人工登錄付款除外；照[這些步驟](docs/operate/after-a-restore.md)全部補回，人工登錄的付款則由人重新輸入',
    }),
  },
  {
    part: 'fuzz',
    did: (n) => ({ en: `${n} requests that no honest client sends`, zh: `${n} 個正常用戶端不會送出的請求` }),
    held: () => ({ en: 'no error of the server, no event', zh: '伺服器沒有出錯，也沒有產生任何事件' }),
  },
  {
    part: 'soak',
    did: (n) => ({ en: `${n} minutes of mixed load`, zh: `${n} 分鐘的混合負載` }),
    held: stayedEven,
  },
  {
    part: 'simulate orders',
    did: (n) => ({
      en: `${n} simulated shops: processes that crash, replies that are lost, logs that are put back`,
      zh: `模擬 ${n} 家商店：行程當機、回覆遺失、日誌被放回`,
    }),
    held: lawsHold,
  },
  {
    part: 'simulate stripe',
    did: (n) => ({
      en: `${n} more with the Stripe adapter: webhooks lost, doubled, late; calls that fail; clocks that differ`,
      zh: `再 ${n} 家，加上 Stripe 轉接套件：webhook 遺失、重複、遲到，呼叫失敗，時鐘不一`,
    }),
    held: lawsHold,
  },
  {
    part: 'simulate subscription-laws',
    did: (n) => ({ en: `${n} histories of subscriptions, in every order of what is reported`, zh: `${n} 段訂閱的歷史，以各種順序回報` }),
    held: lawsHold,
  },
  {
    part: 'simulate subscription-adapter',
    did: (n) => ({ en: `${n} simulated shops with subscriptions at Stripe`, zh: `${n} 家在 Stripe 上有訂閱的模擬商店` }),
    held: lawsHold,
  },
  {
    part: 'mutate order',
    did: () => ({
      en: 'every small change to the code that decides on orders, but not to its words',
      zh: '對決定訂單的程式做每一種小改動，文字除外',
    }),
    held: mutantsDie,
  },
  {
    part: 'mutate subscription',
    did: () => ({
      en: 'every small change to the code that decides on subscriptions, but not to its words',
      zh: '對決定訂閱的程式做每一種小改動，文字除外',
    }),
    held: mutantsDie,
  },
];

/** The cells of a row for each part that has results. */
export function tortureRows(read: (part: string) => Results | undefined, language: Language): readonly (readonly string[])[] {
  return rows.flatMap(({ part, did, held }) => {
    const results = read(part);
    if (results === undefined) return [];
    const { n, holds, figures } = results as Results & TortureResults;
    const skipped = figures.filter((line) => line.startsWith('SKIPPED')).length;
    const came = holds ? held(figures.join('\n'))[language] : { en: 'FAILED', zh: '失敗' }[language];
    const left = skipped === 0 ? '' : { en: `; ${skipped} skipped`, zh: `；略過 ${skipped} 項` }[language];
    return [[did(n.toLocaleString('en-US'))[language], `${came}${left}`, results.date, `\`npm run torture -- --${part} ${n}\``]];
  });
}
