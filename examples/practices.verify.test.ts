import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

test('each practice grants by the source that it is named for, and the last one tells what failed', () => {
  const file = new URL('practices.ts', import.meta.url).pathname;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--conditions=@paidonce/source', file], { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(stdout.split('\n').filter((line) => line.startsWith(' '))).toEqual([
    '   order-1 is active, granted by webhook, 1 of 1 delivered',
    '   order-2 is active, granted by poll, 1 of 1 delivered',
    '   order-3 is active, granted by webhook, 0 of 1 delivered',
    '   order-3 is active, granted by webhook, 1 of 1 delivered',
    '   order-8 is active, granted by poll, 1 of 1 delivered',
    '   order-4 is active, granted by manual, 1 of 1 delivered',
    '   order-5 is active, granted by status_query, 1 of 1 delivered',
    '   ALARM 2 payments were found by the poll: do webhooks still arrive?',
    '   ALARM order-7 waits for the shop, decision 1',
    expect.stringMatching(/^ {3}ALARM Order order-9 waits for a person: less was paid than the order expects/),
  ]);
  expect(status).toBe(0);
});
