// The torture of one shop: two processes deliver the same decisions, one of them is killed in the middle of each run, starts
// again, and both deliver everything once more. Then each decision must have had its effect, and one.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { openBooks } from './books.ts';
import type { Database } from './shops/index.ts';
import { randomFrom, type Task, type Told } from './telling.ts';

export interface Tally {
  readonly shop: string;
  readonly database: Database;
  readonly runs: number;
  readonly kills: number;
  readonly memberships: number;
  readonly calls: number;
  readonly rejected: number;
  /** Decisions with more than one effect, with none, and memberships whose counter is not the number of their rows. */
  readonly doubled: number;
  readonly lost: number;
  readonly outOfStep: number;
  /** Why calls rejected that were not made to, with how often. */
  readonly others: Readonly<Record<string, number>>;
}

const membershipsARun = 4;
const decisions = 3;
/** Points that a process passes in any case: before and after each of its calls. */
const certainPoints = 2 * 2 * membershipsARun * decisions;

export interface Plan {
  readonly shop: string;
  readonly database: Database;
  readonly url: string;
  readonly runs: number;
  readonly seed: number;
  /** True: one of the two processes is killed in each run. */
  readonly kills: boolean;
  /** True: it ends at the first run that is not right. */
  readonly untilBroken: boolean;
}

export async function torture(plan: Plan): Promise<Tally> {
  const { shop, database, url, runs, seed } = plan;
  const random = randomFrom(seed);
  await using books = await openBooks(database, url);
  let tellers = [await start(shop, url), await start(shop, url)];
  const tally = { runs: 0, kills: 0, memberships: 0, calls: 0, rejected: 0, doubled: 0, lost: 0, outOfStep: 0 };
  const others: Record<string, number> = {};
  const count = (told: Told | undefined): void => {
    tally.calls += told?.calls ?? 0;
    tally.rejected += told?.rejected ?? 0;
    for (const reason of told?.others ?? []) others[reason] = (others[reason] ?? 0) + 1;
  };
  try {
    while (tally.runs < runs && !(plan.untilBroken && tally.doubled + tally.lost > 0)) {
      const memberships = Array.from({ length: membershipsARun }, (_, index) => `${shop}-${seed}-${tally.runs}-${index}`);
      await books.place(memberships);
      const task = (): Task => ({ memberships, decisions, seed: Math.floor(random() * 2 ** 31) });
      const kill = { afterPoints: 1 + Math.floor(random() * certainPoints), turns: Math.floor(random() ** 2 * 12) };
      const [survivor, victim] = tellers as [ChildProcess, ChildProcess];
      const told = await Promise.all([tell(survivor, task()), tell(victim, { ...task(), ...(plan.kills ? { kill } : {}) })]);
      for (const each of told) count(each);
      if (told[1] === undefined) {
        tally.kills += 1;
        tellers = [survivor, await start(shop, url)];
      }
      for (const each of await Promise.all(tellers.map((teller) => tell(teller, task())))) count(each);
      for (const { effects, sequences, stored } of await books.read(memberships)) {
        const times = Array.from({ length: decisions }, (_, index) => sequences.filter((sequence) => sequence === index + 1).length);
        tally.doubled += times.filter((many) => many > 1).length;
        tally.lost += times.filter((many) => many === 0).length + (stored < decisions && shop !== 'doubling' ? 1 : 0);
        tally.outOfStep += effects === sequences.length ? 0 : 1;
      }
      tally.memberships += membershipsARun;
      tally.runs += 1;
    }
  } finally {
    for (const teller of tellers) if (teller.connected) teller.disconnect();
    await Promise.all(tellers.map((teller) => teller.exitCode ?? teller.signalCode ?? once(teller, 'exit')));
  }
  return { shop, database, ...tally, others };
}

async function start(shop: string, url: string): Promise<ChildProcess> {
  const teller = fork(join(import.meta.dirname, 'teller.ts'), [shop, url], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const [first] = await Promise.race([once(teller, 'message'), once(teller, 'exit')]);
  if (typeof first === 'number') throw new Error(`The process of ${shop} ended with code ${first} before it began`);
  return teller;
}

/** Undefined: it was killed in the middle. */
async function tell(teller: ChildProcess, task: Task): Promise<Told | undefined> {
  const answer = new AbortController();
  const { signal } = answer;
  const told = once(teller, 'message', { signal }).then(([message]) => (message as { told: Told }).told);
  const ended = once(teller, 'exit', { signal }).then(([code, by]) => {
    if (by !== 'SIGKILL') throw new Error(`A process ended with code ${code}, signal ${by}`);
    return undefined;
  });
  teller.send(task);
  try {
    return await Promise.race([told, ended]);
  } finally {
    answer.abort();
    await Promise.allSettled([told, ended]);
  }
}
