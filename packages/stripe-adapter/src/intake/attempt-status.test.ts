// How far the attempt on one session came, from what the order's stream says, in whatever order it was said.
import type { StoredEvent } from '@paidonce/ledger';
import { describe, expect, test } from 'vitest';
import { attemptStatusOf, isFinal } from './attempt-status.ts';

function said(payment: string, status: string, at: number, aliases?: string[], kind = 'attempt'): StoredEvent {
  const data = {
    payment: { id: payment },
    ...(aliases ? { aliases } : {}),
    fact: { kind, status },
    asOf: new Date(at * 1_000).toISOString(),
  };
  return { type: 'PaymentObserved', data } as unknown as StoredEvent;
}

function eitherWay(...events: StoredEvent[]): (string | undefined)[] {
  return [...new Set([attemptStatusOf(events, 'cs_1'), attemptStatusOf(events.toReversed(), 'cs_1')])];
}

describe('the attempt on a session', () => {
  test('is unknown before anything was said of it', () => {
    expect(eitherWay(said('pi_2', 'paid', 1, ['cs_2']))).toEqual([undefined]);
  });

  test('follows the payment intent once one fact names both', () => {
    expect(eitherWay(said('pi_1', 'processing', 1, ['cs_1']), said('pi_1', 'paid', 2))).toEqual(['paid']);
  });

  test('moves with Stripe’s clock while it may still move', () => {
    expect(eitherWay(said('pi_1', 'authorized', 1, ['cs_1']), said('pi_1', 'attempt_failed', 2))).toEqual(['attempt_failed']);
  });

  test('stays paid, whatever comes late', () => {
    expect(eitherWay(said('pi_1', 'paid', 1, ['cs_1']), said('pi_1', 'failed', 9))).toEqual(['paid']);
  });

  test('is no matter of refunds', () => {
    expect(eitherWay(said('pi_1', 'authorized', 1, ['cs_1']), said('pi_1', 'failed', 2, [], 'refund'))).toEqual(['authorized']);
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
    expect(isFinal(status)).toBe(expected);
  });
});
