import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

test('a subscription is begun, paid without a webhook and delivered; and the portal has an address', () => {
  const file = new URL('subscriptions.ts', import.meta.url).pathname;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--conditions=@paidonce/source', file], { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(stdout.split('\n').filter(Boolean)).toEqual([
    'the customer goes to the sandbox',
    'subscription ada-1 of ada is active: monthly, granted',
    'and manages it at the sandbox',
  ]);
  expect(status).toBe(0);
});
