// A form that comes too late, over a real socket: nothing is done, and the page says what it would do now, from a dry run.
import { describe, expect, test } from 'vitest';
import { type ConsoleWorld, openConsole, orderWithReview, startOrder } from '../console.test-support.ts';

const home = '/admin/payments';
const reason = 'ticket 4711';

const revisionOf = async ({ ledger }: ConsoleWorld, orderId: string): Promise<string> => String((await ledger.order(orderId))?.revision);

/** A payment is reported, of the order that it names; of none, it is held. */
async function reported(world: ConsoleWorld, id: string, totalMinor: number, orderId?: string): Promise<void> {
  await world.ledger.observePayment({
    source: 'webhook',
    payment: { provider: 'stripe', account: (await world.ledger.order('o-1'))?.account ?? '', livemode: false, id },
    ...(orderId === undefined ? {} : { orderId }),
    fact: { kind: 'attempt', status: 'paid', amount: { totalMinor, currency: 'usd' } },
    asOf: '2026-01-02T00:00:00.000Z',
    evidence: { objectId: id },
  });
}

/** Sends the form as it was before the news, and reads what comes back. */
async function sentLate(world: ConsoleWorld, path: string, fields: Record<string, string>): Promise<string> {
  // The shop is told of what was decided before, all the while.
  const said = async () => (await world.ledger.history('o-1')).map(({ type }) => type).filter((type) => !/Deliver/.test(type));
  const before = await said();
  const answer = await world.send(`${home}/${path}`, fields);
  expect(answer.status).toBe(409);
  expect(await said()).toEqual(before);
  const text = (await answer.text()).replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ');
  expect(text).toContain('Nothing was done: the order has changed');
  return text;
}

describe('a form that comes too late says what it would do now', () => {
  test('a payment by hand', async () => {
    const world = await openConsole();
    await startOrder(world, 'o-1');
    const seenRevision = await revisionOf(world, 'o-1');
    await reported(world, 'pi_little', 100, 'o-1');
    const typed = { paymentId: 'manual:7c1f', amount: '49.00', currency: 'usd', paidAt: '2026-01-02T09:30', timeZone: 'UTC', reason };
    expect(await sentLate(world, 'orders/o-1/observe', { ...typed, seenRevision })).toContain('Effect now o-1 is then: Active.');
    const wrong = await sentLate(world, 'orders/o-1/observe', { ...typed, amount: '1.00', seenRevision });
    expect(wrong).toContain('o-1 is then: Not granted.');
  });

  test('a move, of both orders', async () => {
    const world = await openConsole();
    await orderWithReview(world, 'o-1');
    await startOrder(world, 'o-2', { amountMinor: 100 });
    const [seenRevision, toRevision] = [await revisionOf(world, 'o-1'), await revisionOf(world, 'o-2')];
    await reported(world, 'pi_second', 4_900, 'o-1');
    const text = await sentLate(world, 'orders/o-1/move', { payment: 'pi_of_o-1', to: 'o-2', reason, seenRevision, toRevision });
    expect(text).toContain('o-1 is then: Active. o-2 is then: Active.');
  });

  test('a link', async () => {
    const world = await openConsole();
    await startOrder(world, 'o-1');
    const seenRevision = await revisionOf(world, 'o-1');
    await reported(world, 'pi_held', 4_900);
    await reported(world, 'pi_little', 100, 'o-1');
    expect(await sentLate(world, 'orders/o-1/link', { payment: 'pi_held', reason, seenRevision })).toContain('o-1 is then: Active.');
  });

  test('a delivery: the shop would get the newest decision', async () => {
    const world = await openConsole({ deliver: () => Promise.reject(new Error('the shop is down')) });
    await startOrder(world, 'o-1');
    await reported(world, 'pi_good', 4_900, 'o-1');
    const seenRevision = await revisionOf(world, 'o-1');
    await reported(world, 'pi_second', 4_900, 'o-1');
    expect(await sentLate(world, 'orders/o-1/redeliver', { reason, seenRevision })).toContain('o-1 is then: Active.');
  });

  test('a withdrawal of what was granted meanwhile has nothing left to send', async () => {
    const world = await openConsole();
    await startOrder(world, 'o-1');
    const seenRevision = await revisionOf(world, 'o-1');
    await reported(world, 'pi_good', 4_900, 'o-1');
    await world.ledger.settle();
    const text = await sentLate(world, 'orders/o-1/withdraw', { reason, seenRevision });
    expect(text).not.toContain('Send anyway');
  });
});

describe('before a held payment is linked', () => {
  test('the page tells of the payment as it is held, of whatever account', async () => {
    const world = await openConsole();
    await startOrder(world, 'o-1');
    await world.ledger.observePayment({
      source: 'webhook',
      payment: { provider: 'stripe', account: 'acct_other', livemode: false, id: 'pi_elsewhere' },
      fact: { kind: 'attempt', status: 'paid', amount: { totalMinor: 4_900, currency: 'usd' } },
      asOf: '2026-01-02T00:00:00.000Z',
      evidence: { objectId: 'pi_elsewhere' },
    });
    await expect.poll(async () => (await world.ledger.console.held()).items.length).toBe(1);
    const answer = await world.ask(`${home}/orders/o-1/link?payment=pi_elsewhere`);
    // Another account than the order's: it would not count, and a person would have to look.
    expect(await answer.json()).toMatchObject({ outcome: 'moved', to: { orderId: 'o-1', membership: 'none', reviews: ['account'] } });
  });
});
