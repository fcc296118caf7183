import { describe, expect, test } from 'vitest';
import { readerOf } from './audit/log/log-reader.ts';
import { verifyLog } from './audit/verify/verify.ts';
import { buy, type Process, support, type World, world } from './delivery/delivery.test-support.ts';
import type { DeliveryFailed } from './order/events.ts';
import type { PaymentLedger } from './payment-ledger.ts';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

const kinds = ({ alerts }: World): readonly string[] => alerts.map(({ kind }) => kind);

async function instantsOf({ history, clock }: World, type: string): Promise<readonly number[]> {
  const start = clock.runtime().now().getTime() - clock.nowMs;
  return (await history('o1'))
    .filter((event) => event.type === type)
    .map(({ metadata }) => Date.parse(metadata['recordedAt'] ?? '') - start);
}

async function lastFailure({ history }: World): Promise<DeliveryFailed> {
  const failures = (await history('o1')).filter(({ type }) => type === 'DeliveryFailed');
  return failures.map(({ data }) => data as DeliveryFailed).at(-1)!;
}

describe('delivery_failing', () => {
  test('is reported with the sixth failure in a row, within a minute; not before, and not again', async () => {
    const here = world();
    const { ledger } = here.process();
    here.shop.manner = 'refuse';
    await buy(ledger, 'o1');
    while (here.shop.calls.length < 5) await here.clock.advance(second);
    expect(here.alerts).toEqual([]);
    while (here.shop.calls.length < 6) await here.clock.advance(second);
    expect(here.alerts).toEqual([{ kind: 'delivery_failing', orderId: 'o1', message: expect.stringContaining('o1:1 has failed 6 times') }]);
    expect(here.clock.nowMs).toBeLessThan(minute);
    await here.clock.advance(10 * hour);
    expect(kinds(here)).toEqual(['delivery_failing']);
  });

  test('is not reported again by a process that starts later', async () => {
    const here = world();
    const first = here.process({ name: 'a' });
    here.shop.manner = 'refuse';
    await buy(first.ledger, 'o1');
    await here.clock.advance(10 * minute);
    first.kill();
    const second = here.process({ name: 'b' });
    await here.clock.advance(10 * hour);
    expect(here.shop.calls.at(-1)?.process).toBe('b');
    second.kill();
    here.process({ name: 'c' });
    await here.clock.advance(10 * hour);
    expect(kinds(here)).toEqual(['delivery_failing']);
  });

  test('is reported again where it fails on after a person asked for it', async () => {
    const here = world();
    const { ledger } = here.process();
    here.shop.manner = 'refuse';
    await buy(ledger, 'o1');
    await here.clock.advance(hour);
    await ledger.redeliver('o1', support);
    await here.clock.advance(hour);
    expect(kinds(here)).toEqual(['delivery_failing', 'delivery_failing']);
  });

  test('is not sent for a shop that is back after five', async () => {
    const here = world();
    const { ledger } = here.process();
    here.shop.manner = 'refuse';
    await buy(ledger, 'o1');
    while (here.shop.calls.length < 5) await here.clock.advance(second);
    here.shop.manner = 'write';
    await here.clock.advance(hour);
    expect(here.alerts).toEqual([]);
  });
});

describe('a `deliver` that ends its process', () => {
  /** Each life ends in the shop; the next one begins at once. */
  function deadly(here: World): { readonly lives: () => number; readonly start: () => Process } {
    let lives = 0;
    const start = (): Process => {
      lives += 1;
      const life = here.process({
        deliver: () => {
          life.kill();
          start();
          return new Promise(() => undefined);
        },
      });
      return life;
    };
    return { lives: () => lives, start };
  }

  test('is waited for ever longer, told, and given up after 72 hours', async () => {
    const here = world();
    const { start, lives } = deadly(here);
    await buy(start().ledger, 'o1');
    await here.clock.advance(80 * hour);
    const at = await instantsOf(here, 'DeliveryTakenOver');
    const gaps = at.map((ms, index) => Math.round((ms - (at[index - 1] ?? 0)) / second));
    expect(gaps.slice(0, 8)).toEqual([30, 31, 32, 34, 38, 46, 62, 94]);
    expect(Math.max(...gaps)).toBe(3_630);
    expect(here.alerts.map(({ kind, orderId }) => `${kind} ${orderId}`)).toEqual(['delivery_failing o1', 'delivery_abandoned o1']);
    expect((await here.types('o1')).slice(-2)).toEqual(['DeliveryTakenOver', 'DeliveryAbandoned']);
    const died = lives();
    expect(at.at(-1)).toBeGreaterThanOrEqual(72 * hour);
    await here.clock.advance(100 * hour);
    expect(lives()).toBe(died);
    expect(await verifyLog(readerOf(here.process({ delivers: false, background: false }).store))).toMatchObject({ found: 0 });
  });

  test('is told before it ends the next one: a hook that takes its time gets some, and one that hangs does not hold it up', async () => {
    const here = world();
    const alerts: number[] = [];
    let calls = 0;
    const life = (): Process => {
      const process = here.process({
        onAlert: () => {
          alerts.push(calls);
          return new Promise(() => undefined);
        },
        deliver: () => {
          calls += 1;
          process.kill();
          life();
          return new Promise(() => undefined);
        },
      });
      return process;
    };
    await buy(life().ledger, 'o1');
    while (alerts.length === 0) await here.clock.advance(second);
    expect(calls).toBe(6);
    await here.clock.advance(5 * second);
    expect(calls).toBe(7);
  });

  test('whoever takes over tries at once, also where the reply to its taking over was lost', async () => {
    const here = world();
    let lives = 0;
    const start = (): Process => {
      lives += 1;
      const life = here.process({
        deliver: () => {
          if (lives === 6) return Promise.resolve();
          life.kill();
          start();
          return new Promise(() => undefined);
        },
      });
      let lost = lives < 6;
      life.store.fate = (_, { type }) => {
        if (lost || type !== 'DeliveryTakenOver') return undefined;
        lost = true;
        life.store.logHeld = new Promise(() => undefined); // It learns it by looking at the order itself.
        return 'unknown';
      };
      return life;
    };
    await buy(start().ledger, 'o1');
    while (lives < 6) await here.clock.advance(second);
    await here.clock.advance((16 + 30 + 2) * second); // Whoever took over from it would wait for 32 s more.
    expect((await here.types('o1')).slice(-3)).toEqual(['DeliveryTakenOver', 'DeliveryTakenOver', 'MembershipDelivered']);
  });

  test('a restart in the middle of a wait is tried at once when the wait is over, and counts no failure', async () => {
    const here = world();
    const first = here.process({ name: 'a' });
    here.shop.manner = 'refuse';
    await buy(first.ledger, 'o1');
    await here.clock.advance(20 * minute);
    const { waitMs, spentMs } = await lastFailure(here);
    first.kill();
    here.process({ name: 'b' });
    const startedAtMs = here.clock.nowMs;
    await here.clock.advance(waitMs + 30 * second);
    expect(here.shop.calls.at(-1)).toMatchObject({ process: 'b', startedAtMs: startedAtMs + waitMs + 30 * second });
    const after = await lastFailure(here);
    expect(after.spentMs - after.waitMs).toBe(spentMs);
  });

  test('a decision that nobody owned is taken over without a failure', async () => {
    const here = world();
    const { ledger } = here.process({ name: 'a', delivers: false });
    await buy(ledger, 'o1');
    here.shop.manner = 'refuse';
    here.process({ name: 'b' });
    await here.clock.advance(minute);
    const failed = (await here.types('o1')).filter((type) => type === 'DeliveryFailed').length;
    expect((await ledger.undelivered()).items).toMatchObject([{ failures: failed }]);
  });
});

describe('review_opened', () => {
  async function pay(ledger: PaymentLedger, totalMinor: number, source: 'webhook' | 'poll' = 'webhook'): Promise<void> {
    const order = { orderId: 'o1', memberId: 'm1', plan: 'yearly', amountMinor: 1_000, currency: 'usd', account: 'acct_1', livemode: true };
    await ledger.placeOrder(order);
    await ledger.observePayment({
      source,
      payment: { provider: 'stripe', account: 'acct_1', livemode: true, id: 'pi_1' },
      orderId: 'o1',
      fact: { kind: 'attempt', status: 'paid', amount: { totalMinor, currency: 'usd' } },
      asOf: '2026-01-01T00:00:00.000Z',
      evidence: { objectId: 'evt_1' },
    });
  }

  test('is reported once, by the process that opened it, in plain words', async () => {
    const here = world();
    const [a, b] = [here.process({ name: 'a' }), here.process({ name: 'b' })];
    await pay(a.ledger, 900);
    await pay(a.ledger, 900);
    await pay(b.ledger, 900, 'poll');
    await here.clock.advance(hour);
    here.process({ name: 'c' });
    await here.clock.advance(hour);
    expect(here.alerts).toEqual([
      { kind: 'review_opened', orderId: 'o1', message: expect.stringMatching(/less was paid .*pi_1.*paidonce-stripe resolve o1 r1/) },
    ]);
    expect(here.warnings).toEqual([here.alerts[0]?.message]); // Where there is no hook, the log is all that tells.
  });

  test('is not reported for a payment that fits', async () => {
    const here = world();
    await pay(here.process().ledger, 1_000);
    await here.clock.advance(hour);
    expect(here.alerts).toEqual([]);
  });
});

test('what a payment adapter tells goes to the same hook', () => {
  const here = world();
  const alert = { kind: 'poll_failing', message: 'Stripe refuses our key' } as const;
  here.process().ledger.forAdapters.alert(alert);
  expect(here.alerts).toEqual([alert]);
});
