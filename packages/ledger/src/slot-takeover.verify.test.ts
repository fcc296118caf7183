// S13 where we start subscriptions: three people, or one with three browsers, start three plans at once for one member; a process
// dies at any point, and the customer pays every page that he was ever shown. Never are two subscriptions paid.
import { expect, test } from 'vitest';
import { exploreStates } from './all-states.test-support.ts';
import { type Order, takeOver } from './slot-takeover.test-support.ts';

const wrongOrders: readonly Order[] = ['expires before it takes', 'does not ask again', 'expires the last holder alone'];

test.each([false, true])('two starters, in every state that they can reach (the ledger is told of a payment: %s)', async (isTold) => {
  const { states, ends } = await exploreStates((run) => takeOver(run, { starters: 2, isTold }));
  expect(states).toBeGreaterThan(100);
  expect(ends).toBeGreaterThan(2);
});

test('three starters, in every state that they can reach', async () => {
  const { states } = await exploreStates((run) => takeOver(run, { starters: 3 }));
  expect(states).toBeGreaterThan(1_000);
});

test.each(wrongOrders)('who %s lets two be paid', async (order) => {
  await expect(exploreStates((run) => takeOver(run, { starters: 3, order }))).rejects.toThrow('two are paid');
});
