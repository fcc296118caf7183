// The sentences themselves can fail: each of these says something untrue, and is caught.
import { describe, expect, test } from 'vitest';
import {
  attempt,
  decision,
  granted,
  observe,
  observed,
  order1,
  paid,
  paymentObserved,
  place,
  placed,
  refund,
  resolve,
} from '../order/example-order.test-support.ts';
import { given } from './given-when-then.ts';

describe('given, when, adds', () => {
  test('true sentences pass, and can be carried on', () => {
    const { events, order } = given(placed).when(observe(paid())).adds(observed(paid()), decision('MembershipGranted', 1));
    expect(order.membership).toBe('active');
    given(placed, ...events)
      .when(observe(paid()))
      .addsNothing();
    given(...granted)
      .when(observe(refund(1)), { partialRefund: 'revoke' })
      .adds('PaymentObserved', 'MembershipRevoked');
    given(placed).when(resolve('grant', 0)).refuses('invalid_input');
  });

  test('the order is the one that was placed, else order-1', () => {
    const other = { ...order1, orderId: 'order-2' };
    expect(given({ type: 'OrderPlaced', data: other }).when(observe(paid())).order.orderId).toBe('order-2');
    expect(given().when(place).order.orderId).toBe('order-1');
  });

  // biome-ignore format: a table
  const untrue: readonly (readonly [string, () => unknown])[] = [
    ['too few', () => given(placed).when(observe(paid())).adds('PaymentObserved')],
    ['too many', () => given(placed).when(observe(attempt('processing'))).adds('PaymentObserved', 'MembershipGranted')],
    ['another type', () => given(placed).when(observe(paid())).adds('PaymentObserved', 'MembershipRevoked')],
    ['another order', () => given(placed).when(observe(paid())).adds('MembershipGranted', 'PaymentObserved')],
    ['other data', () => given(placed).when(observe(paid())).adds('PaymentObserved', decision('MembershipGranted', 2))],
    ['nothing, where there is something', () => given(placed).when(observe(paid())).addsNothing()],
    ['something, where there is nothing', () => given(placed).when(place).adds('OrderPlaced')],
    ['a refusal, where there was none', () => given(placed).when(place).refuses('invalid_input')],
    ['another refusal', () => given(placed).when(resolve('grant', 0)).refuses('corrupt')],
    ['no refusal, where there was one', () => given(placed).when(resolve('grant', 0)).addsNothing()],
    ['a history that no order has', () => given(...granted, decision('MembershipGranted', 2)).when(place)],
  ];
  test.each(untrue)('untrue: %s', (_, sentence) => expect(sentence).toThrow());

  test('an event that would not read back is caught as it is decided', () => {
    const observedWithMore = { ...paymentObserved(paid()), note: 'lost on reading' };
    expect(() => given(placed).when({ type: 'observe', observed: observedWithMore })).toThrow('Unrecognized key: "note"');
  });
});
