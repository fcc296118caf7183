// `npm run torture -- --soak MINUTES` (TEST_SOAK_MINUTES). Minutes are too many for `npm run verify`, which tests how the thirds are
// compared.
import { expect, test } from 'vitest';
import { torturePrints } from '../shop/figures.ts';
import { soak } from './soak.ts';

const { TEST_SOAK_MINUTES, TEST_SEED = '1' } = process.env;
const [minutes, seed] = [Number(TEST_SOAK_MINUTES), Number(TEST_SEED)];

test.skipIf(TEST_SOAK_MINUTES === undefined)('under an even load the last third is as the first, and no law is broken', async () => {
  const { samples, customers, requests, thirds, broken } = await soak({ minutes, seed });
  const figures = thirds.map(({ measure, first, last }) => `${measure} ${first.toFixed(0)} → ${last.toFixed(0)}`);
  torturePrints('soak', seed, `${minutes} min, ${customers} customers, ${requests} requests, ${samples} samples: ${figures.join(', ')}`);
  expect(broken, `seed ${seed}`).toEqual([]);
  expect(
    thirds.filter(({ grown }) => grown),
    `seed ${seed}`,
  ).toEqual([]);
  expect(samples).toBeGreaterThanOrEqual(10);
  const unmeasured = thirds.filter(({ first, last }) => !(Number.isFinite(first) && first > 0 && Number.isFinite(last) && last > 0));
  expect(unmeasured, 'each measure has samples').toEqual([]);
});
