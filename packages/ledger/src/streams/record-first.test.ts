// Law 3 where a first payment is one commit: every interleaving of two processes, and a death before or after each of their calls.
import { afterAll, describe, expect, test } from 'vitest';
import { openMemoryEventStore } from '../event-store/memory.ts';
import { openFaultyStore, unknownOutcome } from '../faulty-store.test-support.ts';
import { instantRuntime } from '../instant-runtime.test-support.ts';
import { exploreAll } from '../interleavings.test-support.ts';
import { type ObservedOptions, paid, payment, paymentObserved, refund } from '../order/example-order.test-support.ts';
import {
  checkHandedOn,
  checkOwnership,
  everything,
  openPaymentProcess,
  type PaymentProcess,
  toObservation,
} from '../payment-process.test-support.ts';

const report = (how: ObservedOptions, fact = paid()) => toObservation(paymentObserved(fact, how));

describe('the usual first payment', () => {
  test('is one append: the link before the record, and nothing was read but what is not known', async () => {
    const store = openFaultyStore(openMemoryEventStore(), {});
    const process = openPaymentProcess(store, instantRuntime());
    await process.place('order-1');
    await process.attach('order-1', payment('cs_1'));
    const { length } = store.calls;
    expect(await process.writer.observe(report({ aliases: ['cs_1'] }))).toMatchObject({ outcome: 'granted' });
    expect(store.calls.slice(length)).toMatchObject([
      {
        method: 'appendAll',
        stream: 'reference-pi_1 + order-order-1',
        types: ['ReferenceLinked', 'PaymentObserved', 'MembershipGranted'],
      },
    ]);
  });

  test.each([
    ['its name has held something', [], 'order-1', [report({}, refund(1_000))]],
    ['its session is not linked', ['cs_2'], 'order-1', []],
    ['one of its sessions is another order’s', ['cs_1', 'cs_2'], undefined, []],
    ['its session has held something', ['cs_3'], undefined, [report({ of: payment('pi_3'), aliases: ['cs_3'] })]],
  ] as const)('is no such where %s: link, hand on, record', async (_, aliases, orderId, before) => {
    const store = openFaultyStore(openMemoryEventStore(), {});
    const process = openPaymentProcess(store, instantRuntime());
    for (const id of ['order-1', 'order-2']) await process.place(id);
    for (const each of before) await process.writer.observe(each);
    await process.attach('order-1', payment('cs_1'));
    if (aliases.some((alias) => alias === 'cs_2') && aliases.length > 1) await process.attach('order-2', payment('cs_2'));
    if (aliases.some((alias) => alias === 'cs_3')) await process.references.link('cs_3', 'order-1'); // And nobody has handed on.
    const { length } = store.calls;
    await process.writer.observe(report({ aliases, ...(orderId ? { orderId } : {}) }));
    expect(store.calls.slice(length).map(({ method }) => method)).not.toContain('appendAll');
    checkHandedOn(checkOwnership(await everything(store)));
  });

  test('whose reply is lost is known when it is reported again', async () => {
    let isLost = true;
    const store = openFaultyStore(openMemoryEventStore(), {
      after: ({ method }) => {
        if (method !== 'appendAll' || !isLost) return;
        isLost = false;
        throw unknownOutcome();
      },
    });
    const process = openPaymentProcess(store, instantRuntime());
    await process.place('order-1');
    const observation = report({ orderId: 'order-1' });
    await expect(process.writer.observe(observation)).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(await process.writer.observe(observation)).toEqual({ outcome: 'duplicate', orderId: 'order-1' });
    expect((await store.readStream('order-order-1')).map(({ type }) => type)).toEqual([
      'OrderPlaced',
      'PaymentObserved',
      'MembershipGranted',
    ]);
  });
});

describe('law 3: two processes report one payment for two orders', () => {
  const met = new Set<string>();
  afterAll(() =>
    expect([...met].sort()).toEqual(['crashed: one', 'crashed: other', 'crashed: undefined', 'lost its claim', 'order-1', 'order-2']),
  );

  test.each([
    { both: 'by metadata', crashes: false },
    { both: 'by metadata', crashes: true },
    { both: 'by a session each', crashes: true },
  ])('$both (one may die: $crashes): one owner, one grant, and nothing acknowledged is lost', async ({ both, crashes }) => {
    const runs = await exploreAll({ preemptions: crashes ? 1 : 2, crashes }, async ({ log, store, run }) => {
      const outside = openPaymentProcess(openMemoryEventStore({ log }), instantRuntime('outside'));
      const stores = ['one', 'other'].map((name) => openFaultyStore(store(name), {}));
      const processes = stores.map((each, n) => openPaymentProcess(each, instantRuntime(`p${n}`)));
      const observations = ['order-1', 'order-2'].map((orderId, n) =>
        report(both === 'by metadata' ? { orderId } : { aliases: [`cs_${n}`], source: n ? 'poll' : 'webhook' }),
      );
      for (const [n, orderId] of ['order-1', 'order-2'].entries()) {
        await outside.place(orderId);
        if (both !== 'by metadata') await (processes[n] as PaymentProcess).attach(orderId, payment(`cs_${n}`));
      }
      const { crashed } = await run(
        processes.map(
          ({ writer }, n) =>
            () =>
              writer.observe(observations[n]!),
        ),
      );
      met.add(`crashed: ${crashed}`);
      if (stores.some(({ calls }) => calls.some(({ method }, at) => method === 'appendAll' && calls[at + 1] !== undefined)))
        met.add('lost its claim');
      for (const observation of observations) await outside.writer.observe(observation); // The sources try again.
      await outside.rollForward();
      const ownership = checkOwnership(await everything(openMemoryEventStore({ log })));
      checkHandedOn(ownership);
      const owner = ownership.owners.get('pi_1') ?? '';
      met.add(owner);
      const memberships = await Promise.all(['order-1', 'order-2'].map(async (id) => (await outside.orders.read(id)).membership));
      expect(memberships).toEqual(owner === 'order-1' ? ['active', 'none'] : ['none', 'active']);
      const reviews = (await outside.orders.read(owner)).reviews.map(({ kind }) => kind);
      expect(reviews).toEqual(['claimed_by_two']);
    });
    expect(runs).toBeGreaterThan(20);
  });
});
