import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

test('each way to pay in a page of your own ends in an active membership, asked for by the id of the session or intent', () => {
  const file = new URL('own-page.ts', import.meta.url).pathname;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--conditions=@paidonce/source', file], { encoding: 'utf8' });
  expect([stdout, stderr]).toEqual(['embedded: active\nelements: active\nintent: active\n', '']);
  expect(status).toBe(0);
});
