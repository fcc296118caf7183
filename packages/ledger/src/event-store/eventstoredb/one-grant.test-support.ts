// Law 2 from several processes: 64 callers in each of two, on one order of one store, leave one grant.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished } from 'vitest';
import { createPaymentLedger } from '../../ledger.ts';
import { openEventStore } from '../store-url.ts';

const script = fileURLToPath(new URL('ledger-process.test-support.ts', import.meta.url));

export async function expectOneGrantFromTwoProcesses(url: string): Promise<void> {
  const orderId = `raced-${crypto.randomUUID()}`;
  await using ledger = createPaymentLedger({ eventStore: await openEventStore(url), background: false, readModels: ':memory:' });
  const named = { orderId, memberId: 'member-1', plan: 'pro', account: 'acct_1', livemode: false };
  await ledger.placeOrder({ ...named, amountMinor: 4_900, currency: 'usd' });
  const processes = ['a', 'b'].map((name) => start([url, orderId, name]));
  for (const { lines } of processes) expect((await lines.next()).value).toBe('ready');
  for (const { child } of processes) child.stdin?.end('go\n');
  const outcomes: string[] = [];
  for (const { lines } of processes) outcomes.push(...(JSON.parse((await lines.next()).value ?? '[]') as string[]));
  for (const { child } of processes) if (child.exitCode === null) await once(child, 'exit');

  expect(outcomes).toHaveLength(128);
  const types = (await ledger.history(orderId)).map(({ type }) => type);
  expect(types.filter((type) => type === 'MembershipGranted')).toHaveLength(1);
  expect(types.filter((type) => type === 'PaymentObserved')).toHaveLength(4); // Each source once (law 5).
  expect(outcomes.filter((outcome) => outcome === 'granted')).toHaveLength(1);
  expect(outcomes.filter((outcome) => outcome !== 'duplicate')).toHaveLength(4);
}

function start(args: readonly string[]): { child: ChildProcess; lines: AsyncIterator<string> } {
  const child = spawn(process.execPath, ['--conditions=@paidonce/source', script, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return { child, lines: createInterface(child.stdout as NonNullable<ChildProcess['stdout']>)[Symbol.asyncIterator]() };
}
