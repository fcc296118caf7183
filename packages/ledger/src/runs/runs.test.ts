// Bulk runs, on processes that the test starts and kills, one log, one virtual clock, and a shop that the test controls.
import { test as property } from '@fast-check/vitest';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buy, type Process, refund, support, type World, world } from '../delivery/delivery.test-support.ts';
import { createMemoryLog, openMemoryEventStore } from '../event-store/memory.ts';
import { createPaymentLedger } from '../ledger.ts';
import { runs } from '../testing/runs.ts';

const second = 1_000;
const minute = 60 * second;
const all = { undelivered: {} } as const;

/** Orders that were granted by a process that delivers nothing, so that they wait. */
async function waiting(w: World, count: number): Promise<readonly string[]> {
  const desk = w.process({ name: 'desk', delivers: false });
  const ids = Array.from({ length: count }, (_, index) => `o${String(index + 1).padStart(4, '0')}`);
  for (const id of ids) await buy(desk.ledger, id);
  await desk.ledger.settle();
  return ids;
}

/** A shop whose deliveries have failed and wait for an hour: nothing but a person makes them tried again now. */
async function refusedOrders(w: World, count: number): Promise<Process> {
  w.shop.manner = 'refuse';
  const a = w.process({ name: 'a' });
  for (let index = 1; index <= count; index += 1) await buy(a.ledger, `o${String(index).padStart(4, '0')}`);
  await w.clock.advance(2 * 60 * minute);
  await a.ledger.settle({ timeoutMs: 0 });
  return a;
}

const stateOf = async ({ ledger }: Process, runId: string) => {
  const { state, done, skipped, failed, count } = (await ledger.runs.run(runId)) ?? {};
  return { state, done, skipped, failed, count };
};

describe('a run of deliveries', () => {
  test('delivers each order once, in the name of the person, and ends', async () => {
    const w = world();
    const a = await refusedOrders(w, 10);
    w.shop.manner = 'write';
    const before = w.shop.calls.length;
    const plan = await a.ledger.runs.plan('redeliver', all);
    expect(plan).toMatchObject({
      count: 10,
      orders: expect.arrayContaining([expect.objectContaining({ orderId: 'o0001', status: 'active' })]),
    });
    const { outcome, runId } = await a.ledger.runs.start('redeliver', all, support);
    expect(outcome).toBe('started');
    await w.clock.advance(second);
    expect(await stateOf(a, runId)).toEqual({ state: 'finished', done: 10, skipped: 0, failed: 0, count: 10 });
    expect(
      w.shop.calls
        .slice(before)
        .map(({ change }) => change.idempotencyKey)
        .sort(),
    ).toEqual(Array.from({ length: 10 }, (_, index) => `o${String(index + 1).padStart(4, '0')}:1`));
    expect((await w.history('o0001')).filter(({ type }) => type === 'DeliveryTakenOver').at(-1)?.data).toMatchObject({ by: support });
    expect(await a.ledger.runs.runs()).toMatchObject({ items: [{ runId, state: 'finished', by: support }] });
  });

  test('runs four orders at once, no more', async () => {
    const w = world();
    const a = await refusedOrders(w, 12);
    w.shop.manner = 'hang';
    const before = w.shop.calls.length;
    await a.ledger.runs.start('redeliver', all, support);
    await w.clock.flush();
    expect(w.shop.calls.length - before).toBe(4);
  });

  test('skips what was saved meanwhile, and what was decided after it began', async () => {
    const w = world();
    const a = await refusedOrders(w, 6);
    w.shop.manner = 'hang';
    const before = w.shop.calls.length;
    const { runId } = await a.ledger.runs.start('redeliver', all, support);
    await w.clock.flush(); // The first four are under way.
    const other = w.process({ name: 'b', deliver: async () => undefined });
    await other.ledger.redeliver('o0005', support);
    const newest = w.process({ name: 'desk', delivers: false });
    await refund(newest.ledger, 'o0006');
    w.shop.manner = 'write';
    for (const call of w.shop.calls.slice(before)) call.write();
    await w.clock.advance(second);
    expect(await stateOf(a, runId)).toEqual({ state: 'finished', done: 4, skipped: 2, failed: 0, count: 6 });
  });

  test('leaves alone what was decided anew since, also where the shop refuses it: the person did not see that', async () => {
    const w = world();
    await waiting(w, 1);
    const desk = w.process({ name: 'desk', delivers: false });
    await w.clock.advance(second);
    const { runId } = await desk.ledger.runs.start('redeliver', all, support);
    await refund(desk.ledger, 'o0001');
    w.shop.manner = 'refuse';
    w.process({ name: 'b' });
    await w.clock.advance(second);
    expect(await stateOf(desk, runId)).toEqual({ state: 'finished', done: 0, skipped: 1, failed: 0, count: 1 });
    expect(w.shop.keys().every((key) => key === 'o0001:2')).toBe(true);
    expect((await w.history('o0001')).filter(({ type, data }) => type === 'DeliveryTakenOver' && 'by' in data)).toEqual([]);
  });

  test('counts what the shop refuses, with the error, and goes on', async () => {
    const w = world();
    await waiting(w, 6);
    const a = w.process({
      name: 'a',
      background: false,
      deliver: async ({ membershipId }) => {
        if (membershipId === 'o0002') throw Object.assign(new Error('x'), { name: 'TableLocked', code: '55P03' });
      },
    });
    const ids = Array.from({ length: 6 }, (_, index) => `o000${index + 1}`);
    const { runId } = await a.ledger.runs.start('redeliver', { orders: [...ids, 'o0009'] }, support);
    const background = w.process({
      name: 'b',
      deliver: async ({ membershipId }) => {
        if (membershipId === 'o0002') throw Object.assign(new Error('x'), { name: 'TableLocked', code: '55P03' });
      },
    });
    await w.clock.advance(5 * minute);
    const run = await background.ledger.runs.run(runId);
    expect(run).toMatchObject({
      state: 'finished',
      count: 7,
      failures: expect.arrayContaining([{ orderId: 'o0009', error: 'order_unknown' }]),
    });
    expect((run?.done ?? 0) + (run?.skipped ?? 0) + (run?.failed ?? 0)).toBe(7);
  });

  test('pauses where the shop fails 20 in a row, says so, and goes on by itself', async () => {
    const w = world();
    const a = await refusedOrders(w, 40);
    const { runId } = await a.ledger.runs.start('redeliver', all, support);
    await w.clock.advance(second);
    expect(await stateOf(a, runId)).toEqual({ state: 'paused', done: 0, skipped: 0, failed: 20, count: 40 });
    await w.clock.advance(minute); // One order is tried: it fails too.
    expect(await stateOf(a, runId)).toMatchObject({ state: 'paused', failed: 21 });
    w.shop.manner = 'write';
    await w.clock.advance(2 * minute);
    expect(await stateOf(a, runId)).toMatchObject({ state: 'finished', count: 40, failed: 21 });
    expect((await a.ledger.runs.run(runId))?.failures).toContainEqual({ orderId: 'o0001', error: 'Error' });
  });

  test('keeps the first 100 failures, and counts all', async () => {
    const w = world();
    const desk = w.process({ name: 'desk', delivers: false });
    const orders = Array.from({ length: 130 }, (_, index) => `none-${index}`);
    w.process({ name: 'a' });
    const { runId } = await desk.ledger.runs.start('redeliver', { orders }, support);
    await w.clock.advance(48 * 60 * minute);
    const run = await desk.ledger.runs.run(runId);
    expect([run?.state, run?.failed, run?.failures.length]).toEqual(['finished', 130, 100]);
  });
});

describe('between any two orders a person cancels', () => {
  test('and done and left are all of them', async () => {
    const w = world();
    const a = await refusedOrders(w, 40);
    w.shop.manner = 'hang';
    const before = w.shop.calls.length;
    const { runId } = await a.ledger.runs.start('redeliver', all, support);
    await w.clock.flush();
    expect(await a.ledger.runs.cancel(runId, support)).toEqual({ outcome: 'canceled' });
    for (const call of w.shop.calls.slice(before)) call.write();
    w.shop.manner = 'write';
    await w.clock.flush();
    expect(await stateOf(a, runId)).toEqual({ state: 'canceled', done: 4, skipped: 0, failed: 0, count: 40 });
    expect(w.shop.calls.length - before).toBe(4);
    expect(await a.ledger.runs.cancel(runId, support)).toEqual({ outcome: 'ended' });
    await w.clock.advance(second);
    expect((await a.ledger.undelivered({ limit: 1_000 })).items.length).toBe(36);
  });

  test('also in a pause: the next run begins at once', async () => {
    const w = world();
    const a = await refusedOrders(w, 30);
    const { runId } = await a.ledger.runs.start('redeliver', all, support);
    await w.clock.advance(second);
    expect(await stateOf(a, runId)).toMatchObject({ state: 'paused' });
    await a.ledger.runs.cancel(runId, support);
    w.shop.manner = 'write';
    const next = await a.ledger.runs.start('redeliver', all, support);
    expect(next.outcome).toBe('started');
    await w.clock.advance(second);
    expect(await stateOf(a, next.runId)).toMatchObject({ state: 'finished', count: 30 });
  });
});

describe('one run at a time', () => {
  test('two people who start one at the same time get one run', async () => {
    const w = world();
    await waiting(w, 3);
    const [b, c] = [w.process({ name: 'b', delivers: false }), w.process({ name: 'c', delivers: false })];
    await w.clock.advance(second);
    const answers = await Promise.all([b, c].map(({ ledger }) => ledger.runs.start('redeliver', all, support)));
    expect(answers.map(({ outcome }) => outcome).sort()).toEqual(['running', 'started']);
    expect(new Set(answers.map(({ runId }) => runId)).size).toBe(1);
    expect((await b.ledger.runs.runs()).items).toMatchObject([{ state: 'running', done: 0 }]);
  });

  test('the next one begins after its end', async () => {
    const w = world();
    const a = await refusedOrders(w, 2);
    w.shop.manner = 'write';
    const first = await a.ledger.runs.start('redeliver', { orders: ['o0001'] }, support);
    expect(await a.ledger.runs.start('redeliver', { orders: ['o0002'] }, support)).toEqual({ outcome: 'running', runId: first.runId });
    await w.clock.advance(second);
    const second_ = await a.ledger.runs.start('redeliver', { orders: ['o0002'] }, support);
    await w.clock.advance(second);
    expect(await stateOf(a, second_.runId)).toMatchObject({ state: 'finished', done: 1 });
    const { items, next } = await a.ledger.runs.runs({ limit: 1 });
    expect([items[0]?.runId, next]).toEqual([second_.runId, second_.runId]);
    expect((await a.ledger.runs.runs({ limit: 1, after: String(next) })).items[0]?.runId).toBe(first.runId);
  });

  test('a process that died between its two appends keeps nobody from starting another', async () => {
    const w = world();
    await waiting(w, 3);
    const dying = w.process({ name: 'dying', delivers: false });
    await w.clock.advance(second);
    dying.store.fate = (stream) => (stream === 'runs' ? 'lost' : undefined);
    await expect(dying.ledger.runs.start('redeliver', all, support)).rejects.toMatchObject({ code: 'store_full' });
    dying.kill();
    const a = w.process({ name: 'a' });
    await w.clock.advance(second);
    expect(await a.ledger.runs.start('redeliver', { orders: ['o0001'] }, support)).toMatchObject({ outcome: 'started' });
  });
});

describe('a run goes on in another process', () => {
  test('when its process is killed: each order is delivered, none is counted twice', async () => {
    const w = world();
    const a = await refusedOrders(w, 20);
    w.shop.manner = 'wait';
    const before = w.shop.calls.length;
    const { runId } = await a.ledger.runs.start('redeliver', all, support);
    await w.clock.flush();
    for (const call of w.shop.calls.slice(before)) call.write();
    await w.clock.flush();
    a.kill();
    w.shop.manner = 'write';
    const b = w.process({ name: 'b' });
    await w.clock.advance(50 * second);
    expect(await stateOf(b, runId)).toMatchObject({ state: 'running', done: 4 });
    await w.clock.advance(2 * minute);
    const ended = await stateOf(b, runId);
    expect(ended).toMatchObject({ state: 'finished', failed: 0, count: 20 });
    expect(Number(ended.done) + Number(ended.skipped)).toBe(20);
    expect([...w.shop.memberships.keys()].length).toBe(20);
  });

  test('when its process is shut down: at once', async () => {
    const w = world();
    const a = await refusedOrders(w, 12);
    w.shop.manner = 'wait';
    const { runId } = await a.ledger.runs.start('redeliver', all, support);
    await w.clock.flush();
    const closing = a.ledger[Symbol.asyncDispose]();
    await w.clock.advance(15 * second);
    await closing;
    w.shop.manner = 'write';
    const b = w.process({ name: 'b' });
    await w.clock.advance(second);
    expect(await stateOf(b, runId)).toMatchObject({ state: 'finished', count: 12 });
  });

  test('and not while its process is alive, however long the shop takes', async () => {
    const w = world();
    const a = await refusedOrders(w, 4);
    w.shop.manner = 'hang';
    const { ledger } = w.process({ name: 'a2', deliverTimeoutMs: 10 * minute });
    await a.ledger[Symbol.asyncDispose]();
    const b = w.process({ name: 'b' });
    const { runId } = await ledger.runs.start('redeliver', all, support);
    await w.clock.advance(5 * minute);
    expect(await stateOf(b, runId)).toMatchObject({ state: 'running', done: 0, failed: 0 });
    const advanced = (await b.store.readStream(`run-${runId}`)).filter(({ type }) => type === 'RunAdvanced');
    expect(advanced.length).toBeGreaterThan(5); // It says that it is still there.
    expect(new Set(advanced.map(({ data }) => (data as { process: string }).process)).size).toBe(1);
  });

  test('in a process that lives for `settle` alone, by the times in the log', async () => {
    const w = world();
    await waiting(w, 5);
    const cron = w.process({ name: 'cron', background: false, deliver: async () => undefined });
    const { runId } = await cron.ledger.runs.start('redeliver', all, support);
    await cron.ledger.settle();
    expect((await cron.ledger.runs.run(runId))?.state).toBe('finished');
  });
});

describe('a store that fails', () => {
  const writes = ['RunStarted', 'RunAdmitted', 'RunAdvanced', 'RunReleased'] as const;
  test.each(writes.flatMap((type) => [[type, 'lost'] as const, [type, 'unknown'] as const]))(
    'in the first append of %s (%s) keeps no run from its end, and counts nothing twice',
    async (type, fate) => {
      const w = world();
      const a = await refusedOrders(w, 10);
      w.shop.manner = 'write';
      let broken = 1;
      a.store.fate = (_, event) => (event.type === type && broken-- > 0 ? fate : undefined);
      await a.ledger.runs.start('redeliver', all, support).catch(() => undefined);
      await w.clock.advance(10 * minute);
      const { outcome } = await a.ledger.runs.start('redeliver', { orders: ['o0001'] }, support);
      await w.clock.advance(10 * minute);
      const { items } = await a.ledger.runs.runs();
      const began = type === 'RunAdvanced' || type === 'RunReleased' || (type === 'RunAdmitted' && fate === 'unknown');
      expect([outcome, items.length]).toEqual(['started', began ? 2 : 1]);
      for (const { state, done, skipped, failed, count } of items) expect([state, done + skipped + failed]).toEqual(['finished', count]);
    },
  );

  const step = fc.record({ afterMs: fc.integer({ min: 0, max: 90_000 }), kill: fc.boolean(), refuse: fc.boolean() });
  property.prop([fc.array(step, { maxLength: 6 })], runs(8))(
    'processes that die at any moment, and a shop that refuses at times: the run ends, with a count for each order',
    async (steps) => {
      const w = world();
      let live = await refusedOrders(w, 9);
      w.shop.manner = 'write';
      const { runId } = await live.ledger.runs.start('redeliver', all, support);
      for (const { afterMs, kill, refuse } of steps) {
        w.shop.manner = refuse ? 'refuse' : 'wait';
        await w.clock.advance(afterMs);
        if (kill) live.kill();
        if (kill) live = w.process();
        for (const call of w.shop.calls) if (call.endedAtMs === undefined && !refuse) call.write();
      }
      w.shop.manner = 'write';
      await w.clock.advance(60 * minute);
      const { state, done, skipped, failed } = await stateOf(live, runId);
      expect([state, Number(done) + Number(skipped) + Number(failed)]).toEqual(['finished', 9]);
    },
  );
});

describe('a run of rechecks', () => {
  test('waits for a process with an adapter, which carries it out in the name of the person', async () => {
    const w = world();
    const ids = await waiting(w, 6);
    const asked: string[] = [];
    const a = w.process({ name: 'a', delivers: false });
    await w.clock.advance(second);
    const { runId } = await a.ledger.runs.start('recheck', { orders: ids }, support);
    await w.clock.advance(10 * minute);
    expect(await stateOf(a, runId)).toMatchObject({ state: 'running', done: 0 });
    const b = w.process({ name: 'b', delivers: false });
    const end = b.ledger.forAdapters.carryOutRechecks(async (orderId, by) => {
      asked.push(`${orderId} ${by.actor}`);
      if (orderId === 'o0003') throw new Error('Stripe does not answer');
    });
    await w.clock.advance(second);
    expect(await stateOf(a, runId)).toEqual({ state: 'finished', done: 5, skipped: 0, failed: 1, count: 6 });
    expect(asked.sort()).toEqual(ids.map((id) => `${id} ${support.actor}`));
    end();
  });

  test('of what waits skips what was saved meanwhile', async () => {
    const w = world();
    const ids = await waiting(w, 3);
    const a = w.process({ name: 'a', delivers: false });
    await w.clock.advance(second);
    const { runId } = await a.ledger.runs.start('recheck', all, support);
    const b = w.process({ name: 'b' });
    await w.clock.advance(second); // The shop has all of them by now.
    expect(w.shop.keys().length).toBe(3);
    const asked: string[] = [];
    b.ledger.forAdapters.carryOutRechecks(async (orderId) => asked.push(orderId));
    await w.clock.advance(second);
    expect([await stateOf(a, runId), asked]).toEqual([{ state: 'finished', done: 0, skipped: 3, failed: 0, count: ids.length }, []]);
  });
});

describe('what cannot be started', () => {
  test('nothing to do, too many, a bad person', async () => {
    const w = world();
    const { ledger } = w.process();
    await w.clock.advance(second);
    const refused = (work: Promise<unknown>) => expect(work).rejects.toMatchObject({ code: 'invalid_input' });
    await refused(ledger.runs.start('redeliver', all, support));
    await refused(ledger.runs.start('redeliver', { orders: Array.from({ length: 5_001 }, (_, index) => `o${index}`) }, support));
    await refused(ledger.runs.start('redeliver', { orders: ['o 1'] }, support));
    await refused(ledger.runs.start('grant' as 'redeliver', all, support));
    await refused(ledger.runs.start('redeliver', { orders: ['o1'] }, { actor: 'support-7', reason: '' }));
    await refused(ledger.runs.cancel('no-such-run', support));
    expect(await ledger.runs.run('no-such-run')).toBeUndefined();
    expect(await ledger.runs.runs()).toMatchObject({ items: [] });
  });

  test('exactly 5,000 can, and a list that names an order twice names it once', async () => {
    const ledger = createPaymentLedger({ eventStore: openMemoryEventStore({ log: createMemoryLog() }), background: false });
    await using _ = ledger;
    const orders = Array.from({ length: 5_000 }, (__, index) => `o${index}`);
    const { runId } = await ledger.runs.start('redeliver', { orders: [...orders, 'o1'] }, support);
    expect(await ledger.runs.run(runId)).toMatchObject({ count: 5_000, state: 'running' });
  });
});
