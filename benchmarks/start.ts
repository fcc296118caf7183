// The benchmark `npm run bench -- start [--rounds N] [--save]`: how long the commands and the example shop take to start, and the most
// memory that they hold: beside a Node that does nothing. Commands run as they are published, from `dist`; the shop as `npm start` does.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createPaymentLedger } from '@paidonce/ledger';
import { openSqliteEventStore } from '@paidonce/ledger/sqlite';
import { freePort } from '@paidonce/ledger/testing/postgres-server';
import { buildPackages } from '../scripts/pack-packages.ts';
import { saveResults } from '../scripts/save-results.ts';

const root = resolve(import.meta.dirname, '..');
const [ledgerCommand, stripeCommand] = ['ledger', 'stripe-adapter'].map((name) => join(root, 'packages', name, 'dist/cli/main.js'));
const orders = 20;

/** Writes the peak and the CPU time of the process into a file when it ends. On Linux `maxRSS` would count the process that started it, too. */
const reportsPeak = `data:text/javascript,${encodeURIComponent(`
  import { readFileSync, writeFileSync } from 'node:fs';
  process.on('exit', () => {
    let peak = process.resourceUsage().maxRSS;
    try { peak = /VmHWM:\\s*(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? peak; } catch {}
    const { user, system } = process.cpuUsage();
    writeFileSync(process.env.PEAK_FILE, [peak, user + system].join(' '));
  });`)}`;

export interface StartRow {
  readonly what: string;
  /** The median, from the start of the process to its end, or to the first page. */
  readonly ms: number;
  /** The median of its CPU time in all, which a busy machine changes less; of the shop until it has closed again. */
  readonly cpuMs: number;
  /** The median of the peaks. */
  readonly mb: number;
}

interface Started {
  readonly ms: number;
  readonly cpuMs: number;
  readonly mb: number;
}

export async function start(): Promise<void> {
  const options = { rounds: { type: 'string', default: '7' }, save: { type: 'boolean', default: false } } as const;
  const { values } = parseArgs({ args: process.argv.slice(3), options });
  buildPackages();
  const rows = await timeStarts(Number(values.rounds));
  console.table(rows);
  if (values.save) saveResults('benchmarks', 'start', { rows });
  const [, help, , , page] = rows;
  console.log(JSON.stringify({ bench: 'start', help, page }));
}

/** Why the commands cannot be timed. Undefined: they can. */
export function notBuilt(): string | undefined {
  return existsSync(ledgerCommand ?? '') && existsSync(stripeCommand ?? '') ? undefined : 'the packages are not built. Run: npm run build';
}

/** Times each so many times, in turn. @throws Error: the packages are not built, or a command fails. */
export async function timeStarts(rounds: number): Promise<readonly StartRow[]> {
  const missing = notBuilt();
  if (missing !== undefined) throw new Error(missing);
  const folder = mkdtempSync(join(tmpdir(), 'paidonce-bench-'));
  try {
    const store = `sqlite:${join(folder, 'ledger.db')}`;
    await makeLog(join(folder, 'ledger.db'));
    const starts: Readonly<Record<string, (peakFile: string, round: number) => Promise<number>>> = {
      'node --eval 0': (peakFile) => ends(['--eval', '0'], peakFile),
      'paidonce --help': (peakFile) => ends([ledgerCommand ?? '', '--help'], peakFile),
      'paidonce-stripe --help': (peakFile) => ends([stripeCommand ?? '', '--help'], peakFile),
      [`paidonce verify, ${orders} orders`]: (peakFile) => ends([ledgerCommand ?? '', 'verify', '--store', store], peakFile),
      'npm start, to the first page': (peakFile, round) => firstPage(join(folder, `shop-${round}`), peakFile),
    };
    const measured = new Map<string, Started[]>(Object.keys(starts).map((what) => [what, []]));
    for (let round = 0; round < rounds; round++) {
      for (const [what, run] of Object.entries(starts)) {
        const peakFile = join(folder, 'peak');
        const ms = await run(peakFile, round);
        const [peakKb = 0, cpuUs = 0] = readFileSync(peakFile, 'utf8').split(' ').map(Number);
        measured.get(what)?.push({ ms, cpuMs: cpuUs / 1_000, mb: peakKb / 1_024 });
      }
    }
    const medianOf = (started: readonly Started[], of: keyof Started): number => Math.round(median(started.map((each) => each[of])));
    return [...measured].map(([what, started]) => ({
      what,
      ms: medianOf(started, 'ms'),
      cpuMs: medianOf(started, 'cpuMs'),
      mb: medianOf(started, 'mb'),
    }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function makeLog(path: string): Promise<void> {
  const [account, livemode] = ['acct_bench', false];
  await using ledger = createPaymentLedger({ eventStore: await openSqliteEventStore(path), deliver: async () => undefined });
  for (let order = 0; order < orders; order++) {
    const orderId = `o-${order}`;
    await ledger.placeOrder({ orderId, memberId: `m-${order}`, plan: 'pro', amountMinor: 4_900, currency: 'usd', account, livemode });
    await ledger.observePayment({
      source: 'webhook',
      payment: { provider: 'stripe', account, livemode, id: `pi_${order}` },
      orderId,
      fact: { kind: 'attempt', status: 'paid', amount: { totalMinor: 4_900, currency: 'usd' } },
      asOf: '2026-01-01T00:00:00.000Z',
      evidence: { objectId: `pi_${order}` },
    });
  }
  await ledger.settle();
}

interface Running {
  readonly child: ChildProcess;
  /** @throws Error: it fails, with what it has said. */
  readonly ended: Promise<void>;
}

function run(args: readonly string[], peakFile: string, env: NodeJS.ProcessEnv = {}): Running {
  const child = spawn(process.execPath, ['--import', reportsPeak, '--disable-warning=ExperimentalWarning', ...args], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...env, PEAK_FILE: peakFile },
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = once(child, 'close').then(([code]) => {
    if (code !== 0) throw new Error(`node ${args.join(' ')} ended with code ${code}: ${said}`);
  });
  return { child, ended };
}

async function ends(args: readonly string[], peakFile: string): Promise<number> {
  const startedMs = performance.now();
  await run(args, peakFile).ended;
  return performance.now() - startedMs;
}

async function firstPage(dataDir: string, peakFile: string): Promise<number> {
  mkdirSync(dataDir);
  const port = await freePort();
  const startedMs = performance.now();
  const conditions = ['--import', './scripts/require-node.mjs', '--conditions=@paidonce/source'];
  const { child, ended } = run([...conditions, 'examples/shop/main.ts'], peakFile, { PORT: String(port), DATA_DIR: dataDir });
  while (child.exitCode === null && !(await answers(`http://127.0.0.1:${port}/`))) await setTimeout(10);
  const ms = performance.now() - startedMs;
  child.kill('SIGTERM');
  await ended;
  return ms;
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url);
    return response.ok && (await response.text()).length > 0;
  } catch {
    return false;
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
