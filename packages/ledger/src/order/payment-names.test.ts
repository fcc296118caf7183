// Which payments a reference name can mean: by their own name, or by another one that they had.
import { expect, test } from 'vitest';
import type { OrderEvent } from './events.ts';
import { attempt, observed, paid, payment, placed, support } from './example-order.test-support.ts';
import { evolve, initialState, type OrderState } from './order.ts';
import { isReported, moveNamed, paymentsNamed } from './payment-names.ts';

const fold = (...events: readonly OrderEvent[]): OrderState =>
  events.reduce((order, event) => evolve(order, event), initialState('order-1'));
const idsOf = (order: OrderState, name: string): readonly string[] => paymentsNamed(order, name).map(({ id }) => id);

test('a payment is found by its name and by its aliases, and not by those of another', () => {
  const order = fold(placed, observed(paid(), { aliases: ['cs_1'] }), observed(attempt('processing'), { of: payment('pi_2') }));
  expect([idsOf(order, 'pi_1'), idsOf(order, 'cs_1'), idsOf(order, 'pi_2'), idsOf(order, 'cs_2')]).toEqual([
    ['pi_1'],
    ['pi_1'],
    ['pi_2'],
    [],
  ]);
});

test('it is one payment in whichever account or mode it was reported; two of one session are two', () => {
  const inTest = observed(attempt('processing'), { of: payment('pi_1', { livemode: false }), aliases: ['cs_1'] });
  const order = fold(placed, observed(paid(), { aliases: ['cs_1'] }), inTest, observed(paid(), { of: payment('pi_2'), aliases: ['cs_1'] }));
  expect([idsOf(order, 'pi_1'), idsOf(order, 'cs_1')]).toEqual([['pi_1'], ['pi_1', 'pi_2']]);
});

test('only what was reported of a payment itself is a report of it', () => {
  const order = fold(placed, observed(paid(), { aliases: ['cs_1'] }));
  expect(['pi_1', 'cs_1', 'pi_2'].map((id) => isReported(order, payment(id)))).toEqual([true, false, false]);
});

test('a moved payment is found by its name and by the aliases that it had', () => {
  const move = { payment: payment('pi_1'), toOrderId: 'order-2', linkRevision: 0, by: support };
  const order = fold(placed, observed(paid(900), { aliases: ['cs_1'] }), { type: 'PaymentMoved', data: move });
  expect(['pi_1', 'cs_1', 'pi_2'].map((name) => moveNamed(order, name)?.toOrderId)).toEqual(['order-2', 'order-2', undefined]);
});
