import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LedgerError } from '../errors.ts';
import type { DeliveryFailed } from '../order/events.ts';
import type { MembershipChange } from '../payment-ledger.ts';
import { buy, dispute, type Process, refund, refundFails, support, type World, world } from './delivery.test-support.ts';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

async function failures({ history }: World, orderId = 'o1'): Promise<readonly DeliveryFailed[]> {
  return (await history(orderId)).filter(({ type }) => type === 'DeliveryFailed').map(({ data }) => data as DeliveryFailed);
}

async function times({ types }: World, type: string, orderId = 'o1'): Promise<number> {
  return (await types(orderId)).filter((each) => each === type).length;
}

describe('in normal running', () => {
  test('the process that decides delivers at once, and nobody delivers again', async () => {
    const { process, clock, shop, types } = world();
    const a = process({ name: 'a' });
    const others = [process({ name: 'b' }), process({ name: 'c' })];
    await buy(a.ledger, 'o1');
    await clock.flush();
    expect(shop.calls.map((call) => call.process)).toEqual(['a']);
    expect(clock.nowMs).toBe(0);
    await clock.advance(second);
    const reads = others.map(({ store }) => store.orderReads);
    await clock.advance(100 * hour);
    expect(others.map(({ store }) => store.orderReads)).toEqual(reads); // What was delivered is not even looked at.
    expect(shop.calls.length).toBe(1);
    expect(await types('o1')).toEqual(['OrderPlaced', 'PaymentObserved', 'MembershipGranted', 'MembershipDelivered']);
  });

  test('the shop is told what to store, under a sequence and a key of its own for each decision', async () => {
    const { process, clock, shop } = world();
    const { ledger } = process();
    for (const happens of [buy, dispute, refund, refundFails]) {
      await happens(ledger, 'o1');
      await clock.flush();
    }
    const same = { membershipId: 'o1', memberId: 'member-of-o1', plan: 'yearly', paidAt: '2026-01-01T00:00:00.000Z' };
    expect(shop.calls.map(({ change }) => change)).toEqual([
      { ...same, change: 'granted', status: 'active', sequence: 1, idempotencyKey: 'o1:1' },
      { ...same, change: 'suspended', status: 'suspended', sequence: 2, idempotencyKey: 'o1:2' },
      { ...same, change: 'revoked', status: 'revoked', sequence: 3, idempotencyKey: 'o1:3' },
      { ...same, change: 'suspended', status: 'suspended', sequence: 4, idempotencyKey: 'o1:4' },
    ]);
  });

  test('a `deliver` that is not asynchronous delivers when it returns, and fails when it throws', async () => {
    const { process, clock, types } = world();
    const rows: number[] = [];
    let isAway = true;
    const deliver = ({ sequence }: MembershipChange) => {
      if (isAway) throw new Error('the table is away');
      rows.push(sequence);
      return { storedSequence: sequence };
    };
    const { ledger } = process({ deliver });
    await buy(ledger, 'o1');
    await clock.flush();
    expect([rows, (await types('o1')).at(-1)]).toEqual([[], 'DeliveryFailed']);
    isAway = false;
    await clock.advance(2 * second);
    expect([rows, (await types('o1')).at(-1)]).toEqual([[1], 'MembershipDelivered']);
  });

  test('without a background nothing is delivered until `settle`', async () => {
    const { process, clock, shop } = world();
    const { ledger } = process({ background: false });
    await buy(ledger, 'o1');
    await clock.advance(hour);
    expect(shop.calls).toEqual([]);
    await ledger.settle();
    expect(shop.keys()).toEqual(['o1:1']);
    expect((await ledger.order('o1'))?.delivered).toBe(1);
  });

  test('a slow shop is no reason for a second process: nobody is told twice at once, however many orders wait', async () => {
    const { process, clock, shop } = world();
    const processes = ['a', 'b', 'c'].map((name) => process({ name }));
    shop.manner = 'wait'; // Until the timeout.
    for (let order = 0; order < 60; order++) await buy(processes[order % 3]!.ledger, `o${order}`);
    await clock.advance(20 * minute);
    expect(shop.overlaps).toEqual([]);
    shop.manner = 'write';
    await clock.advance(hour);
    expect(shop.overlaps).toEqual([]);
    expect(shop.memberships.size).toBe(60);
  });
});

describe('what fails is tried again', () => {
  test('after a wait that doubles, with jitter, up to an hour', async () => {
    const here = world();
    const { ledger } = here.process();
    here.shop.manner = 'refuse';
    await buy(ledger, 'o1');
    await here.clock.advance(10 * hour);
    const waits = (await failures(here)).map(({ waitMs }) => waitMs);
    expect(waits.length).toBeGreaterThan(15);
    for (const [failed, waitMs] of waits.entries()) {
      const longest = Math.min(second * 2 ** failed, hour);
      expect(waitMs).toBeGreaterThanOrEqual(longest / 2);
      expect(waitMs).toBeLessThanOrEqual(longest);
    }
    expect(new Set(waits.slice(12)).size).toBe(waits.length - 12); // All wait for an hour, but not the same hour.
    const gaps = here.shop.calls.slice(1).map(({ startedAtMs }, index) => startedAtMs - here.shop.calls[index]!.startedAtMs);
    expect(gaps.map(Math.round)).toEqual(waits.slice(0, gaps.length));
    here.shop.manner = 'write';
    await here.clock.advance(hour);
    expect(here.shop.memberships.get('o1')).toEqual({ status: 'active', sequence: 1 });
    expect(await times(here, 'MembershipDelivered')).toBe(1);
    expect(await times(here, 'DeliveryTakenOver')).toBe(0); // The owner is in time.
  });

  test('an attempt that takes too long is aborted, and counts as a failure', async () => {
    const here = world();
    const { ledger } = here.process({ deliverTimeoutMs: 5 * second });
    here.shop.manner = 'hang';
    await buy(ledger, 'o1');
    await here.clock.advance(5 * second - 1);
    const [call] = here.shop.calls;
    expect(call?.signal.aborted).toBe(false);
    await here.clock.advance(1);
    expect(call?.signal.aborted).toBe(true);
    const [failed] = await failures(here);
    expect(failed).toMatchObject({ sequence: 1, reason: 'timeout' });
    expect(failed?.spentMs).toBe(5 * second + failed!.waitMs);
    here.shop.manner = 'write';
    await here.clock.advance(failed!.waitMs);
    expect(here.shop.keys()).toEqual(['o1:1', 'o1:1']);
    call?.write(); // Late: the attempt is over, and the shop has it already.
    await here.clock.advance(hour);
    expect(await times(here, 'MembershipDelivered')).toBe(1);
  });

  test('a `deliver` that throws before its first await is a failure like any other', async () => {
    const here = world();
    const { ledger } = here.process({
      delivers: false,
      deliver: () => {
        throw new Error('no such table');
      },
    });
    await buy(ledger, 'o1');
    await here.clock.flush();
    expect((await failures(here)).map(({ reason }) => reason)).toEqual(['error']);
  });

  test('for 72 hours; then it is abandoned with one alert, and left alone by every process', async () => {
    const here = world();
    const { ledger } = here.process({ name: 'a' });
    const b = here.process({ name: 'b' });
    here.shop.manner = 'refuse';
    await buy(ledger, 'o1');
    await here.clock.advance(70 * hour);
    b.store.logHeld = new Promise(() => undefined); // b learns it by looking at the order itself.
    await here.clock.advance(hour);
    expect(await times(here, 'DeliveryAbandoned')).toBe(0);
    await here.clock.advance(3 * hour);
    expect((await here.types('o1')).slice(-2)).toEqual(['DeliveryFailed', 'DeliveryAbandoned']);
    expect(here.alerts).toEqual([
      { kind: 'delivery_failing', orderId: 'o1', message: expect.stringContaining('6 times in a row') },
      { kind: 'delivery_abandoned', orderId: 'o1', message: expect.stringContaining("redeliver('o1'") },
    ]);
    const tried = here.shop.calls.length;
    here.shop.manner = 'write';
    here.process({ name: 'c' }); // Nor by one that starts later.
    await here.clock.advance(200 * hour);
    expect(here.shop.calls.length).toBe(tried);
    expect(here.alerts.length).toBe(2);
  });

  test('a new decision on an order that was abandoned is delivered', async () => {
    const { process, clock, shop } = world();
    const { ledger } = process();
    shop.manner = 'refuse';
    await buy(ledger, 'o1');
    await clock.advance(80 * hour);
    shop.manner = 'write';
    await refund(ledger, 'o1');
    await clock.flush();
    expect(shop.memberships.get('o1')).toEqual({ status: 'revoked', sequence: 2 });
  });
});

describe('redeliver', () => {
  async function abandoned(): Promise<World & Process> {
    const here = world();
    const process = here.process();
    here.shop.manner = 'refuse';
    await buy(process.ledger, 'o1');
    await here.clock.advance(80 * hour);
    expect((await here.types('o1')).at(-1)).toBe('DeliveryAbandoned');
    return { ...here, ...process };
  }

  test('what the shop does not have is listed, tried or abandoned, until it has it', async () => {
    const { process, clock, shop } = world();
    const { ledger } = process();
    const undelivered = async () => (await ledger.undelivered()).items;
    shop.manner = 'refuse';
    await buy(ledger, 'o1');
    await clock.advance(second);
    expect(await undelivered()).toEqual([
      { orderId: 'o1', memberId: expect.any(String), status: 'active', sequence: 1, failures: expect.any(Number), abandoned: false },
    ]);
    await clock.advance(80 * hour);
    const [abandoned] = await undelivered();
    expect(abandoned?.abandoned).toBe(true);
    expect(abandoned?.failures).toBeGreaterThan(70);
    expect(await ledger.backlog()).toMatchObject({ undelivered: 1, abandoned: 1 });
    shop.manner = 'write';
    await ledger.redeliver('o1', support);
    await clock.advance(second);
    expect(await undelivered()).toEqual([]);
    expect(await ledger.backlog()).toMatchObject({ undelivered: 0, abandoned: 0 });
  });

  test('delivers what was abandoned, names who asked, and then there is nothing more to deliver', async () => {
    const { ledger, shop, history } = await abandoned();
    shop.manner = 'write';
    expect(await ledger.redeliver('o1', support)).toEqual({ outcome: 'delivered' });
    const [takenOver, delivered] = (await history('o1')).slice(-2);
    expect(takenOver).toMatchObject({ type: 'DeliveryTakenOver', data: { sequence: 1, by: support } });
    expect(delivered).toMatchObject({ type: 'MembershipDelivered', data: { sequence: 1 } });
    expect(await ledger.redeliver('o1', support)).toEqual({ outcome: 'nothing_to_deliver' });
    expect(shop.memberships.get('o1')?.status).toBe('active');
  });

  test('that fails starts the 72 hours again', async () => {
    const here = await abandoned();
    expect(await here.ledger.redeliver('o1', support)).toEqual({ outcome: 'failed' });
    expect((await failures(here)).at(-1)?.waitMs).toBeLessThanOrEqual(second);
    await here.clock.advance(71 * hour);
    expect(await times(here, 'DeliveryAbandoned')).toBe(1);
    await here.clock.advance(3 * hour);
    expect(await times(here, 'DeliveryAbandoned')).toBe(2);
  });

  test('has nothing to deliver where nothing was decided, and refuses an order that nobody placed', async () => {
    const { ledger } = world().process();
    await ledger.placeOrder({
      orderId: 'o1',
      memberId: 'm',
      plan: 'p',
      amountMinor: 1,
      currency: 'usd',
      account: 'acct_1',
      livemode: true,
    });
    expect(await ledger.redeliver('o1', support)).toEqual({ outcome: 'nothing_to_deliver' });
    await expect(ledger.redeliver('o2', support)).rejects.toMatchObject({ code: 'order_unknown', message: expect.stringContaining('o2') });
  });

  test('needs a `deliver`, and says so', async () => {
    const { ledger } = world().process({ delivers: false });
    await expect(ledger.redeliver('o1', support)).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining('`deliver`'),
    });
  });

  test('waits for the attempt under way, and never runs beside it', async () => {
    const { process, clock, shop } = world();
    const { ledger } = process();
    shop.manner = 'hang';
    await buy(ledger, 'o1');
    await clock.flush();
    const both = [ledger.redeliver('o1', support), ledger.redeliver('o1', support)];
    await clock.advance(2 * second);
    expect(shop.calls.length).toBe(1);
    shop.manner = 'write';
    shop.calls[0]?.refuse();
    await clock.flush();
    expect(await Promise.all(both)).toEqual([{ outcome: 'delivered' }, { outcome: 'nothing_to_deliver' }]);
    expect(shop.calls.length).toBe(2);
    await clock.advance(hour);
    expect(shop.calls.length).toBe(2);
  });

  test('takes over an order whose owner is at it; whoever succeeds first settles it, once', async () => {
    for (const [first, next] of [
      ['a', 'b'],
      ['b', 'a'],
    ] as const) {
      for (const then of ['write', 'refuse'] as const) {
        const here = world();
        const [a, b] = [here.process({ name: 'a' }), here.process({ name: 'b' })];
        here.shop.manner = 'hang';
        await buy(a.ledger, 'o1');
        await here.clock.flush();
        const answer = b.ledger.redeliver('o1', support);
        await here.clock.flush();
        const callOf = (name: string) => here.shop.calls.find(({ process }) => process === name);
        callOf(first)?.write();
        await here.clock.flush();
        callOf(next)?.[then]();
        await answer;
        await here.clock.advance(hour);
        expect(here.shop.calls.length).toBe(2);
        expect((await here.types('o1')).slice(-2)).toEqual(['DeliveryTakenOver', 'MembershipDelivered']);
      }
    }
  });

  test('takes over an order whose owner is at it; that the owner fails then is no matter', async () => {
    const { process, clock, shop, types } = world();
    const [a, b] = [process({ name: 'a' }), process({ name: 'b' })];
    shop.manner = 'hang';
    await buy(a.ledger, 'o1');
    await clock.flush();
    const answer = b.ledger.redeliver('o1', support);
    await clock.flush();
    shop.calls[0]?.refuse();
    await clock.advance(5 * second);
    expect((await types('o1')).at(-1)).toBe('DeliveryTakenOver');
    shop.calls[1]?.write();
    expect(await answer).toEqual({ outcome: 'delivered' });
    await clock.advance(hour);
    expect(shop.calls.length).toBe(2);
  });

  test('that fails is tried again in time, also where the log shows only now what had been abandoned', async () => {
    const here = world();
    const { ledger, store } = here.process();
    here.shop.manner = 'refuse';
    await here.clock.advance(second);
    const { promise: shown, resolve: show } = Promise.withResolvers<void>();
    store.logHeld = shown;
    await buy(ledger, 'o1');
    await here.clock.advance(80 * hour);
    expect(await ledger.redeliver('o1', support)).toEqual({ outcome: 'failed' });
    here.shop.manner = 'write';
    show();
    await here.clock.advance(second);
    expect(here.shop.memberships.size).toBe(1);
  });

  test("takes another process's order over: its owner does not deliver it any more", async () => {
    const { process, clock, shop } = world();
    const [a, b] = [process({ name: 'a' }), process({ name: 'b' })];
    shop.manner = 'refuse';
    await buy(a.ledger, 'o1');
    await clock.advance(10 * minute);
    shop.manner = 'hang';
    const answer = b.ledger.redeliver('o1', support);
    await clock.flush();
    const tried = shop.calls.length;
    expect(shop.calls.at(-1)?.process).toBe('b');
    await clock.advance(9 * second);
    shop.calls.at(-1)?.write();
    expect(await answer).toEqual({ outcome: 'delivered' });
    await clock.advance(2 * hour);
    expect(shop.calls.length).toBe(tried);
  });

  test('in two processes at once ends in both while the shop hangs; the failure is recorded, and tried again', async () => {
    const { process, clock, shop, types } = world();
    const [a, b] = [process({ name: 'a' }), process({ name: 'b' })];
    shop.manner = 'hang';
    await buy(a.ledger, 'o1');
    await clock.advance(10 * second); // Its first attempt has failed.
    const answers: unknown[] = [];
    void a.ledger.redeliver('o1', support).then((answer) => answers.push(answer));
    await clock.advance(3 * second);
    void b.ledger.redeliver('o1', support).then((answer) => answers.push(answer));
    await clock.advance(10 * second);
    expect(answers).toEqual([{ outcome: 'failed' }, { outcome: 'failed' }]);
    expect((await types('o1')).slice(-3)).toEqual(['DeliveryTakenOver', 'DeliveryTakenOver', 'DeliveryFailed']);
    shop.manner = 'write';
    await clock.advance(second);
    expect((await types('o1')).at(-1)).toBe('MembershipDelivered');
  });

  test('throws what the store throws, and leaves the rest to the background', async () => {
    const { ledger, store, shop, clock, types } = await abandoned();
    shop.manner = 'write';
    store.fate = (_, { type }) => (type === 'DeliveryTakenOver' ? 'unknown' : undefined);
    await expect(ledger.redeliver('o1', support)).rejects.toMatchObject({ code: 'store_unavailable' });
    store.fate = () => undefined;
    await clock.advance(second);
    expect((await types('o1')).at(-1)).toBe('MembershipDelivered');
  });
});

describe('law 9: the newest decision wins at the shop', () => {
  test('a newer decision aborts the running older attempt, waits for its end, and settles both', async () => {
    const here = world();
    const { ledger } = here.process();
    here.shop.manner = 'hang';
    await buy(ledger, 'o1');
    await here.clock.flush();
    const [grant] = here.shop.calls;
    here.shop.manner = 'write';
    await refund(ledger, 'o1');
    await here.clock.flush();
    expect(grant?.signal.aborted).toBe(true);
    await here.clock.advance(5 * second);
    expect(here.shop.keys()).toEqual(['o1:1']); // Aborted, but not ended.
    grant?.refuse();
    await here.clock.flush();
    expect(here.shop.keys()).toEqual(['o1:1', 'o1:2']);
    await here.clock.advance(hour);
    expect(here.shop.keys()).toEqual(['o1:1', 'o1:2']);
    expect(await failures(here)).toEqual([]);
    expect((await here.history('o1')).at(-1)).toMatchObject({ type: 'MembershipDelivered', data: { sequence: 2 } });
    expect(await ledger.order('o1')).toMatchObject({ sequence: 2, delivered: 2 });
  });

  test('an older attempt that ignores the abort is awaited for its timeout and no longer', async () => {
    const { process, clock, shop } = world();
    const { ledger } = process();
    shop.manner = 'hang';
    await buy(ledger, 'o1');
    await clock.advance(4 * second);
    await refund(ledger, 'o1');
    await clock.advance(6 * second - 1);
    expect(shop.keys()).toEqual(['o1:1']);
    await clock.advance(1);
    expect(shop.keys()).toEqual(['o1:1', 'o1:2']);
  });

  test('an older attempt that succeeds in spite of the abort is settled, and the newer one follows', async () => {
    const { process, clock, shop, types } = world();
    const { ledger } = process();
    shop.manner = 'hang';
    await buy(ledger, 'o1');
    await clock.flush();
    await refund(ledger, 'o1');
    await clock.flush();
    shop.manner = 'write';
    shop.calls[0]?.write();
    await clock.flush();
    expect(shop.keys()).toEqual(['o1:1', 'o1:2']);
    expect((await types('o1')).filter((type) => type === 'MembershipDelivered').length).toBe(2);
    expect(shop.memberships.get('o1')?.status).toBe('revoked');
  });

  test('older decisions that were not delivered are skipped', async () => {
    const { process, clock, shop } = world();
    const { ledger } = process();
    shop.manner = 'refuse';
    await buy(ledger, 'o1');
    await clock.advance(hour);
    await dispute(ledger, 'o1');
    await clock.advance(hour);
    shop.manner = 'write';
    const tried = shop.calls.length;
    await refund(ledger, 'o1');
    await clock.advance(10 * hour);
    expect(shop.keys().slice(tried)).toEqual(['o1:3']);
    expect(await ledger.order('o1')).toMatchObject({ sequence: 3, delivered: 3 });
  });

  test("another process's newer decision aborts our older attempt as soon as it is seen", async () => {
    const { process, clock, shop, types } = world();
    const [a, b] = [process({ name: 'a' }), process({ name: 'b' })];
    shop.manner = 'wait';
    await buy(a.ledger, 'o1');
    await clock.flush();
    shop.manner = 'write';
    await refund(b.ledger, 'o1');
    await clock.advance(second);
    expect(shop.calls.map(({ process: by, change }) => `${by} ${change.sequence}`)).toEqual(['a 1', 'b 2']);
    expect(shop.calls[0]?.signal.aborted).toBe(true);
    await clock.advance(hour);
    expect(await types('o1')).not.toContain('DeliveryFailed');
    expect(shop.calls.length).toBe(2);
  });

  test('a late grant cannot undo a newer revocation: two processes, the older stuck in the shop’s write', async () => {
    const { process, clock, shop } = world();
    const [a, b] = [process({ name: 'a' }), process({ name: 'b' })];
    shop.manner = 'hang';
    await buy(a.ledger, 'o1');
    await clock.flush();
    shop.manner = 'write';
    await refund(b.ledger, 'o1');
    await clock.advance(minute);
    expect(shop.memberships.get('o1')).toEqual({ status: 'revoked', sequence: 2 });
    const [grant] = shop.calls;
    expect(grant).toMatchObject({ process: 'a', change: { sequence: 1 }, signal: { aborted: true } });
    grant?.write(); // It ignored the abort, and its statement reaches the shop's database only now.
    await clock.advance(100 * hour);
    expect(shop.careless.get('o1')).toBe('active'); // It did land last: only the sequence told.
    expect(shop.memberships.get('o1')).toEqual({ status: 'revoked', sequence: 2 });
    expect(await b.ledger.order('o1')).toMatchObject({ membership: 'revoked', delivered: 2 });
  });

  test('the attempt of the newest decision is not aborted by its own announcement', async () => {
    const here = world();
    const { ledger, store } = here.process();
    here.shop.manner = 'refuse';
    await buy(ledger, 'o1');
    await here.clock.flush();
    here.shop.manner = 'wait';
    const { promise: replied, resolve: reply } = Promise.withResolvers<void>();
    store.fate = (_, { type }) => (type === 'PaymentObserved' ? { answered: replied } : undefined);
    const refunded = refund(ledger, 'o1'); // Durable, but the process does not know yet.
    await here.clock.advance(second); // The retry of the grant finds the revocation.
    expect(here.shop.keys()).toEqual(['o1:1', 'o1:2']);
    reply();
    await refunded;
    await here.clock.advance(second);
    expect(here.shop.calls[1]?.signal.aborted).toBe(false);
    here.shop.calls[1]?.write();
    await here.clock.advance(hour);
    expect(here.shop.keys()).toEqual(['o1:1', 'o1:2']);
  });

  test('a decision that grew old while it was read is not delivered', async () => {
    const { process, clock, shop } = world();
    const { ledger, store } = process();
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
    store.fate = (_, { type }) => {
      if (type === 'PaymentObserved') store.ordersHeld = answered; // The look that follows the grant is answered late.
      return undefined;
    };
    await buy(ledger, 'o1');
    await clock.flush();
    store.fate = () => undefined;
    store.ordersHeld = undefined;
    await refund(ledger, 'o1');
    await clock.flush();
    answer();
    await clock.flush();
    expect(shop.keys()).toEqual(['o1:2']);
  });

  test('a decision that grew old while it was taken over is not delivered', async () => {
    const { process, clock, shop } = world();
    const [a, b] = [process({ name: 'a' }), process({ name: 'b' })];
    shop.manner = 'refuse';
    await buy(a.ledger, 'o1');
    await clock.advance(10 * minute);
    const tried = shop.calls.length;
    shop.manner = 'write';
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
    a.store.fate = (_, { type }) => (type === 'DeliveryTakenOver' ? { answered } : undefined);
    const outcome = a.ledger.redeliver('o1', support);
    await clock.flush();
    await refund(b.ledger, 'o1');
    await clock.advance(second);
    answer();
    expect(await outcome).toEqual({ outcome: 'nothing_to_deliver' });
    expect(shop.calls.slice(tried).map(({ process: by, change }) => `${by} ${change.sequence}`)).toEqual(['b 2']);
  });

  test('an attempt under way is still awaited after the log showed that another process had settled it', async () => {
    const { process, clock, shop } = world();
    const [a, b] = [process({ name: 'a' }), process({ name: 'b' })];
    shop.manner = 'hang';
    await buy(a.ledger, 'o1');
    await clock.flush();
    void b.ledger.redeliver('o1', support);
    await clock.flush();
    shop.calls[0]?.write();
    await clock.advance(second); // b has seen it settled.
    await refund(b.ledger, 'o1');
    await clock.advance(second);
    expect(shop.keys()).toEqual(['o1:1', 'o1:1']);
    shop.calls[1]?.refuse();
    await clock.flush();
    expect(shop.keys()).toEqual(['o1:1', 'o1:1', 'o1:2']);
  });

  test('a log that is seen late neither forgets nor puts off our own newer decision', async () => {
    for (const delivered of [true, false]) {
      const { process, clock, shop } = world();
      const [a, b] = [process({ name: 'a', background: false }), process({ name: 'b' })];
      await a.ledger.settle();
      shop.manner = delivered ? 'write' : 'hang';
      await buy(b.ledger, 'o1');
      await clock.advance(second);
      shop.manner = 'write';
      await refund(a.ledger, 'o1');
      await a.ledger.settle(); // Sees the grant of b only now.
      expect(shop.calls.map(({ process: by, change }) => `${by} ${change.sequence}`)).toEqual(['b 1', 'a 2']);
      expect(await a.ledger.order('o1')).toMatchObject({ delivered: 2 });
    }
  });
});

describe('taking over', () => {
  test('nobody takes over before its own clock ran 30 s since it saw the decision', async () => {
    const { process, clock, shop, history } = world();
    const a = process({ name: 'a' });
    const b = process({ name: 'b', wallSkewMs: 24 * hour }); // Wall clocks are never compared.
    await clock.advance(second);
    const { promise, resolve } = Promise.withResolvers<void>();
    b.store.logHeld = promise; // b sees nothing yet.
    shop.manner = 'hang';
    await buy(a.ledger, 'o1');
    await clock.flush();
    a.kill();
    shop.manner = 'write';
    await clock.advance(hour);
    resolve(); // Now it does.
    await clock.advance(30 * second - 1);
    expect(shop.calls.map((call) => call.process)).toEqual(['a']);
    await clock.advance(100);
    expect(shop.calls.map((call) => call.process)).toEqual(['a', 'b']);
    expect(shop.keys()).toEqual(['o1:1', 'o1:1']);
    expect((await history('o1')).slice(-2)).toMatchObject([
      { type: 'DeliveryTakenOver', data: { sequence: 1 } },
      { type: 'MembershipDelivered', data: { sequence: 1 } },
    ]);
  });

  test('after a failure not before its wait is over and 30 s more', async () => {
    const here = world();
    const [a] = [here.process({ name: 'a' }), here.process({ name: 'b' })];
    here.shop.manner = 'refuse';
    await buy(a.ledger, 'o1');
    await here.clock.advance(5 * minute);
    const last = here.shop.calls.at(-1)!;
    const { waitMs } = (await failures(here)).at(-1)!;
    expect(waitMs).toBeGreaterThan(minute);
    await here.clock.advance(second); // b has seen it.
    a.kill();
    here.shop.manner = 'write';
    await here.clock.advance(last.startedAtMs + waitMs + 30 * second - here.clock.nowMs - 1);
    expect(here.shop.calls.at(-1)).toBe(last);
    await here.clock.advance(second);
    expect(here.shop.calls.at(-1)).toMatchObject({ process: 'b' });
    expect(here.shop.memberships.size).toBe(1);
  });

  test('a process that restarts has another instance id: it waits as any other process does, from its own start', async () => {
    const { process, clock, shop } = world();
    const a = process({ name: 'a' });
    shop.manner = 'hang';
    await buy(a.ledger, 'o1');
    await clock.flush();
    a.kill();
    await clock.advance(2 * hour);
    shop.manner = 'write';
    process({ name: 'a again' });
    const startedAtMs = clock.nowMs;
    await clock.advance(hour);
    expect(shop.calls.map((call) => [call.process, call.startedAtMs])).toEqual([
      ['a', 0],
      ['a again', startedAtMs + 30 * second],
    ]);
  });

  test('processes that live for one `settle` each take over what an earlier one left, once its wait is over', async () => {
    const here = world();
    const { process, clock, shop } = here;
    async function cron(work: (process: Process) => Promise<void> = async () => undefined): Promise<void> {
      const one = process({ name: `cron at ${clock.nowMs / minute}`, background: false });
      await work(one);
      void one.ledger.settle({ timeoutMs: second }).then(() => one.ledger[Symbol.asyncDispose]());
      await clock.advance(5 * minute);
    }
    await cron(async (one) => {
      await buy(one.ledger, 'o1');
      one.kill(); // Before it delivers.
    });
    shop.manner = 'refuse';
    for (let run = 0; run < 24; run++) await cron();
    shop.manner = 'write';
    const refused = shop.calls.length;
    expect(refused).toBeGreaterThan(5);
    for (let run = 0; run < 12 && !shop.memberships.has('o1'); run++) await cron();
    expect(shop.memberships.get('o1')).toMatchObject({ status: 'active' });
    const waitMs = (await failures(here)).at(-1)!.waitMs;
    expect(shop.calls.at(-1)!.startedAtMs - shop.calls.at(-2)!.startedAtMs).toBeGreaterThanOrEqual(waitMs + 30 * second);
  });

  test('a decision of a process without `deliver` is taken at once, by one of the others', async () => {
    const { process, clock, shop, types } = world();
    const [deciding] = [process({ delivers: false }), process({ name: 'b' }), process({ name: 'c' })];
    await clock.flush();
    await buy(deciding.ledger, 'o1');
    await clock.advance(second);
    expect(shop.calls.length).toBe(1);
    expect((await types('o1')).slice(-2)).toEqual(['DeliveryTakenOver', 'MembershipDelivered']);
    await clock.advance(hour);
    expect(shop.calls.length).toBe(1);
  });

  test('of several that may take over, one does', async () => {
    const { process, clock, shop, types } = world();
    const a = process({ name: 'a' });
    for (const name of ['b', 'c', 'd', 'e']) process({ name });
    shop.manner = 'hang';
    await buy(a.ledger, 'o1');
    await clock.advance(second);
    a.kill();
    shop.manner = 'write';
    await clock.advance(hour);
    expect(shop.calls.length).toBe(2);
    expect((await types('o1')).filter((type) => type === 'DeliveryTakenOver').length).toBe(1);
  });

  test('a settled older decision does not end the wait for the newer one', async () => {
    const { process, clock, shop } = world();
    const [a, b] = [process({ name: 'a' }), process({ name: 'b' }), process({ name: 'c' })];
    shop.manner = 'hang';
    await buy(a.ledger, 'o1');
    await clock.advance(second);
    await refund(b.ledger, 'o1');
    b.kill();
    await clock.advance(second);
    shop.calls[0]?.write();
    await clock.advance(second);
    a.kill();
    shop.manner = 'write';
    await clock.advance(30 * second);
    expect(shop.calls.at(-1)).toMatchObject({ process: 'c', change: { sequence: 2 } });
    expect(shop.memberships.get('o1')?.status).toBe('revoked');
  });

  test('who was slower than another by one append does not take over too', async () => {
    const { process, clock, shop, types } = world();
    const [a, b] = [process({ name: 'a' }), process({ name: 'b' }), process({ name: 'c' })];
    const { promise: written, resolve: write } = Promise.withResolvers<void>();
    b.store.fate = () => ({ written });
    shop.manner = 'hang';
    await buy(a.ledger, 'o1');
    await clock.advance(second);
    a.kill();
    await clock.advance(30 * second);
    expect(shop.calls.map((call) => call.process)).toEqual(['a', 'c']);
    write();
    await clock.advance(5 * second);
    expect(shop.calls.length).toBe(2);
    shop.calls[1]?.write();
    await clock.advance(hour);
    expect(shop.calls.length).toBe(2);
    expect((await types('o1')).filter((type) => type === 'DeliveryTakenOver').length).toBe(1);
  });

  test('what the log has not shown yet is seen when the order is looked at: the clock runs from there', async () => {
    const here = world();
    const [a, b] = [here.process({ name: 'a' }), here.process({ name: 'b' })];
    here.shop.manner = 'hang';
    await buy(a.ledger, 'o1');
    await here.clock.advance(second); // b has seen the decision, and sees nothing more.
    b.store.logHeld = new Promise(() => undefined);
    here.shop.calls[0]?.refuse();
    await here.clock.advance(5 * second);
    a.kill();
    const [failed] = await failures(here);
    here.shop.manner = 'write';
    const observedAtMs = 30 * second; // And a little: since it saw the decision.
    await here.clock.advance(observedAtMs + failed!.waitMs + 30 * second - here.clock.nowMs - 1);
    expect(here.shop.calls.filter(({ process }) => process === 'b')).toEqual([]);
    await here.clock.advance(second);
    expect(here.shop.calls.filter(({ process }) => process === 'b').length).toBe(1);
  });

  test('a process that stood still finds out before it delivers', async () => {
    const { process, clock, shop } = world();
    const [a] = [process({ name: 'a', background: false }), process({ name: 'b' })];
    await buy(a.ledger, 'o1');
    shop.manner = 'hang';
    await clock.advance(31 * second);
    expect(shop.calls.map((call) => call.process)).toEqual(['b']);
    const settled = a.ledger.settle({ timeoutMs: second });
    await clock.advance(second);
    await settled;
    expect(shop.calls.length).toBe(1);
  });

  test('an owner that starts late makes sure of its decision first', async () => {
    const { process, clock, shop, types } = world();
    const { ledger } = process({ background: false });
    await buy(ledger, 'o1');
    await buy(ledger, 'o2');
    await clock.advance(5 * second);
    const settledSoon = ledger.settle();
    await clock.advance(second);
    await settledSoon;
    expect(await types('o1')).not.toContain('DeliveryTakenOver');
    await buy(ledger, 'o3');
    await clock.advance(11 * second);
    await ledger.settle();
    expect((await types('o3')).slice(-2)).toEqual(['DeliveryTakenOver', 'MembershipDelivered']);
    expect(shop.calls.length).toBe(3);
  });

  test('a long timeout makes the others more patient', async () => {
    const { process, clock, shop } = world();
    const [a] = [process({ name: 'a', deliverTimeoutMs: minute }), process({ name: 'b', deliverTimeoutMs: minute })];
    shop.manner = 'hang';
    await buy(a.ledger, 'o1');
    await clock.advance(second);
    a.kill();
    await clock.advance(2.9 * minute);
    expect(shop.calls.length).toBe(1);
    await clock.advance(minute);
    expect(shop.calls.length).toBe(2);
  });

  test('processes that share the file of the read models miss nothing of it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'paidonce-delivery-'));
    try {
      const { process, clock, shop } = world();
      const readModels = join(folder, 'read-models');
      const a = process({ name: 'a', readModels });
      shop.manner = 'hang';
      await buy(a.ledger, 'o1');
      await clock.advance(second);
      const b = process({ name: 'b', readModels }); // a has moved the cursor past the decision.
      await buy(a.ledger, 'o2');
      await clock.advance(second);
      a.kill();
      shop.manner = 'write';
      await clock.advance(minute);
      expect([...shop.memberships.keys()].sort()).toEqual(['o1', 'o2']);
      expect(shop.calls.map((call) => call.process)).toEqual(['a', 'a', 'b', 'b']);
      await b.ledger[Symbol.asyncDispose]();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('when the store fails', () => {
  test('an order that cannot be read is looked at once a minute, and delivered once it can be', async () => {
    const { process, clock, shop } = world();
    const { ledger, store } = process();
    shop.manner = 'refuse';
    await buy(ledger, 'o1');
    await clock.flush();
    store.ordersHeld = Promise.reject(new LedgerError('corrupt', 'order-o1: a page of the file is damaged'));
    store.ordersHeld.catch(() => undefined);
    shop.manner = 'write';
    const before = store.orderReads;
    while (store.orderReads === before) await clock.advance(second);
    const damaged = store.orderReads;
    for (let looks = 0; looks < 3; looks++) {
      await clock.advance(58 * second);
      expect(store.orderReads).toBe(damaged + looks);
      await clock.advance(2 * second);
      expect(store.orderReads).toBe(damaged + looks + 1);
    }
    store.ordersHeld = undefined;
    expect(shop.memberships.size).toBe(0);
    await clock.advance(minute);
    expect(shop.memberships.get('o1')).toEqual({ status: 'active', sequence: 1 });
  });

  test('between the shop’s write and MembershipDelivered, the shop is told a second time under the same key', async () => {
    const { process, clock, shop, types } = world();
    const { ledger, store } = process();
    let broken = 1;
    store.fate = (_, { type }) => (type === 'MembershipDelivered' && broken-- > 0 ? 'lost' : undefined);
    await buy(ledger, 'o1');
    await clock.advance(minute);
    expect(shop.keys()).toEqual(['o1:1', 'o1:1']);
    expect((await types('o1')).at(-1)).toBe('MembershipDelivered');
    expect(shop.memberships.get('o1')).toEqual({ status: 'active', sequence: 1 });
  });

  test('once, the process makes sure of its order once', async () => {
    const here = world();
    const { ledger, store } = here.process();
    let broken = 1;
    store.fate = (_, { type }) => (type === 'DeliveryFailed' && broken-- > 0 ? 'lost' : undefined);
    here.shop.manner = 'refuse';
    await buy(ledger, 'o1');
    await here.clock.advance(hour);
    expect((await failures(here)).length).toBeGreaterThan(5);
    expect(await times(here, 'DeliveryTakenOver')).toBe(1);
  });

  test('a process that dies there leaves the second telling to another', async () => {
    const { process, clock, shop, types } = world();
    const [a] = [process({ name: 'a' }), process({ name: 'b' })];
    a.store.fate = (_, { type }) => (type === 'MembershipDelivered' ? 'lost' : undefined);
    await buy(a.ledger, 'o1');
    await clock.flush();
    a.kill();
    await clock.advance(minute);
    expect(shop.calls.map((call) => `${call.process} ${call.change.idempotencyKey}`)).toEqual(['a o1:1', 'b o1:1']);
    expect((await types('o1')).at(-1)).toBe('MembershipDelivered');
  });

  test('a shop is not called over and over while nothing can be written', async () => {
    const { process, clock, shop, warnings } = world();
    const { ledger, store } = process();
    store.fate = (_, { type }) =>
      type === 'PaymentObserved' ||
      type === 'OrderPlaced' ||
      type === 'ReferenceLinked' ||
      type === 'PolicyAdopted' ||
      type === 'LedgerCreated'
        ? undefined
        : 'lost';
    await buy(ledger, 'o1');
    await clock.advance(10 * minute);
    expect(shop.calls.length).toBe(1);
    expect(warnings.length).toBeLessThan(25); // It waits longer each time, up to a minute.
    store.fate = () => undefined;
    await clock.advance(minute);
    expect(shop.calls.length).toBe(2);
    expect(await ledger.order('o1')).toMatchObject({ delivered: 1 });
  });

  test('and the reply to a decision is lost, this process delivers it, with nobody else there', async () => {
    const { process, clock, shop } = world();
    const { ledger, store } = process();
    await clock.flush();
    store.fate = (_, { type }) => (type === 'PaymentObserved' ? 'unknown' : undefined);
    await expect(buy(ledger, 'o1')).rejects.toMatchObject({ code: 'store_unavailable' });
    store.fate = () => undefined;
    await buy(ledger, 'o1'); // The source says it again: a duplicate.
    await clock.advance(minute);
    expect(shop.keys()).toEqual(['o1:1']);
    await clock.advance(hour);
    expect(shop.keys()).toEqual(['o1:1']);
  });

  test('and the reply to a newer decision is lost while an older one is delivered, it is delivered next', async () => {
    for (const ends of ['write', 'refuse'] as const) {
      const { process, clock, shop } = world();
      const { ledger, store } = process();
      shop.manner = 'hang';
      await buy(ledger, 'o1');
      await clock.advance(second);
      store.fate = (_, { type }) => (type === 'PaymentObserved' ? 'unknown' : undefined);
      await expect(refund(ledger, 'o1')).rejects.toMatchObject({ code: 'store_unavailable' });
      store.fate = () => undefined;
      await clock.advance(second); // Only the log shows it.
      expect(shop.calls[0]?.signal.aborted).toBe(true);
      shop.manner = 'write';
      shop.calls[0]?.[ends]();
      await clock.flush();
      expect(shop.keys()).toEqual(['o1:1', 'o1:2']);
    }
  });

  test('and the reply to a newer decision is lost while a slow read says that all is settled, it is delivered next', async () => {
    const { process, clock, shop } = world();
    const { ledger, store } = process();
    await clock.advance(second);
    const { promise: shown, resolve: show } = Promise.withResolvers<void>();
    store.logHeld = shown;
    store.fate = (_, { type }) => (type === 'MembershipDelivered' ? 'unknown' : undefined);
    await buy(ledger, 'o1');
    await clock.flush();
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
    store.ordersHeld = answered;
    await clock.advance(second); // It looks whether the grant was settled.
    store.ordersHeld = undefined;
    store.fate = (_, { type }) => (type === 'PaymentObserved' ? 'unknown' : undefined);
    await expect(refund(ledger, 'o1')).rejects.toMatchObject({ code: 'store_unavailable' });
    store.fate = () => undefined;
    show();
    await clock.advance(second);
    answer();
    await clock.flush();
    expect(shop.keys()).toEqual(['o1:1', 'o1:2']);
  });

  test('the reply to a settling or a failure is lost, and nothing is settled or counted twice', async () => {
    for (const [lost, manner] of [
      ['MembershipDelivered', 'write'],
      ['DeliveryFailed', 'refuse'],
    ] as const) {
      const here = world();
      const { ledger, store } = here.process();
      let broken = 1;
      store.fate = (_, { type }) => (type === lost && broken-- > 0 ? 'unknown' : undefined);
      here.shop.manner = manner;
      await buy(ledger, 'o1');
      await here.clock.flush();
      here.shop.manner = 'write';
      await here.clock.advance(hour);
      expect(await times(here, lost)).toBe(1);
      expect(await times(here, 'MembershipDelivered')).toBe(1);
      expect(here.shop.keys()).toEqual(lost === 'DeliveryFailed' ? ['o1:1', 'o1:1'] : ['o1:1']);
    }
  });
});

describe('bounds', () => {
  test('eight orders at a time', async () => {
    const { process, clock, shop } = world();
    const { ledger } = process();
    shop.manner = 'wait';
    for (let order = 0; order < 30; order++) await buy(ledger, `o${order}`);
    await clock.flush();
    expect(shop.calls.length).toBe(8);
    shop.calls[3]?.write();
    await clock.flush();
    expect(shop.calls.length).toBe(9);
    shop.manner = 'write';
    await clock.advance(minute);
    expect(shop.mostAtOnce).toBe(8);
    expect(shop.memberships.size).toBe(30);
  });

  test('a thousand orders while the shop is down: each gets its turn, and all arrive once it is back', async () => {
    const { process, clock, shop } = world();
    const { ledger } = process();
    shop.manner = 'wait';
    for (let order = 0; order < 1_000; order++) await buy(ledger, `o${order}`);
    await clock.advance(55 * minute); // 330 rounds of eight: each order had two turns, and 640 a third.
    const turns = [...Map.groupBy(shop.keys(), (key) => key).values()].map((calls) => calls.length);
    expect([turns.length, Math.min(...turns), Math.max(...turns)]).toEqual([1_000, 2, 3]);
    shop.manner = 'write';
    await clock.advance(minute);
    expect(shop.memberships.size).toBe(1_000);
  });

  test('stopping starts nothing, lets running attempts end, and records what came of them', async () => {
    const { process, clock, shop, types } = world();
    const { ledger } = process();
    shop.manner = 'hang';
    for (let order = 0; order < 9; order++) await buy(ledger, `o${order}`);
    await clock.flush();
    const stopped = ledger[Symbol.asyncDispose]();
    await clock.advance(9 * second);
    for (const call of shop.calls) call.write();
    await clock.flush();
    await stopped;
    expect(shop.calls.length).toBe(8);
    expect((await types('o0')).at(-1)).toBe('MembershipDelivered');
    expect((await types('o8')).at(-1)).toBe('MembershipGranted');
  });

  test('stopping takes at most 10 s; what runs then is aborted', async () => {
    const { process, clock, shop } = world();
    const { ledger } = process({ deliverTimeoutMs: hour });
    shop.manner = 'hang';
    await buy(ledger, 'o1');
    await clock.flush();
    let stopped = false;
    void ledger[Symbol.asyncDispose]().then(() => {
      stopped = true;
    });
    await clock.advance(10 * second - 1);
    expect([stopped, shop.calls[0]?.signal.aborted]).toEqual([false, false]);
    await clock.advance(1);
    expect([stopped, shop.calls[0]?.signal.aborted]).toEqual([true, true]);
  });

  test('`redeliver` that waits for an attempt starts none while stopping', async () => {
    const { process, clock, shop, types } = world();
    const { ledger } = process({ deliverTimeoutMs: hour });
    shop.manner = 'wait';
    await buy(ledger, 'o1');
    await clock.flush();
    const refused = expect(ledger.redeliver('o1', support)).rejects.toMatchObject({ code: 'closed' });
    await clock.flush();
    const stopped = ledger[Symbol.asyncDispose]();
    await clock.advance(10 * second);
    await Promise.all([refused, stopped]);
    expect(shop.calls.length).toBe(1);
    expect(await types('o1')).not.toContain('DeliveryTakenOver');
  });

  test('what was only being looked at when the process stopped is left to others', async () => {
    const { process, clock, shop } = world();
    const { ledger, store } = process();
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
    store.fate = (_, { type }) => {
      if (type === 'PaymentObserved') store.ordersHeld = answered;
      return undefined;
    };
    await buy(ledger, 'o1');
    await clock.flush();
    const stopped = ledger[Symbol.asyncDispose]();
    await clock.flush();
    answer();
    await clock.flush();
    await stopped;
    expect(shop.calls).toEqual([]);
  });

  test('a `settle` under way starts nothing while stopping', async () => {
    const { process, clock, shop } = world();
    const { ledger } = process({ background: false, deliverTimeoutMs: hour });
    shop.manner = 'wait';
    for (let order = 0; order < 9; order++) await buy(ledger, `o${order}`);
    const settled = ledger.settle({ timeoutMs: hour });
    await clock.flush();
    const stopped = ledger[Symbol.asyncDispose]();
    await clock.advance(10 * second);
    await Promise.allSettled([settled, stopped]);
    expect(shop.calls.length).toBe(8);
  });

  test('`settle` tries again until its deadline, and no longer', async () => {
    const { process, clock, shop } = world();
    const { ledger } = process({ background: false });
    shop.manner = 'refuse';
    await buy(ledger, 'o1');
    let settledAtMs = -1;
    void ledger.settle({ timeoutMs: 20 * second }).then(() => {
      settledAtMs = clock.nowMs;
    });
    await clock.advance(minute);
    expect(shop.calls.length).toBeGreaterThan(3);
    expect(settledAtMs).toBe(shop.calls.at(-1)?.startedAtMs); // The next retry lies behind the deadline.
    const tried = shop.calls.length;
    await clock.advance(hour);
    expect(shop.calls.length).toBe(tried);
  });

  test('`settle` ends once another process has delivered, and does not wait until it might take over', async () => {
    const { process, clock, shop } = world();
    const [a, b] = [process({ name: 'a' }), process({ name: 'b' })];
    shop.manner = 'hang';
    await buy(a.ledger, 'o1');
    await clock.advance(second); // b has seen the grant.
    let settledAtMs = -1;
    void b.ledger.settle({ timeoutMs: hour }).then(() => {
      settledAtMs = clock.nowMs;
    });
    await clock.advance(second);
    expect(settledAtMs).toBe(-1);
    shop.calls[0]?.write();
    await clock.advance(second);
    expect(settledAtMs).toBeGreaterThanOrEqual(2 * second);
    expect(settledAtMs).toBeLessThanOrEqual(3 * second);
    await clock.advance(hour);
    expect(shop.calls.length).toBe(1);
  });

  test('`settle` does not wait for what was delivered just after it had read the log', async () => {
    const { process, clock, shop } = world();
    const [a, b] = [process({ name: 'a' }), process({ name: 'b', background: false })];
    shop.manner = 'hang';
    await buy(a.ledger, 'o1');
    await clock.flush();
    const { readLog } = b.store;
    let readings = 0;
    b.store.readLog = async function* (options) {
      yield* readLog(options);
      readings += 1;
      if (readings !== 2) return; // The roll-forward, then the read models.
      shop.calls[0]?.write();
      await clock.flush();
    };
    let settled = false;
    void b.ledger.settle({ timeoutMs: hour }).then(() => {
      settled = true;
    });
    await clock.advance(second);
    expect(settled).toBe(true);
    expect(shop.calls.length).toBe(1);
  });

  test('`settle` does not wait past its deadline for a shop that hangs', async () => {
    const { process, clock, shop } = world();
    const { ledger } = process({ background: false });
    shop.manner = 'hang';
    await buy(ledger, 'o1');
    const settled = ledger.settle({ timeoutMs: 3 * second });
    await clock.advance(3 * second);
    await settled;
    expect(shop.calls[0]?.endedAtMs).toBeUndefined();
  });
});
