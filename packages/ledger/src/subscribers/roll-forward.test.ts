import { describe, expect, test } from 'vitest';
import { openMemoryEventStore } from '../event-store/memory.ts';
import { type Faults, openFaultyStore, unknownOutcome } from '../faulty-store.test-support.ts';
import { instantRuntime } from '../instant-runtime.test-support.ts';
import { paid, payment, paymentObserved } from '../order/example-order.test-support.ts';
import { everything, openPaymentProcess, toObservation } from '../payment-process.test-support.ts';
import { allocation, day, month, reference1, refund } from '../subscription/story.test-support.ts';
import { openSubscriptionProcess } from '../subscription-process.test-support.ts';
import { rollForward } from './roll-forward.ts';

async function linkedButNotHandedOn(ids: readonly string[]) {
  const faults: Faults = {};
  const store = openFaultyStore(openMemoryEventStore(), faults);
  const dead = openPaymentProcess(store, instantRuntime('dead'));
  for (const id of ids) {
    await dead.writer.observe(toObservation(paymentObserved(paid(), { of: payment(id) })));
    await dead.references.link(id, `order-${id}`);
  }
  const { writer, orders } = openPaymentProcess(store, instantRuntime('next'));
  const roll = async () => rollForward(await everything(store, ['reference-']), writer);
  const recorded = async (id: string) => (await orders.read(`order-${id}`)).revision + 1;
  return { store, faults, roll, recorded };
}

describe('the roll-forward', () => {
  test('hands on what was held, whichever of its events it sees', async () => {
    const { roll, recorded } = await linkedButNotHandedOn(['pi_1', 'pi_2']);
    await roll();
    expect([await recorded('pi_1'), await recorded('pi_2')]).toEqual([1, 1]);
  });

  test('leaves alone what has no owner', async () => {
    const { roll, store, recorded } = await linkedButNotHandedOn(['pi_1']);
    const other = openPaymentProcess(store, instantRuntime('other'));
    await other.writer.observe(toObservation(paymentObserved(paid(), { of: payment('pi_free') })));
    await roll();
    expect(await recorded('pi_1')).toBe(1);
    expect(await store.readStream('reference-pi_free')).toHaveLength(1);
  });

  test('handles 16 streams at once', async () => {
    const ids = Array.from({ length: 40 }, (_, n) => `pi_${n}`);
    const { roll, faults, recorded } = await linkedButNotHandedOn(ids);
    let [reading, most] = [0, 0];
    faults.before = async ({ method }) => {
      if (method !== 'readStream') return;
      reading += 1;
      most = Math.max(most, reading);
      await new Promise(setImmediate);
      reading -= 1;
    };
    expect(await roll()).toEqual([]);
    expect(most).toBe(16);
    delete faults.before;
    for (const id of ids) expect(await recorded(id)).toBe(1);
  });

  test('reads nothing for a link that held nothing, which most are, nor for what orders did', async () => {
    const store = openMemoryEventStore();
    const { writer, references } = openPaymentProcess(store, instantRuntime('seller'));
    for (const id of ['pi_1', 'pi_2']) {
      await references.link(id, `order-${id}`);
      await writer.observe(toObservation(paymentObserved(paid(), { of: payment(id) })));
    }
    const reads: string[] = [];
    const faults: Faults = { before: ({ method, stream }) => void (method === 'readStream' && reads.push(stream)) };
    const next = openPaymentProcess(openFaultyStore(store, faults), instantRuntime('next'));
    expect(await rollForward(await everything(store, ['reference-', 'order-']), next.writer)).toEqual([]);
    expect(reads).toEqual([]);
  });

  test('a store that cannot write now fails it, so that the page comes again', async () => {
    const { roll, faults, recorded } = await linkedButNotHandedOn(['pi_1']);
    faults.before = ({ method, stream }) => {
      if (method === 'append' && stream.startsWith('order-')) throw unknownOutcome();
    };
    await expect(roll()).rejects.toMatchObject({ code: 'store_unavailable' });
    delete faults.before;
    await roll();
    expect(await recorded('pi_1')).toBe(1);
  });

  test.each([
    ['damaged', 'corrupt', { id: 'e1', type: 'ReferenceLinked', data: {}, metadata: { version: '1' } }],
    ['newer', 'file_newer', { id: 'e1', type: 'ReferenceLinked', data: { orderId: 'order-1' }, metadata: { version: '2' } }],
  ])('a stream that is %s is answered with all of its events, and does not stop the others', async (_, code, event) => {
    const { roll, store, recorded } = await linkedButNotHandedOn(['pi_1']);
    await store.append('reference-aaa', -1, [event]);
    await store.append('reference-aaa', 0, [{ ...event, id: 'e2' }]);
    const late = openPaymentProcess(store, instantRuntime('late'));
    await late.writer.observe(toObservation(paymentObserved(paid(), { of: payment('pi_2') })));
    await late.references.link('pi_2', 'order-pi_2');
    const skipped = await roll();
    expect(skipped).toMatchObject([
      { stream: 'reference-aaa', revision: 0, code },
      { stream: 'reference-aaa', revision: 1, code },
    ]);
    expect(skipped[0]?.message).toContain('reference-aaa cannot be handed on: ');
    expect([await recorded('pi_1'), await recorded('pi_2')]).toEqual([1, 1]);
  });

  test('an order that cannot be read is answered by the reference that belongs to it, and does not stop the others', async () => {
    const { roll, store, recorded } = await linkedButNotHandedOn(['pi_1', 'pi_2']);
    await store.append('order-order-pi_1', -1, [{ id: 'e1', type: 'OrderPlaced', data: {}, metadata: { version: '1' } }]);
    const skipped = await roll();
    expect(new Set(skipped.map(({ stream }) => stream))).toEqual(new Set(['reference-pi_1']));
    expect(skipped.every(({ message }) => message.includes('order-order-pi_1@0 (OrderPlaced)'))).toBe(true);
    expect(await recorded('pi_2')).toBe(1);
  });

  test('leaves to an order what is held under a name of its payment that a subscription owns, and does not stop there', async () => {
    const store = openMemoryEventStore();
    const { references } = openPaymentProcess(store, instantRuntime('dies'));
    const process = openSubscriptionProcess(store, instantRuntime('next'));
    const { payment: intent, ...back } = refund('pi_1');
    const seen = { asOf: day(1), evidence: { objectId: 're_1' }, source: 'webhook' } as const;
    await process.payments.observe({ payment: intent, aliases: ['ch_1'], fact: back, ...seen });
    await references.link('pi_1', 'order-1'); // It dies before it links the charge too.
    const facts = [month('in_1', 0, { reason: 'create' }), allocation('inpay_1', 'in_1', 'ch_1')];
    const statements = facts.map((fact) => ({ fact, asOf: day(0), evidence: { objectId: 'in_1' } }));
    await process.writer.observe({ source: 'webhook', subscription: reference1, subscriptionId: 's1', statements });
    await process.rollForward();
    expect((await process.orders.read('order-1')).payments['stripe/acct_1/live/pi_1']?.refunds).toMatchObject([{ id: 're_pi_1' }]);
    expect((await process.subscriptions.read('s1')).facts.payments).toEqual([]);
  });
});
