import { expect, test } from 'vitest';
import { fakeConsole } from './admin/fake-console.test-support.ts';
import { pageRoutes } from './admin/page-routes.ts';
import { alertKinds, alertPath } from './alert-path.ts';

test('an alert about an order leads to the order', () => {
  expect(alertPath({ kind: 'review_opened', orderId: 'o-1' })).toBe('orders/o-1');
  expect(alertPath({ kind: 'delivery_failing', orderId: 'a:b' })).toBe('orders/a%3Ab');
});

test('an alert about a subscription leads to the subscription', () => {
  expect(alertPath({ kind: 'paid_after_end', subscriptionId: 'club-7' })).toBe('subscriptions/club-7');
  expect(alertPath({ kind: 'delivery_failing', subscriptionId: 'a:b' })).toBe('subscriptions/a%3Ab');
});

test('each kind without an order leads to a page that the console has', () => {
  const pages = new Set(pageRoutes(fakeConsole()).map(({ pattern }) => pattern));
  expect(alertKinds.length).toBeGreaterThan(10);
  for (const kind of alertKinds) expect(pages).toContain(alertPath({ kind }));
});

test('a kind of a newer ledger leads somewhere', () => {
  expect(alertPath({ kind: 'of_tomorrow' as never })).toBe('health');
});
