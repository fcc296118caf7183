import { expect, test } from 'vitest';
import { alertLines } from './alert-line.ts';

test('an alert is a line with a link to its page; without a console there is no line', () => {
  const lines: string[] = [];
  const log = { info: () => undefined, warn: (_fields: object, message: string) => lines.push(message), error: () => undefined };
  const message = 'Order o-1 waits for a person';
  alertLines(log, 'http://127.0.0.1:4000/admin/payments')({ kind: 'review_opened', orderId: 'o-1', message });
  alertLines(log, 'http://127.0.0.1:4000/admin/payments')({ kind: 'poll_failing', message });
  alertLines(log, undefined)({ kind: 'poll_failing', message });
  expect(lines).toEqual([
    'alert review_opened: see http://127.0.0.1:4000/admin/payments/orders/o-1',
    'alert poll_failing: see http://127.0.0.1:4000/admin/payments/health',
  ]);
});
