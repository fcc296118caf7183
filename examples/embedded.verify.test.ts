import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

test('the embedded example starts, and says what it needs', () => {
  const file = new URL('embedded.ts', import.meta.url).pathname;
  const env = { ...process.env, STRIPE_SECRET_KEY: '', STRIPE_WEBHOOK_SECRET: '' };
  const { status, stderr } = spawnSync(process.execPath, ['--conditions=@paidonce/source', file], { env, encoding: 'utf8' });
  expect(stderr).toMatch(/^Set STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET\.[^\n]*\n$/);
  expect(status).toBe(1);
});
