// The benchmark of webhooks with small numbers: every webhook is recorded, each decision reaches the shop, and every figure is there.
// How fast it is, is the benchmark's own matter: a busy machine makes it slow, never red.
import { expect, test } from 'vitest';
import { measureHttp } from './http.ts';

test('first payments, confirmations and deliveries are measured, beside a server that keeps nothing', async () => {
  const { rows, delivered } = await measureHttp({ rounds: 2, webhooks: 100, perSecond: 200, delivered: 100 });
  expect(rows.map(({ webhooks, server }) => `${webhooks} ${server}`)).toEqual([
    'first ours',
    'first bare',
    'confirmed ours',
    'confirmed bare',
  ]);
  const figures = rows.flatMap(({ perSecond, ratio, p50Ms, p99Ms, cpuMs }) => [perSecond, ratio, p50Ms, p99Ms, cpuMs]);
  expect([...figures, delivered.p50Ms, delivered.p99Ms].filter((figure) => !(figure > 0))).toEqual([]);
});
