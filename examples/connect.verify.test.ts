import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

test('a platform sells on its own account and on that of a seller, each heard of and polled by itself', () => {
  const file = new URL('connect.ts', import.meta.url).pathname;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--conditions=@paidonce/source', file], { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(stdout.split('\n').filter(Boolean)).toEqual([
    'saved: course-1 is active',
    'course-1 on the seller is active, reviews: none',
    'saved: ticket-1 is active',
    'ticket-1 on the platform is active, reviews: none',
    'the poll found 1, and could not read 0 accounts',
    'ticket-2 on the platform is none, reviews: account',
  ]);
  expect(status).toBe(0);
});
