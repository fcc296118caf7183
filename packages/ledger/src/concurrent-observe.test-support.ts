// Tests law 2 at full speed: 64 callers report one order at once (from all four sources, two payments, with duplicates), from
// one process or several. Then checks the log.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished } from 'vitest';
import { orderNamed } from './concurrent-observations.test-support.ts';
import type { EventStore } from './event-store/event-store.ts';
import { openEventStore } from './event-store/store-url.ts';
import { createPaymentLedger } from './ledger.ts';
import { checkOwnership, everything } from './payment-process.test-support.ts';
import { testRuntime } from './test-runtime.test-support.ts';

/** Expects eight different observations (two payments, four sources), one grant, and one review of the second payment. */
export async function expectOneGrant(store: EventStore, outcomes: readonly string[], orderId = 'order-1'): Promise<void> {
  const { recorded } = checkOwnership(await everything(store, [`order-${orderId}`, `reference-pi_${orderId}`, `reference-cs_${orderId}`]));
  const types = (await store.readStream(`order-${orderId}`)).map(({ type }) => type);
  expect(types.filter((type) => type === 'MembershipGranted')).toHaveLength(1);
  expect(types.filter((type) => type === 'ReviewOpened')).toHaveLength(1);
  expect(types.filter((type) => type === 'PaymentObserved')).toHaveLength(8);
  expect(recorded.get(orderId)?.size).toBe(8);
  expect(outcomes.filter((outcome) => outcome === 'granted')).toHaveLength(1);
  expect(outcomes.filter((outcome) => outcome !== 'duplicate')).toHaveLength(8);
}

/** Runs four processes with 64 callers each on the store of that URL, which may have other orders too. */
export async function expectOneGrantFromFourProcesses(url: string): Promise<void> {
  const orderId = `raced-${crypto.randomUUID()}`;
  const store = await openEventStore(url);
  await using ledger = createPaymentLedger({ eventStore: store, background: false, readModels: ':memory:', runtime: testRuntime });
  await ledger.placeOrder(orderNamed(orderId));
  const processes = ['p1', 'p2', 'p3', 'p4'].map((name) => start([url, name, orderId]));
  for (const { lines } of processes) expect((await lines.next()).value).toBe('ready');
  for (const { child } of processes) child.stdin?.end('begin\n');
  const outcomes: string[] = [];
  for (const { lines, ended } of processes) {
    outcomes.push(...(JSON.parse(String((await lines.next()).value)) as string[]));
    expect(await ended).toEqual([0, null]);
  }
  expect(outcomes).toHaveLength(256);
  await expectOneGrant(store, outcomes, orderId);
}

function start(args: readonly string[]): { child: ChildProcess; lines: AsyncIterator<string>; ended: Promise<unknown> } {
  const script = fileURLToPath(new URL('./observe-process.test-support.ts', import.meta.url));
  const child = spawn(process.execPath, ['--conditions=@paidonce/source', script, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return { child, lines: createInterface(child.stdout!)[Symbol.asyncIterator](), ended: once(child, 'exit') };
}
