import { describe, expect, test } from 'vitest';
import type { Alert } from '../alerts.ts';
import { openMemoryEventStore } from '../event-store/memory.ts';
import { type Faults, openFaultyStore, unknownOutcome } from '../faulty-store.test-support.ts';
import { instantRuntime } from '../instant-runtime.test-support.ts';
import { paid, payment, paymentObserved } from '../order/example-order.test-support.ts';
import { everything, openPaymentProcess, toObservation } from '../payment-process.test-support.ts';
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
  const alerts: Alert[] = [];
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const roll = async () => rollForward(await everything(store, ['reference-']), writer, { log, onAlert: (alert) => alerts.push(alert) });
  const recorded = async (id: string) => (await orders.read(`order-${id}`)).revision + 1;
  return { store, faults, alerts, roll, recorded };
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

  test('a store that cannot write now fails it, so that the page comes again', async () => {
    const { roll, faults, alerts, recorded } = await linkedButNotHandedOn(['pi_1']);
    faults.before = ({ method, stream }) => {
      if (method === 'append' && stream.startsWith('order-')) throw unknownOutcome();
    };
    await expect(roll()).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(alerts).toEqual([]);
    delete faults.before;
    await roll();
    expect(await recorded('pi_1')).toBe(1);
  });

  test.each([
    ['damaged', { id: 'e1', type: 'ReferenceLinked', data: {}, metadata: { version: '1' } }],
    ['newer', { id: 'e1', type: 'ReferenceLinked', data: { orderId: 'order-1' }, metadata: { version: '2' } }],
  ])('a stream that is %s is told, and does not stop the others', async (_, event) => {
    const { roll, store, alerts, recorded } = await linkedButNotHandedOn(['pi_1']);
    await store.append('reference-aaa', -1, [event]);
    const late = openPaymentProcess(store, instantRuntime('late'));
    await late.writer.observe(toObservation(paymentObserved(paid(), { of: payment('pi_2') })));
    await late.references.link('pi_2', 'order-pi_2');
    await roll();
    expect(alerts).toMatchObject([{ kind: 'roll_forward_failed' }]);
    expect(alerts[0]?.message).toContain('reference-aaa cannot be handed on: ');
    expect([await recorded('pi_1'), await recorded('pi_2')]).toEqual([1, 1]);
  });

  test('an order that cannot be read is reported, and does not stop the others', async () => {
    const { roll, store, alerts, recorded } = await linkedButNotHandedOn(['pi_1', 'pi_2']);
    await store.append('order-order-pi_1', -1, [{ id: 'e1', type: 'OrderPlaced', data: {}, metadata: { version: '1' } }]);
    await roll();
    expect(alerts.length).toBeGreaterThan(0);
    expect(alerts.every(({ message }) => message.includes('order-order-pi_1@0 (OrderPlaced)'))).toBe(true);
    expect(await recorded('pi_2')).toBe(1);
  });
});
