// What checkpoints cost where the log is appended to: the same observations with and without them, in turn.
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createPaymentLedger, type Observation, type Source } from '@paidonce/ledger';
import { generateNoteKey } from '@paidonce/ledger/audit';
import { openSqliteEventStore } from '@paidonce/ledger/sqlite';

const orders = 3_000;
const callers = 32;
const rounds = 7;
const account = 'acct_bench';
const sources: readonly Source[] = ['webhook', 'poll', 'status_query', 'manual'];

/** Rate with checkpoints by rate without. */
export async function appendRatio(
  folder: string,
): Promise<{ readonly withCheckpoints: number; readonly without: number; readonly ratio: number }> {
  for (const signs of [true, false]) await observe(folder, signs); // Warm.
  const [those, others]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    // Who comes first has the warmer or the colder disk: in turn.
    for (const signs of round % 2 === 0 ? [true, false] : [false, true]) (signs ? those : others).push(await observe(folder, signs));
  }
  const [withCheckpoints, without] = [median(those), median(others)];
  return { withCheckpoints, without, ratio: withCheckpoints / without };
}

/** Durable observations per second. */
async function observe(folder: string, signs: boolean): Promise<number> {
  const own = mkdtempSync(join(folder, 'append-'));
  const origin = 'bench.example/ledger';
  const checkpoints = { origin, key: generateNoteKey(origin).signerKey, file: join(own, 'checkpoints') };
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
  const startedMs = performance.now();
  await eachOf(orders * sources.length, async (fact) => {
    await ledger.observePayment(paid(Math.floor(fact / sources.length), sources[fact % sources.length] ?? 'poll'));
  });
  const perSecond = (orders * sources.length * 1_000) / (performance.now() - startedMs);
  await ledger[Symbol.asyncDispose]();
  rmSync(own, { recursive: true });
  return perSecond;
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
