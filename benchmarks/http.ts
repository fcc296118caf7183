// The benchmark `npm run bench -- http`: signed webhooks of Stripe over real sockets, 64 connections at a time, into the ledger on
// SQLite with its read models, beside the same Fastify that only verifies and parses. First payments need a link, a fact and a grant;
// confirmations are of payments that are known. Slots of both servers take turns, and the medians of their ratios count.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { saveResults } from '../scripts/save-results.ts';
import { type Kind, madeBy, orderId, recordTemplates, type Templates } from './http-events.ts';
import type { LoadResult, LoadSlot } from './http-load.ts';
import type { Question, Variant } from './http-server.ts';

const connections = 64;
/** The bare server gets so many more, so that its slots take about as long: a machine gives short bursts more than their share. */
const bareTimes = 4;
const kinds: readonly Kind[] = ['first', 'confirmed'];

export interface HttpSize {
  /** Slots of each kind and server, after one that is not counted. */
  readonly rounds: number;
  /** Webhooks of a slot of ours. */
  readonly webhooks: number;
  /** Webhooks a second whose way to the shop is timed, and how many. */
  readonly perSecond: number;
  readonly delivered: number;
}

interface HttpRow {
  readonly webhooks: Kind;
  readonly server: 'ours' | 'bare';
  readonly perSecond: number;
  /** Median of the rounds: ours of bare. */
  readonly ratio: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Processor time of the server for each webhook, in milliseconds, until the read models have it too. */
  readonly cpuMs: number;
}

export interface HttpFigures {
  readonly rows: readonly HttpRow[];
  /** From the moment that a webhook is due to the shop's `deliver`. */
  readonly delivered: { readonly perSecond: number; readonly p50Ms: number; readonly p99Ms: number };
}

export async function http(): Promise<void> {
  const number = (fallback: number) => ({ type: 'string', default: String(fallback) }) as const;
  const { values } = parseArgs({
    args: process.argv.slice(3),
    options: {
      rounds: number(15),
      webhooks: number(1_000),
      'per-second': number(500),
      delivered: number(5_000),
      save: { type: 'boolean', default: false },
    },
  });
  const size = [values.rounds, values.webhooks, values['per-second'], values.delivered].map(Number);
  if (size.some((each) => !(Number.isSafeInteger(each) && each > 0))) throw new Error('every number must be whole, and above 0');
  const [rounds = 1, webhooks = 1, perSecond = 1, delivered = 1] = size;
  const figures = await measureHttp({ rounds, webhooks, perSecond, delivered });
  console.table(figures.rows);
  console.table({ 'webhook to deliver': figures.delivered });
  const ratioOf = (kind: Kind) => figures.rows.find((row) => row.webhooks === kind)?.ratio;
  const last = { bench: 'http', first: ratioOf('first'), confirmed: ratioOf('confirmed') };
  if (values.save) saveResults('benchmarks', 'http', { ...last, connections, rounds, webhooksOfASlot: webhooks, ...figures });
  console.log(JSON.stringify(last));
}

/** Measures both servers in turn, then the way of a first payment to the shop. */
export async function measureHttp({ rounds, webhooks, perSecond, delivered }: HttpSize): Promise<HttpFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'paidonce-bench-'));
  const load = await startLoad();
  try {
    const { templates, account } = await recordTemplates();
    const start = (variant: Variant) => Server.start(variant, [folder, account], load, templates);
    const servers = { bare: await start('bare'), ours: await start('ours') };
    const slots: { readonly kind: Kind; readonly server: 'ours' | 'bare'; readonly slot: Slot }[] = [];
    for (let round = 0; round <= rounds; round++) {
      const from = round * webhooks;
      await servers.ours.ask({ ask: 'place', from, count: webhooks });
      for (const kind of kinds) {
        for (const server of round % 2 === 0 ? (['bare', 'ours'] as const) : (['ours', 'bare'] as const)) {
          const slot = await servers[server].slot({ kind, from, count: server === 'bare' ? bareTimes * webhooks : webhooks });
          if (round > 0) slots.push({ kind, server, slot });
        }
      }
    }
    await Promise.all(Object.values(servers).map((server) => server.stop()));
    const rowOf = (kind: Kind, server: 'ours' | 'bare'): HttpRow => {
      const of = (which: 'ours' | 'bare') => slots.filter((each) => each.kind === kind && each.server === which).map(({ slot }) => slot);
      const bare = of('bare').map(perSecondOf);
      return {
        webhooks: kind,
        server,
        ...summaryOf(
          of(server),
          of('ours').map((slot, index) => perSecondOf(slot) / (bare[index] ?? 0)),
        ),
      };
    };
    const rows = kinds.flatMap((kind) => [rowOf(kind, 'ours'), rowOf(kind, 'bare')]);
    const shop = await start('delivering');
    return { rows, delivered: { perSecond, ...(await timeDeliveries(shop, { perSecond, count: delivered })) } };
  } finally {
    load.disconnect();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What one slot took. */
interface Slot extends LoadResult {
  /** Processor time of the server for each webhook. */
  readonly cpuMs: number;
}

type Asked = Pick<LoadSlot, 'kind' | 'from' | 'count' | 'perSecond'>;

/** One server, and the load that is sent to it. */
class Server {
  readonly #process: ChildProcess;
  readonly #variant: Variant;
  readonly #send: (asked: Asked) => Promise<LoadResult>;

  private constructor(process: ChildProcess, variant: Variant, send: (asked: Asked) => Promise<LoadResult>) {
    this.#process = process;
    this.#variant = variant;
    this.#send = send;
  }

  static async start(variant: Variant, args: readonly string[], load: ChildProcess, templates: Templates): Promise<Server> {
    const process = forkOf('./http-server.ts', [variant, ...args]);
    const [{ port, ledgerId }] = (await once(process, 'message')) as [{ port: number; ledgerId: string }];
    const fixed = { port, connections, templates: madeBy(ledgerId, templates) };
    return new Server(process, variant, (asked) => answerOf<LoadResult>(load, { ...fixed, ...asked } satisfies LoadSlot));
  }

  ask<Answer>(question: Question): Promise<Answer> {
    return answerOf<Answer>(this.#process, question);
  }

  async slot(asked: Asked): Promise<Slot> {
    const before = await this.ask<number>({ ask: 'cpu' });
    const result = await this.#send(asked);
    const cpuMs = ((await this.ask<number>({ ask: 'cpu' })) - before) / asked.count;
    // What is answered fast and not recorded proves nothing.
    const expected = this.#variant === 'bare' ? '200 ' : '200 {"outcome":"recorded"}';
    const others = Object.keys(result.answers).filter((answer) => !answer.startsWith(expected));
    if (others.length > 0) throw new Error(`${this.#variant} was to answer ${expected} and answered ${others.join(', ')}`);
    return { ...result, cpuMs };
  }

  async stop(): Promise<void> {
    this.#process.disconnect();
    await once(this.#process, 'exit');
  }
}

async function timeDeliveries(shop: Server, { perSecond, count }: { readonly perSecond: number; readonly count: number }) {
  const warmUp = Math.min(count, 1_000);
  await shop.ask({ ask: 'place', from: 0, count: warmUp + count });
  await shop.slot({ kind: 'first', from: 0, count: warmUp, perSecond });
  const { dueAtMs } = await shop.slot({ kind: 'first', from: warmUp, count, perSecond });
  const deliveredAtMs = new Map(await shop.ask<readonly (readonly [string, number])[]>({ ask: 'delivered' }));
  await shop.stop();
  const ms = dueAtMs.map((due, index) => (deliveredAtMs.get(orderId(warmUp + index)) ?? Number.NaN) - due);
  if (ms.some(Number.isNaN)) throw new Error('a decision was not delivered');
  return { p50Ms: quantile(ms, 0.5), p99Ms: quantile(ms, 0.99) };
}

function summaryOf(slots: readonly Slot[], ratios: readonly number[]): Omit<HttpRow, 'webhooks' | 'server'> {
  const latenciesMs = slots.flatMap((slot) => slot.latenciesMs);
  return {
    perSecond: Math.round(quantile(slots.map(perSecondOf), 0.5)),
    ratio: quantile(ratios, 0.5),
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
    cpuMs: quantile(
      slots.map(({ cpuMs }) => cpuMs),
      0.5,
    ),
  };
}

function perSecondOf({ ms, latenciesMs: { length } }: LoadResult): number {
  return (length * 1_000) / ms;
}

/** With two decimals. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Number((sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN).toFixed(2));
}

async function startLoad(): Promise<ChildProcess> {
  const load = forkOf('./http-load.ts', []);
  await once(load, 'message');
  return load;
}

function forkOf(script: string, args: readonly string[]): ChildProcess {
  // Structured: latencies are numbers, and a delivery that never came is no number.
  const execArgv = ['--conditions=@paidonce/source'];
  return fork(fileURLToPath(new URL(script, import.meta.url)), args, { execArgv, serialization: 'advanced' });
}

/** @throws Error the process ended without an answer; it has said why. */
async function answerOf<Answer>(child: ChildProcess, question: object): Promise<Answer> {
  const ended = new AbortController();
  child.send(question);
  const answer = once(child, 'message', { signal: ended.signal });
  const exit = once(child, 'exit', { signal: ended.signal }).then(() => Promise.reject(new Error('a process of the benchmark has ended')));
  try {
    const [message] = (await Promise.race([answer, exit])) as [Answer];
    return message;
  } finally {
    ended.abort();
    await Promise.allSettled([answer, exit]);
  }
}
