// The benchmark `npm run bench -- peers [--slots N] [--slot-ms N] [--callers 1,32] [--side TEXT] [--save]`: the same job, "this payment is paid, on
// disk, once", by PaidOnce and by what a shop would use instead. Each payment is told three times: twice at once, and once more.
// All sides are measured in turn, in slots of their own processes; medians and ratios are of one run. Afterwards each side shows
// what it has stored: a peer that lost, doubled or refused a payment is listed with that, and is no measure for PaidOnce.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type DatabaseUnderTest, databaseForTests, skipReason } from '@paidonce/ledger/testing/postgres-server';
import { saveResults } from '../scripts/save-results.ts';
import { installPeers, peerVersions } from './peers/install.ts';
import { sides } from './peers/sides.ts';
import type { Answer, Checked, Measured, Slot } from './peers/slot.ts';

export interface PeersOptions {
  readonly slots: number;
  readonly slotMs: number;
  readonly callers: readonly number[];
  /** Only sides whose names contain this. */
  readonly side: string;
  /** As of `installPeers`. Default true. */
  readonly withScripts?: boolean;
}

export interface PeerRow {
  readonly store: 'SQLite' | 'PostgreSQL';
  readonly callers: number;
  readonly side: string;
  /** Payments per second, each told three times: the median of the slots. Undefined: the side could not be opened. */
  readonly perSecond?: number;
  /** Calls per second while payments are new, each told twice at once. */
  readonly newPerSecond?: number;
  /** Calls per second while payments are known. */
  readonly knownPerSecond?: number;
  /** `once`, or what went wrong. */
  readonly counted: string;
  readonly payments: number;
  /** Calls that failed and were told again. */
  readonly failedCalls: number;
  readonly firstError?: string;
}

/** The least and the most payments of a slot. */
const [fewest, most] = [16, 10_000];
/** A slot of a side that is slow, or fails and is told again, ends after so many times its length. */
const mostSlotLengths = 4;
/** Slots that do not count, in which a side is warmed up, and it is found how many payments fill a slot. */
const warmUps = 3;

export async function peers(): Promise<void> {
  const options = { slots: 'string', 'slot-ms': 'string', callers: 'string', side: 'string', save: 'boolean' } as const;
  const typed = Object.fromEntries(Object.entries(options).map(([name, type]) => [name, { type }]));
  const { values } = parseArgs({ args: process.argv.slice(3), options: typed });
  const { slots = '7', 'slot-ms': slotMs = '1000', callers = '1,32', side = '' } = values as Readonly<Record<string, string | undefined>>;
  const measured = await comparePeers({ slots: Number(slots), slotMs: Number(slotMs), callers: callers.split(',').map(Number), side });
  if (measured === undefined) return;
  const { rows, versions } = measured;
  console.table(rows.map(({ firstError, ...row }) => row));
  for (const { side, callers, firstError } of rows) if (firstError) console.log(`${side}, ${callers} callers: ${firstError}`);
  const ratios = ratiosOf(rows);
  if (values['save'])
    saveResults('benchmarks', 'peers', {
      versions: { node: process.versions.node, sqlite: process.versions['sqlite'], ...versions },
      ratios,
      rows,
    });
  console.log(JSON.stringify({ bench: 'peers', ...ratios }));
}

/** Undefined: the peers cannot be installed, which it has said. */
export async function comparePeers(
  options: PeersOptions,
): Promise<{ readonly rows: readonly PeerRow[]; readonly versions: Readonly<Record<string, string>> } | undefined> {
  const { withScripts = true } = options;
  const missing = installPeers({ withScripts });
  if (missing !== undefined) {
    console.warn(`\n  SKIPPED: peers: ${missing}.\n`);
    return undefined;
  }
  const noPostgres = skipReason();
  if (noPostgres !== undefined) console.warn(`\n  SKIPPED: the peers on PostgreSQL. ${noPostgres}\n`);
  const database = noPostgres === undefined ? await databaseForTests({ settings: { max_connections: '400' } }) : undefined;
  const folder = mkdtempSync(join(tmpdir(), 'paidonce-peers-'));
  try {
    const rows: PeerRow[] = [];
    for (const callers of options.callers) rows.push(...(await compare(callers, options, folder, database)));
    const [server] = (await database?.query('show server_version')) ?? [];
    const versions = { ...peerVersions(), ...(server && { postgresql: String(server['server_version']) }) };
    return { rows: rows.toSorted((a, b) => b.store.localeCompare(a.store)), versions };
  } finally {
    await database?.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A side that runs, with what it has measured. */
interface Running {
  readonly name: string;
  readonly child: ChildProcess;
  readonly measured: Measured[];
  /** The number of its next payment. */
  next: number;
  /** How many payments fill a slot. */
  count: number;
  failure?: string;
}

async function compare(
  callers: number,
  { slots, slotMs, side: wanted }: PeersOptions,
  folder: string,
  database: DatabaseUnderTest | undefined,
): Promise<readonly PeerRow[]> {
  const running: Running[] = [];
  try {
    for (const [name, { store }] of Object.entries(sides)) {
      if (name.includes(wanted) && (store === 'SQLite' || database))
        running.push(await start(name, folder, store === 'SQLite' ? undefined : database));
    }
    for (let round = 0; round < warmUps; round++) for (const side of running) await slot(side, callers, slotMs, false);
    for (let turn = 0; turn < slots; turn++) {
      for (let index = 0; index < running.length; index++) {
        await slot(running[(turn + index) % running.length] as Running, callers, slotMs, true);
      }
    }
    return await Promise.all(running.map((side) => rowOf(side, callers)));
  } finally {
    await Promise.all(running.map(({ child }) => end(child)));
  }
}

let databases = 0;

async function start(name: string, folder: string, database: DatabaseUnderTest | undefined): Promise<Running> {
  const own = join(folder, String(databases++));
  mkdirSync(own);
  let url = '';
  if (database) {
    const named = `paidonce_peer_${process.pid}_${databases}`;
    await database.query(`create database ${named}`);
    url = Object.assign(new URL(database.url), { pathname: named }).href;
  }
  const script = join(import.meta.dirname, 'peers/sides/process.ts');
  const execArgv = ['--conditions=@paidonce/source', '--disable-warning=ExperimentalWarning'];
  const child = fork(script, [name, own, url], { execArgv, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  const side: Running = { name, child, measured: [], next: 0, count: fewest };
  const opened = await answerOf(child);
  if ('error' in opened) side.failure = opened.error;
  return side;
}

async function answerOf(child: ChildProcess): Promise<Answer> {
  const answered = new AbortController(); // Whichever comes second is waited for no longer.
  const { signal } = answered;
  const ended = once(child, 'exit', { signal }).then(([code]) => ({ error: `its process ended with code ${code}` }));
  try {
    return await Promise.race([once(child, 'message', { signal }).then(([answer]) => answer as Answer), ended]);
  } finally {
    answered.abort();
  }
}

async function ask(child: ChildProcess, question: Slot | 'check'): Promise<Answer> {
  if (!child.connected) return { error: 'its process has ended' };
  const answer = answerOf(child);
  child.send(question);
  return answer;
}

async function slot(side: Running, callers: number, slotMs: number, counts: boolean): Promise<void> {
  if (side.failure !== undefined) return;
  const answer = await ask(side.child, { from: side.next, count: side.count, callers, atMostMs: slotMs * mostSlotLengths });
  if ('error' in answer) side.failure = answer.error;
  if (!('firstMs' in answer)) return;
  side.next += side.count;
  const { count, firstMs, againMs } = answer;
  side.count = Math.round(Math.max(fewest, Math.min((count * slotMs) / (firstMs + againMs), side.count * 8, most)));
  if (counts) side.measured.push(answer);
}

async function rowOf({ name, child, measured, failure }: Running, callers: number): Promise<PeerRow> {
  const { store } = sides[name] as { readonly store: PeerRow['store'] };
  const answer = failure === undefined ? await ask(child, 'check') : { error: failure };
  if (!('doubled' in answer)) return { store, callers, side: name, counted: `failed: ${errorOf(answer)}`, payments: 0, failedCalls: 0 };
  const rate = (of: (slot: Measured) => number): number => Math.round(median(measured.map(of)));
  return {
    store,
    callers,
    side: name,
    perSecond: rate(({ count, firstMs, againMs }) => (count * 1_000) / (firstMs + againMs)),
    newPerSecond: rate(({ count, firstMs }) => (count * 2_000) / firstMs),
    knownPerSecond: rate(({ again, againMs }) => (again * 1_000) / againMs),
    counted: verdictOf(answer),
    payments: answer.payments,
    failedCalls: answer.failedCalls,
    ...(answer.firstError !== undefined && { firstError: answer.firstError }),
  };
}

function errorOf(answer: Answer): string {
  return 'error' in answer ? answer.error : 'it gave no answer';
}

function verdictOf({ lost, doubled, refused }: Checked): string {
  const wrong = Object.entries({ lost, doubled, refused }).filter(([, payments]) => payments > 0);
  return wrong.length === 0 ? 'once' : wrong.map(([what, payments]) => `${payments} ${what}`).join(', ');
}

/**
 * `embedded1`, `postgres32`…: PaidOnce, with nothing but its writes, divided by the best package that counted each payment once.
 * `whole1`: the same with read models and delivery. `byHand1`: its writes, divided by the table that a shop writes by hand.
 */
export function ratiosOf(rows: readonly PeerRow[]): Readonly<Record<string, number>> {
  const ratios = new Map<string, number>();
  const note = (name: string, of: number | undefined, beside: number | undefined): void => {
    if (of !== undefined && beside !== undefined) ratios.set(name, Number((of / beside).toFixed(2)));
  };
  for (const { store, callers } of rows) {
    const alike = rows.filter((row) => row.store === store && row.callers === callers);
    const perSecondOf = (name: string): number | undefined => alike.find(({ side }) => side === name)?.perSecond;
    const writes = perSecondOf(`PaidOnce on ${store}`);
    const packages = alike.filter(({ side, counted }) => sides[side]?.isPackage && counted === 'once');
    const best = packages.length > 0 ? Math.max(...packages.map(({ perSecond = 0 }) => perSecond)) : undefined;
    note(`${store === 'SQLite' ? 'embedded' : 'postgres'}${callers}`, writes, best);
    note(`whole${callers}`, perSecondOf(`PaidOnce on ${store}, read models and delivery on`), best);
    note(`byHand${callers}`, writes, perSecondOf('unique table, node:sqlite'));
  }
  return Object.fromEntries(ratios);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, 'exit');
  if (child.connected) child.disconnect();
  await ended;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
