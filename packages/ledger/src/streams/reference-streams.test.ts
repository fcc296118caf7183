import { describe, expect, test } from 'vitest';
import { openMemoryEventStore } from '../event-store/memory.ts';
import { openFaultyStore } from '../faulty-store.test-support.ts';
import { instantRuntime } from '../instant-runtime.test-support.ts';
import { paid, paymentObserved } from '../order/example-order.test-support.ts';
import { openReferences, type ReferenceEvent, referenceAggregate } from './reference-streams.ts';
import { openTransactions } from './transact.ts';

function open() {
  const store = openFaultyStore(openMemoryEventStore(), {});
  return { store, references: openReferences(openTransactions({ store, runtime: instantRuntime(), instance: '' })) };
}

const held: ReferenceEvent = { type: 'PaymentHeld', data: paymentObserved(paid()) };
const linked = (orderId: string): ReferenceEvent => ({ type: 'ReferenceLinked', data: { orderId } });
const fold = (...events: readonly ReferenceEvent[]) =>
  events.reduce((state, event) => referenceAggregate.evolve(state, event, ''), referenceAggregate.initial('pi_1'));

describe('a reference', () => {
  test('belongs to the first that links it', async () => {
    const { references } = open();
    expect(await references.ownerOf('pi_1')).toBeUndefined();
    expect(await references.link('pi_1', 'order-1')).toMatchObject({ owner: 'order-1', held: [] });
    expect(await references.link('pi_1', 'order-2')).toMatchObject({ owner: 'order-1', held: [] });
    expect(await references.ownerOfAny(['cs_1', 'pi_1'])).toBe('order-1');
  });
  test('hands over what it held, to whoever asks', async () => {
    const { references } = open();
    expect(await references.hold('pi_1', paymentObserved(paid()), 'webhook evt_1')).toBeUndefined();
    expect((await references.link('pi_1', 'order-1')).held).toEqual([paymentObserved(paid())]);
    expect((await references.link('pi_1', 'order-2')).held).toEqual([paymentObserved(paid())]);
  });
  test('holds nothing once it has an owner: it names that order', async () => {
    const { references, store } = open();
    await references.link('pi_1', 'order-1');
    expect(await references.hold('pi_1', paymentObserved(paid()), 'webhook evt_1')).toBe('order-1');
    expect(await store.readStream('reference-pi_1')).toHaveLength(1);
  });
  test('holds once what the same source says again, and again what another says', async () => {
    const { references, store } = open();
    for (const source of ['webhook', 'webhook', 'poll'] as const)
      await references.hold('pi_1', paymentObserved(paid(), { source }), 'test');
    await references.hold('pi_1', paymentObserved(paid(900)), 'test');
    expect(await store.readStream('reference-pi_1')).toHaveLength(3);
  });
  test('a known owner costs no read', async () => {
    const { references, store } = open();
    await references.link('pi_1', 'order-1');
    const { length } = store.calls;
    await references.ownerOf('pi_1');
    await references.link('pi_1', 'order-2');
    expect(store.calls.length).toBe(length);
  });
  test('that should be new is linked without a read; where it is not, what is there counts', async () => {
    const { references, store } = open();
    expect(await references.linkNew('pi_1', 'order-1')).toEqual({ owner: 'order-1', formerOwners: [], held: [] });
    expect(store.calls.map(({ method }) => method)).toEqual(['append']);
    const another = openReferences(openTransactions({ store, runtime: instantRuntime('another'), instance: '' }));
    await another.hold('pi_2', paymentObserved(paid()), 'webhook evt_1');
    expect(await references.linkNew('pi_2', 'order-1')).toMatchObject({ owner: 'order-1', held: [paymentObserved(paid())] });
    await another.link('pi_3', 'order-3');
    expect(await references.linkNew('pi_3', 'order-1')).toMatchObject({ owner: 'order-3' });
    expect(await store.readStream('reference-pi_3')).toHaveLength(1);
  });
  test('names the order that is known without a read, and no subscription', async () => {
    const { references, store } = open();
    await references.link('cs_1', 'order-1');
    await references.linkSubscription('cs_2', { subscriptionId: 'order-1' });
    await references.hold('pi_1', paymentObserved(paid()), 'webhook evt_1');
    const { length } = store.calls;
    expect(references.knownOrder(['cs_1'])).toBe('order-1');
    expect(references.knownOrder(['pi_1', 'cs_1', 'cs_2'])).toBe('order-1');
    expect(references.knownOrder(['pi_1', 'cs_2'])).toBeUndefined();
    expect(references.knownOrder(['pi_1', 'cs_3', 'cs_1'])).toBeUndefined(); // An earlier alias decides, if it has an owner.
    expect(store.calls.length).toBe(length);
  });
});

describe('a log that breaks law 3', () => {
  test('a second link', () => {
    expect(() => fold(linked('order-1'), linked('order-2'))).toThrow('law 3: reference pi_1 is linked to order-1 and to order-2');
  });
  test('something held after the link', () => expect(() => fold(linked('order-1'), held)).toThrow('holds a payment after its link'));
});

test('what cannot be read is told apart: a newer release, or damage', async () => {
  const { references, store } = open();
  const stored: readonly (readonly [string, string, object, string])[] = [
    ['reference-newer-link', 'ReferenceLinked', { orderId: 'order-1' }, '2'],
    ['reference-newer-held', 'PaymentHeld', held.data, '2'],
    ['reference-other', 'ReferenceUnlinked', {}, '1'],
    ['reference-damaged-link', 'ReferenceLinked', { orderId: 'order 1' }, '1'],
    ['reference-damaged-held', 'PaymentHeld', {}, '1'],
  ];
  for (const [stream, type, data, version] of stored) await store.append(stream, -1, [{ id: stream, type, data, metadata: { version } }]);
  const codes = await Promise.all(
    stored.map(([stream]) => references.ownerOf(stream.slice('reference-'.length)).then(String, (error: { code: string }) => error.code)),
  );
  expect(codes).toEqual(['file_newer', 'file_newer', 'file_newer', 'corrupt', 'corrupt']);
});
