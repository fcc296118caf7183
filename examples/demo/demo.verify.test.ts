import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createPaymentLedger, type Observation, type StoredEvent } from '@paidonce/ledger';
import { openMemoryEventStore } from '@paidonce/ledger/memory';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Books, checkLaws, exitCodeOf } from './laws.ts';

async function runDemo(env: Record<string, string>): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const main = new URL('main.ts', import.meta.url).pathname;
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => name !== 'DATA_DIR' && name !== 'FORCE_COLOR'));
  const child = spawn(process.execPath, ['--conditions=@paidonce/source', main], {
    env: { ...inherited, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: code as number | null, stdout, stderr };
}

test('npm run demo tells the whole story, breaks no law, and leaves its log in DATA_DIR', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'paidonce-demo-test-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  const { code, stdout, stderr } = await runDemo({ DATA_DIR: dataDir });
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(stdout.match(/^o-\d\d /gm)).toHaveLength(50);
  expect(stdout.match(/^holds /gm)).toHaveLength(9);
  expect(stdout.split('\n').filter((line) => line.length > 100)).toEqual([]);
  expect(stdout).not.toContain('\u001b');

  // The result of each fate, which does not depend on who wins a race.
  expect(stdout).toMatch(/^o-09 +webhook lost, customer returns +- .* status +1 +active$/m);
  expect(stdout).toMatch(/^o-16 +webhook lost, browser closed +- +paid +- +poll +1 +active$/m);
  expect(stdout).toMatch(/^o-22 +webhooks five times each +paid .* 1 +active$/m);
  expect(stdout).toMatch(/^o-28 +webhook late +paid +paid +- +poll +1 +active$/m);
  expect(stdout).toMatch(/^o-45 +forged redirect, not paid +- +- +- +- +0 +none$/m);
  expect(stdout).toMatch(/^o-46 +forged webhook, not paid +- +- +- +- +0 +none$/m);
  expect(stdout).toMatch(/^o-47 .* 0 +none$/m);
  expect(stdout).toMatch(/^o-48 +paid twice, one refunded .* 1 +active$/m);
  expect(stdout).toMatch(/^o-50 +paid and refunded .* 1 +revoked$/m);
  expect(stdout).toContain('o-47 (amount)');
  expect(existsSync(join(dataDir, 'ledger.db'))).toBe(true);

  const again = await runDemo({ DATA_DIR: dataDir });
  expect(again.code).toBe(2);
  expect(again.stderr).toMatch(/ledger\.db is there already.*\n$/);
});

describe('each law can be seen broken', () => {
  const reference = { provider: 'stripe', account: 'acct_1', livemode: false };
  const said = (source: 'webhook' | 'poll', orderId: string, payment: string): Observation => ({
    source,
    payment: { ...reference, id: payment },
    orderId,
    fact: { kind: 'attempt', status: 'paid', amount: { totalMinor: 900, currency: 'usd' } },
    asOf: '2026-11-24T13:00:00Z',
    evidence: source === 'webhook' ? { objectId: payment, eventId: `evt_${payment}` } : { objectId: payment },
  });
  let log: readonly StoredEvent[];
  const books: Books = {
    eventIds: new Set(['evt_pi_1', 'evt_pi_2']),
    paid: new Map([
      ['pi_1', { receivedMinor: 900, refundedMinor: 0 }],
      ['pi_2', { receivedMinor: 900, refundedMinor: 0 }],
    ]),
    memberships: new Map([
      ['o-1', { status: 'active', sequence: 1 }],
      ['o-2', { status: 'active', sequence: 1 }],
    ]),
  };

  beforeAll(async () => {
    const eventStore = openMemoryEventStore();
    await using ledger = createPaymentLedger({ eventStore, deliver: async () => undefined });
    for (const [orderId, payment] of [
      ['o-1', 'pi_1'],
      ['o-2', 'pi_2'],
    ] as const) {
      await ledger.placeOrder({ orderId, memberId: 'm', plan: 'p', amountMinor: 900, currency: 'usd', account: 'acct_1', livemode: false });
      await ledger.observePayment(said('webhook', orderId, payment));
      await ledger.observePayment(said('poll', orderId, payment));
    }
    log = [...(await ledger.history('o-1')), ...(await ledger.history('o-2'))];
  });

  const brokenIn = (events: readonly StoredEvent[], of: Books = books): readonly string[] =>
    checkLaws(events, of).flatMap(({ law, broken }) => (broken.length > 0 ? [law] : []));
  const copyOf = (type: string, change: object = {}): StoredEvent => {
    const found = log.find((event) => event.type === type);
    if (!found) throw new Error(`the log has no ${type}`);
    return { ...found, data: { ...found.data, ...change } };
  };
  const without = (type: string): readonly StoredEvent[] => log.filter((event) => event.type !== type);

  test('a true log breaks none', () => {
    expect(brokenIn(log)).toEqual([]);
    expect(exitCodeOf(checkLaws(log, books))).toBe(0);
  });

  test('a second grant', () => {
    const twice = [...log, copyOf('MembershipGranted', { sequence: 2 })];
    expect(brokenIn(twice)).toContain('An order is granted at most once');
    expect(exitCodeOf(checkLaws(twice, books))).toBe(1);
  });

  test('a grant before anybody said "paid"', () => {
    const grant = copyOf('MembershipGranted');
    expect(brokenIn([grant, ...log.filter((event) => event.id !== grant.id)])).toContain(
      'Nothing is granted before a source has said "paid"',
    );
  });

  test('a payment in two orders', () => {
    const stolen = { ...copyOf('PaymentObserved'), stream: 'order-o-2' };
    expect(brokenIn([...log, stolen])).toEqual(['A payment belongs to one order only']);
  });

  test('access without a payment that was kept, and none with one', () => {
    const law = 'Access is what the payments at Stripe entitle to';
    const refunded = { ...books, paid: new Map([...books.paid, ['pi_1', { receivedMinor: 900, refundedMinor: 900 }]]) };
    const tooLittle = { ...books, paid: new Map([...books.paid, ['pi_1', { receivedMinor: 899, refundedMinor: 0 }]]) };
    expect(brokenIn(log, refunded)).toEqual([law]);
    expect(brokenIn(log, tooLittle)).toEqual([law]);
    expect(brokenIn(without('MembershipGranted'))).toContain(law);
  });

  test('a payment that no order knows', () => {
    const more = { ...books, paid: new Map([...books.paid, ['pi_3', { receivedMinor: 900, refundedMinor: 0 }]]) };
    expect(brokenIn(log, more)).toEqual(['Every payment at Stripe is in the log']);
  });

  test('an event that Stripe never made', () => {
    expect(brokenIn(log, { ...books, eventIds: new Set(['evt_pi_1']) })).toEqual([
      'Every webhook in the log is an event that Stripe has made',
    ]);
  });

  test('the same fact twice from one source', () => {
    expect(brokenIn([...log, copyOf('PaymentObserved')])).toEqual(['A source that repeats itself adds nothing']);
  });

  test('a gap in the decisions, and a shop that missed one', () => {
    const law = 'Decisions are numbered 1, 2, 3, and the shop holds the newest';
    expect(brokenIn(log, { ...books, memberships: new Map() })).toEqual([law]);
    expect(brokenIn([...without('MembershipGranted'), copyOf('MembershipGranted', { sequence: 2 })])).toContain(law);
  });

  test('a law that met no case counts as broken', () => {
    expect(exitCodeOf(checkLaws([], { eventIds: new Set(), paid: new Map(), memberships: new Map() }))).toBe(1);
  });
});
