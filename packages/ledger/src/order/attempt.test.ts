// How far the attempt on one session came, from the history of its order, in whatever order it was reported.
import { describe, expect, test } from 'vitest';
import type { StoredEvent } from '../event-store/event-store.ts';
import type { Fact } from '../observation.ts';
import { attemptOf, isFinalAttempt } from './attempt.ts';
import { at, attempt, paid, payment, paymentObserved, refund } from './example-order.test-support.ts';

function observation(id: string, fact: Fact, minute: number, aliases: readonly string[] = []): StoredEvent {
  const data = paymentObserved(fact, { of: payment(id), asOf: at(minute), ...(aliases.length > 0 ? { aliases } : {}) });
  const metadata = { version: '1' };
  return { stream: 'order-1', revision: minute, type: 'PaymentObserved', data, metadata } as unknown as StoredEvent;
}

function eitherWay(...events: StoredEvent[]): (string | undefined)[] {
  return [...new Set([attemptOf(events, 'cs_1'), attemptOf(events.toReversed(), 'cs_1')])];
}

describe('the attempt on a session', () => {
  test('is unknown before anything was reported of it', () => {
    expect(eitherWay(observation('pi_2', paid(), 1, ['cs_2']))).toEqual([undefined]);
  });

  test('follows the payment intent once one fact names both', () => {
    expect(eitherWay(observation('pi_1', attempt('processing'), 1, ['cs_1']), observation('pi_1', paid(), 2))).toEqual(['paid']);
  });

  test('moves with Stripe’s clock while it may still move', () => {
    expect(eitherWay(observation('pi_1', attempt('authorized'), 1, ['cs_1']), observation('pi_1', attempt('attempt_failed'), 2))).toEqual([
      'attempt_failed',
    ]);
  });

  test('stays paid, whatever comes late', () => {
    expect(eitherWay(observation('pi_1', paid(), 1, ['cs_1']), observation('pi_1', attempt('failed'), 9))).toEqual(['paid']);
  });

  test('is no matter of refunds', () => {
    expect(eitherWay(observation('pi_1', attempt('authorized'), 1, ['cs_1']), observation('pi_1', refund(100, 'failed'), 2))).toEqual([
      'authorized',
    ]);
  });

  test.each([
    [undefined, false],
    ['attempt_failed', false],
    ['processing', false],
    ['awaiting_customer', false],
    ['authorized', false],
    ['canceled', true],
    ['expired', true],
    ['failed', true],
    ['paid', true],
  ] as const)('%s is final: %s', (status, expected) => {
    expect(isFinalAttempt(status)).toBe(expected);
  });

  test('is a matter of observations alone, whatever else a newer release has written', () => {
    const newer = { ...observation('cs_1', paid(), 1), type: 'CheckoutAttached', metadata: { version: '99' } };
    expect(eitherWay(newer, observation('pi_1', attempt('processing'), 2, ['cs_1']))).toEqual(['processing']);
  });

  test('is unknown where only its refund is known', () => {
    expect(eitherWay(observation('pi_1', refund(100), 1, ['cs_1']))).toEqual([undefined]);
  });

  test('is read through the schemas: what a newer release wrote is refused, never guessed', () => {
    const newer = { ...observation('cs_1', paid(), 1), metadata: { version: '99' } };
    expect(() => attemptOf([newer], 'cs_1')).toThrow('newer release');
  });
});
