// A ledger in shadow: it decides and records beside an older handler of the shop, and delivers nothing.
import { test as property } from '@fast-check/vitest';
import * as fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { explainOrder } from '../audit/explain/explain.ts';
import { explanationLines } from '../audit/explain/explanation-lines.ts';
import { readerOf } from '../audit/log/log-reader.ts';
import { verifyLog } from '../audit/verify/verify.ts';
import { openMemoryEventStore } from '../event-store/memory.ts';
import { createPaymentLedger } from '../ledger.ts';
import type { MembershipChange, PaymentLedgerOptions, Shadow } from '../payment-ledger.ts';
import { runs } from '../testing/runs.ts';
import { buy, dispute, type Process, refund, refundFails, type World, world } from './delivery.test-support.ts';

const minute = 60_000;
const hour = 60 * minute;

type Status = MembershipChange['status'] | 'none';

/** What the older handler of the shop gave, by order; and what the ledger asked of it. */
function oldShop() {
  const has = new Map<string, Status>();
  const asked: { readonly orderId: string; readonly sequence: number; readonly atMs: number }[] = [];
  /** The keys of the decisions that the shop had when it was asked. */
  const had = new Set<string>();
  const shadowed = ({ process, clock }: World, options: Partial<PaymentLedgerOptions> = {}): Process => {
    const shadow: Shadow = {
      compare: async ({ membershipId: orderId, sequence, status, idempotencyKey }) => {
        asked.push({ orderId, sequence, atMs: clock.nowMs });
        const access = (of: Status) => (of === 'active' ? 'yes' : 'no');
        if (access(has.get(orderId) ?? 'none') !== access(status)) return 'differs';
        had.add(idempotencyKey);
        return 'same';
      },
    };
    return process({ name: 'shadow', delivers: false, shadow, ...options });
  };
  return { has, asked, had, shadowed };
}

async function findings({ log }: World): Promise<unknown> {
  return (await verifyLog(readerOf(openMemoryEventStore({ log })))).findings;
}

describe('what the shop has already', () => {
  test('is settled a minute after the decision, and nothing is delivered, then or at the cut-over', async () => {
    const here = world();
    const { has, asked, shadowed } = oldShop();
    const { ledger } = shadowed(here);
    has.set('n1', 'active');
    await buy(ledger, 'n1');
    await here.clock.advance(minute - 1);
    expect(asked).toEqual([]);
    await here.clock.advance(1);
    expect(await here.types('n1')).toEqual(['OrderPlaced', 'PaymentObserved', 'MembershipGranted', 'MembershipDelivered']);
    expect((await here.history('n1')).at(-1)).toMatchObject({
      data: { sequence: 1, found: true },
      metadata: { version: '2', instance: '' },
    });
    expect(await ledger.backlog()).toMatchObject({ undelivered: 0, shadowDiffers: 0 });
    await here.clock.advance(100 * hour);
    expect(asked.length).toBe(1);

    here.process({ name: 'cut-over' });
    await here.clock.advance(hour);
    expect(here.shop.calls).toEqual([]);
    expect(await findings(here)).toEqual([]);
  });

  test('is told so by `explain`', async () => {
    const here = world();
    const { has, shadowed } = oldShop();
    has.set('n1', 'active');
    await buy(shadowed(here).ledger, 'n1');
    await here.clock.advance(minute);
    const explanation = await explainOrder(readerOf(openMemoryEventStore({ log: here.log })), 'n1');
    expect(explanationLines(explanation!, 'en').join('\n')).toContain('Your shop had it already; nothing was sent (decision 1)');
    expect(explanationLines(explanation!, 'en', { every: true }).join('\n')).toContain(
      'The shop had decision 1 already, so nothing was sent.',
    );
  });

  test('of a membership that ended is what the shop has too: a refund after it is compared by itself', async () => {
    const here = world();
    const { has, shadowed } = oldShop();
    const { ledger } = shadowed(here);
    has.set('n1', 'active');
    await buy(ledger, 'n1');
    await here.clock.advance(2 * minute);
    await refund(ledger, 'n1'); // The old handler knows no refunds.
    await here.clock.advance(2 * minute);
    expect(await ledger.undelivered()).toMatchObject({ items: [{ orderId: 'n1', status: 'revoked', sequence: 2, failures: 0 }] });
    here.process({ name: 'cut-over' });
    await here.clock.flush();
    expect(here.shop.keys()).toEqual(['n1:2']);
  });
});

describe('what differs', () => {
  test('stays undelivered, is counted, never abandoned, and alerts nobody; it is asked ever more rarely', async () => {
    const here = world();
    const { asked, shadowed } = oldShop();
    const { ledger } = shadowed(here);
    await buy(ledger, 'n2');
    await here.clock.advance(100 * hour);
    expect(await here.types('n2')).toEqual(['OrderPlaced', 'PaymentObserved', 'MembershipGranted']);
    expect(await ledger.backlog()).toMatchObject({ undelivered: 1, abandoned: 0, shadowDiffers: 1 });
    expect(here.alerts).toEqual([]);
    const waits = asked.map(({ atMs }, index) => atMs - (asked[index - 1]?.atMs ?? 0));
    expect(waits.slice(0, 4)).toEqual([minute, minute, 2 * minute, 4 * minute]);
    expect(Math.max(...waits)).toBe(24 * hour);
  });

  test('is delivered once by the first start with `deliver`, and by nobody before', async () => {
    const here = world();
    const { has, shadowed } = oldShop();
    const shadow = shadowed(here);
    has.set('n1', 'active');
    for (const orderId of ['n1', 'n2', 'n3']) await buy(shadow.ledger, orderId);
    await here.clock.advance(100 * hour);
    expect(here.shop.calls).toEqual([]);
    await shadow.ledger[Symbol.asyncDispose]();
    const { ledger } = here.process({ name: 'cut-over' });
    await here.clock.advance(minute);
    expect(here.shop.keys().toSorted()).toEqual(['n2:1', 'n3:1']);
    expect(await ledger.backlog()).toMatchObject({ undelivered: 0, shadowDiffers: 0 });
    expect(await findings(here)).toEqual([]);
  });

  test('until the shop mends it: then it is settled, and counted no more', async () => {
    const here = world();
    const { has, shadowed } = oldShop();
    const { ledger } = shadowed(here);
    await buy(ledger, 'n2');
    await here.clock.advance(minute);
    expect(await ledger.backlog()).toMatchObject({ undelivered: 1, shadowDiffers: 1 });
    has.set('n2', 'active');
    await here.clock.advance(minute);
    expect(await ledger.backlog()).toMatchObject({ undelivered: 0, shadowDiffers: 0 });
  });
});

describe('a compare that gives no answer', () => {
  test.each<[string, Shadow['compare'], RegExp]>([
    ['rejects', () => Promise.reject(new Error('the table is locked')), /failed/],
    [
      'throws',
      () => {
        throw new Error('no such table');
      },
      /failed/,
    ],
    ['hangs', () => new Promise(() => undefined), /did not answer in time/],
    ['answers something else', async () => 'equal' as 'same', /neither 'same' nor 'differs'/],
  ])('because it %s settles nothing, counts as no difference, and is asked again', async (_, compare, warning) => {
    const here = world();
    let calls = 0;
    const shadow: Shadow = {
      compare: (...of) => {
        calls += 1;
        return calls === 1 ? compare(...of) : Promise.resolve('same');
      },
    };
    const { ledger } = here.process({ delivers: false, shadow });
    await buy(ledger, 'n1');
    await here.clock.advance(minute + 20_000);
    expect(await ledger.backlog()).toMatchObject({ undelivered: 1, shadowDiffers: 0 });
    expect(here.warnings).toContainEqual(expect.stringMatching(warning));
    await here.clock.advance(2 * minute);
    expect((await ledger.backlog()).undelivered).toBe(0);
    expect(here.alerts).toEqual([]);
  });

  test('is aborted where the process ends', async () => {
    const here = world();
    const signals: AbortSignal[] = [];
    const shadow: Shadow = {
      compare: (_, signal) => {
        signals.push(signal);
        return new Promise(() => undefined);
      },
    };
    const { ledger } = here.process({ delivers: false, shadow, deliverTimeoutMs: hour });
    await buy(ledger, 'n1');
    await here.clock.advance(minute);
    const closed = ledger[Symbol.asyncDispose]();
    await here.clock.advance(minute);
    await closed;
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  });
});

describe('in any number of processes', () => {
  test('a decision that came before this process is asked about a minute after its start', async () => {
    const here = world();
    const { has, asked, shadowed } = oldShop();
    const first = shadowed(here);
    await buy(first.ledger, 'n1');
    first.kill();
    await here.clock.advance(hour);
    has.set('n1', 'active');
    const { ledger } = shadowed(here);
    await here.clock.advance(minute);
    expect(asked.length).toBe(1);
    expect((await ledger.backlog()).undelivered).toBe(0);
  });

  test('without a background each `settle` asks about what is older than a minute', async () => {
    const here = world();
    const { has, asked, shadowed } = oldShop();
    const once = async (work: (process: Process) => Promise<void>): Promise<void> => {
      const process = shadowed(here, { background: false });
      await work(process);
      await process.ledger.settle();
      await process.ledger[Symbol.asyncDispose]();
    };
    await once(({ ledger }) => buy(ledger, 'n1'));
    expect(asked).toEqual([]);
    await here.clock.advance(minute);
    has.set('n1', 'active');
    await once(async () => undefined);
    expect(asked.length).toBe(1);
    expect((await here.types('n1')).at(-1)).toBe('MembershipDelivered');
  });

  test('two shadows and a late `deliver` settle each decision once', async () => {
    const here = world();
    const { has, shadowed } = oldShop();
    const a = shadowed(here);
    shadowed(here);
    has.set('n1', 'active');
    await buy(a.ledger, 'n1');
    await buy(a.ledger, 'n2');
    await here.clock.advance(minute);
    here.process({ name: 'cut-over' });
    await here.clock.advance(hour);
    for (const orderId of ['n1', 'n2']) expect((await here.types(orderId)).filter((type) => type === 'MembershipDelivered').length).toBe(1);
    expect(here.shop.keys()).toEqual(['n2:1']);
    expect(await findings(here)).toEqual([]);
  });

  test('a decision that follows while the shop is asked about the older one is not settled by that answer', async () => {
    const here = world();
    const answer = Promise.withResolvers<'same'>();
    const asked: number[] = [];
    const shadow: Shadow = {
      compare: ({ sequence }) => {
        asked.push(sequence);
        return sequence === 1 ? answer.promise : Promise.resolve('differs');
      },
    };
    const { ledger } = here.process({ delivers: false, shadow, deliverTimeoutMs: hour });
    await buy(ledger, 'n1');
    await here.clock.advance(minute);
    await refund(ledger, 'n1');
    answer.resolve('same');
    await here.clock.advance(2 * minute);
    expect(asked).toContain(2);
    expect(await here.types('n1')).not.toContain('MembershipDelivered');
    expect(await ledger.undelivered()).toMatchObject({ items: [{ sequence: 2 }] });
  });

  test('the way back, from `deliver` to shadow: what is not delivered yet is compared', async () => {
    const here = world();
    const { has, shadowed } = oldShop();
    here.shop.manner = 'refuse';
    const delivering = here.process({ name: 'delivers' });
    await buy(delivering.ledger, 'n1');
    await here.clock.advance(minute);
    const back = delivering.ledger[Symbol.asyncDispose]();
    await here.clock.advance(minute);
    await back;
    has.set('n1', 'active');
    const { ledger } = shadowed(here);
    await here.clock.advance(minute);
    expect((await ledger.backlog()).undelivered).toBe(0);
    expect(await findings(here)).toEqual([]);
  });
});

describe('whatever happened in shadow', () => {
  const met = new Set<string>();
  afterAll(() => expect([...met].toSorted()).toEqual(['differs', 'same'])); // Both were reached; else the property proved little.

  const happenings = { buy, refund, refundFails, dispute };
  const anyHappening = fc.constantFrom(...(Object.keys(happenings) as (keyof typeof happenings)[]));
  const anyStory = fc.array(fc.record({ happening: anyHappening, has: fc.constantFrom<Status>('active', 'none') }), { maxLength: 6 });

  property.prop([fc.array(anyStory, { minLength: 1, maxLength: 4 })], runs(20))(
    'the first start with `deliver` delivers exactly what differs, and the log verifies',
    async (stories) => {
      const here = world();
      const { has, had, shadowed } = oldShop();
      const shadow = shadowed(here);
      for (const [index, story] of stories.entries()) {
        await buy(shadow.ledger, `o${index}`);
        for (const { happening, has: status } of story) {
          await happenings[happening](shadow.ledger, `o${index}`);
          has.set(`o${index}`, status);
          await here.clock.advance(2 * minute);
        }
      }
      await here.clock.advance(25 * hour);
      const expected: string[] = [];
      for (const [index] of stories.entries()) {
        // What the shop changes by itself after it was asked, only `paidonce compare` finds.
        const key = `o${index}:${(await shadow.ledger.order(`o${index}`))?.sequence}`;
        met.add(had.has(key) ? 'same' : 'differs');
        if (!had.has(key)) expected.push(key);
      }
      expect(await shadow.ledger.backlog()).toMatchObject({ undelivered: expected.length, shadowDiffers: expected.length });
      here.process({ name: 'cut-over' });
      await here.clock.advance(hour);
      expect(here.shop.keys().toSorted()).toEqual(expected.toSorted());
      expect(await findings(here)).toEqual([]);
    },
  );
});

describe('the option', () => {
  const eventStore = openMemoryEventStore();
  const compare: Shadow['compare'] = async () => 'same';
  test.each<[string, object, RegExp]>([
    ['with `deliver`', { shadow: { compare }, deliver: async () => undefined }, /deliver and shadow are both given/],
    ['without a function', { shadow: {} }, /shadow must be \{ compare \}/],
    ['as null', { shadow: null }, /shadow must be \{ compare \}/],
    ['with a name that it does not know', { shadow: { compare, interval: 3 } }, /shadow must be \{ compare \}/],
  ])('%s is refused', (_, options, message) => {
    expect(() => createPaymentLedger({ eventStore, ...options })).toThrow(
      expect.objectContaining({ code: 'invalid_input', message: expect.stringMatching(message) }),
    );
  });

  test('makes a process that delivers nothing: `redeliver` is refused there', async () => {
    const here = world();
    const { ledger } = oldShop().shadowed(here);
    await buy(ledger, 'n1');
    expect(ledger.delivers).toBe(false);
    await expect(ledger.redeliver('n1', { actor: 'support-7', reason: 'x' })).rejects.toMatchObject({ code: 'invalid_input' });
  });
});
