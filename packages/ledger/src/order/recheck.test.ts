// A recheck by a person is recorded once for an order and a person in ten seconds.
import { describe, expect, test } from 'vitest';
import { given, type OrderCommand } from '../testing/given-when-then.ts';
import { isPending } from './delivery-state.ts';
import { granted, support } from './example-order.test-support.ts';

const recheckAt = (seconds: number, actor = support.actor): OrderCommand => ({
  type: 'recheck',
  by: { ...support, actor },
  recheckedAt: new Date(Date.UTC(2026, 0, 1) + seconds * 1_000).toISOString(),
  looked: 3,
  recorded: 0,
});
const following = (...commands: readonly OrderCommand[]) => {
  let events = granted;
  for (const command of commands) events = [...events, ...given(...events).when(command).events];
  return given(...events);
};

describe('a recheck', () => {
  test('is recorded, also where it found nothing, and changes neither access nor what waits for the shop', () => {
    const { order } = given(...granted)
      .when(recheckAt(0))
      .adds('StripeRechecked');
    expect(order).toMatchObject({ membership: 'active', sequence: 1, newsAtRevision: 2 });
    expect(isPending(order)).toBe(true);
  });
  test('by the same person is recorded again after ten seconds, not before', () => {
    following(recheckAt(0)).when(recheckAt(9.999)).addsNothing();
    following(recheckAt(0)).when(recheckAt(10)).adds('StripeRechecked');
  });
  test('by a process whose clock is behind is the same one', () => {
    following(recheckAt(5)).when(recheckAt(0)).addsNothing();
  });
  test('by another person is one of its own, and does not hide the first', () => {
    following(recheckAt(0)).when(recheckAt(1, 'support-8')).adds('StripeRechecked');
    following(recheckAt(0), recheckAt(1, 'support-8')).when(recheckAt(2)).addsNothing();
  });
  test('keeps no more in memory than ten seconds of them', () => {
    const { order } = following(recheckAt(0), recheckAt(11, 'support-8'), recheckAt(22)).when(recheckAt(40));
    expect(order.rechecks).toHaveLength(1);
  });
  test('of an order that is not placed is refused', () => {
    given().when(recheckAt(0)).refuses('order_unknown');
  });
});
