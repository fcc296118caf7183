// The benchmark `npm run bench -- checkpoints`, and a part of `replay`: how much checkpoints slow down appends. It runs the
// same observations with and without checkpoints, in turn, and so long that many checkpoints are signed.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPaymentLedger, type Observation, type Source } from '@paidonce/ledger';
import { generateNoteKey } from '@paidonce/ledger/audit';
import { openSqliteEventStore } from '@paidonce/ledger/sqlite';

const orders = 8_000;
const callers = 32;
const rounds = 5;
/** A run with fewer checkpoints does not measure their cost. */
const leastSigned = 20;
const account = 'acct_bench';
const sources: readonly Source[] = ['webhook', 'poll', 'status_query', 'manual'];

export async function checkpoints(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'paidonce-bench-'));
  try {
    const { withCheckpoints, without, ratio, signed } = await appendRatio(folder);
    console.log(`${Math.round(without)} observations/s without checkpoints, ${Math.round(withCheckpoints)} with ${signed} of them.`);
    console.log(JSON.stringify({ bench: 'checkpoints', appendRatio: Number(ratio.toFixed(3)), signed }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export interface AppendRatio {
  /** Durable observations per second, the median of the runs. */
  readonly withCheckpoints: number;
  readonly without: number;
  readonly ratio: number;
  /** How many checkpoints were signed, in the run that signed fewest. */
  readonly signed: number;
}

export async function appendRatio(folder: string): Promise<AppendRatio> {
  for (const signs of [true, false]) await observe(folder, signs); // Two runs to warm up.
  let signed = Number.POSITIVE_INFINITY;
  const [those, others]: [number[], number[]] = [[], []];
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round++) {
    // Change the order in each round, because the state of the disk differs for the first and the second run.
    for (const signs of round % 2 === 0 ? [true, false] : [false, true]) {
      const run = await observe(folder, signs);
      (signs ? those : others).push(run.perSecond);
      if (signs) signed = Math.min(signed, run.signed);
    }
    // Compare within a round: a machine that becomes slower affects both runs.
    ratios.push((those.at(-1) ?? Number.NaN) / (others.at(-1) ?? Number.NaN));
  }
  if (signed < leastSigned) throw new Error(`only ${signed} checkpoints were signed while it was measured`);
  return { withCheckpoints: median(those), without: median(others), ratio: median(ratios), signed };
}

async function observe(folder: string, signs: boolean): Promise<{ readonly perSecond: number; readonly signed: number }> {
  const own = mkdtempSync(join(folder, 'append-'));
  const origin = 'bench.example/ledger';
  let signed = 0;
  const onCheckpoint = (): void => {
    signed += 1;
  };
  const checkpoints = { origin, key: generateNoteKey(origin).signerKey, file: join(own, 'checkpoints'), onCheckpoint };
  const ledger = createPaymentLedger({ eventStore: await openSqliteEventStore(join(own, 'ledger.db')), ...(signs ? { checkpoints } : {}) });
  await eachOf(orders, async (order) => {
    await ledger.placeOrder({
      orderId: `o-${order}`,
      memberId: `m-${order}`,
      plan: 'pro',
      amountMinor: 4_900,
      currency: 'usd',
      account,
      livemode: true,
    });
    await ledger.attachCheckout(`o-${order}`, { provider: 'stripe', account, livemode: true, id: `pi_${order}` });
  });
  await ledger.settle();
  const [startedMs, signedBefore] = [performance.now(), signed];
  await eachOf(orders * sources.length, async (fact) => {
    await ledger.observePayment(paid(Math.floor(fact / sources.length), sources[fact % sources.length] ?? 'poll'));
  });
  const perSecond = (orders * sources.length * 1_000) / (performance.now() - startedMs);
  const signedMeanwhile = signed - signedBefore;
  await ledger[Symbol.asyncDispose]();
  rmSync(own, { recursive: true });
  return { perSecond, signed: signedMeanwhile };
}

function paid(order: number, source: Source): Observation {
  const statement = {
    payment: { provider: 'stripe', account, livemode: true, id: `pi_${order}` },
    fact: { kind: 'attempt', status: 'paid', amount: { totalMinor: 4_900, currency: 'usd' } },
    asOf: '2026-01-01T00:00:00.000Z',
    evidence: { objectId: `pi_${order}`, eventId: `evt_${order}`, apiVersion: '2026-10-28.endive' },
  } as const;
  return source === 'manual' ? { ...statement, source, by: { actor: 'support-1', reason: 'bench' } } : { ...statement, source };
}

async function eachOf(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const caller = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: callers }, caller));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
