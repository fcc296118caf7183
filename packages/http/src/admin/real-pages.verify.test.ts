// The pages on a real ledger, the sandbox and a real socket: what a typed stand-in of the ledger cannot show.
import { expect, test } from 'vitest';
import { openConsole, orderWithReview, startOrder } from './console.test-support.ts';
import { pagesByPath } from './outline.test-support.ts';

const page = { headers: { accept: 'text/html' } };
const home = '/admin/payments';

test('an order that was paid and one that needs review stand on every page that should have them', async () => {
  const world = await openConsole();
  const { pay } = await startOrder(world, 'o-1');
  await pay();
  await world.payments.recheck('o-1', { by: { actor: 'support-7', reason: 'ticket 1' } });
  await orderWithReview(world, 'o-2');
  await world.ledger.settle();
  const read = async (path: string): Promise<string> => (await world.ask(`${home}${path}`, page)).text();

  await expect.poll(() => read('/orders')).toContain('>o-2</a>');
  expect(await read('/orders?status=active')).not.toContain('>o-2</a>');
  expect(await read('/members/member-of-o-1')).toContain('<strong>member-of-o-1</strong> has access through');
  expect(await read('/members/member-of-o-1')).toContain('Access of member-of-o-1 by order');
  await expect.poll(() => read('/queues/reviews')).toContain('−48.00 USD');
  await expect.poll(() => read('/activity')).toContain('<q class="said">ticket 1</q>');
  expect(await read('')).toContain('Grants per day');
  expect(await read('/health')).toContain('review_opened');

  const found = await world.ask(`${home}/find?q=${encodeURIComponent('https://dashboard.stripe.com/test/payments/pi_of_o-2')}`, page);
  expect([found.status, found.headers.get('location')?.endsWith('/orders/o-2') ?? (await found.text()).slice(0, 2_000)]).toEqual([
    303,
    true,
  ]);
});

test('on an empty ledger every page answers', async () => {
  const { ask } = await openConsole();
  const statuses: Record<string, number> = {};
  for (const [path] of pagesByPath) statuses[path] = (await ask(`${home}/${path}`, page)).status;
  expect(Object.entries(statuses).filter(([, status]) => ![200, 303, 404].includes(status))).toEqual([]);
  expect(await (await ask(home, page)).text()).toContain('Ready for the first order');
});
