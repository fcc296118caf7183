import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

test("the handlers in Node's own server: a payment whose webhook is lost is granted by the page's question, and delivered", () => {
  const file = new URL('any-host.ts', import.meta.url).pathname;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--conditions=@paidonce/source', file], { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(stdout.split('\n').filter(Boolean).toSorted()).toEqual([
    expect.stringMatching(/^200 (?:granting|active)$/),
    'membership order-1 of ada is active',
  ]);
  expect(status).toBe(0);
});
