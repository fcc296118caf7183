// A small run of `npm run bench -- start`: each command and the shop start and end, and their figures are there.
import { expect, test } from 'vitest';
import { notBuilt, timeStarts } from './start.ts';

const missing = notBuilt();
if (missing !== undefined) console.warn(`\n  SKIPPED: the benchmark of starts: ${missing}.\n`);

test.skipIf(missing)('each command and the shop are timed', async () => {
  const rows = await timeStarts(1);
  expect(rows.map(({ what }) => what)).toEqual([
    'node --eval 0',
    'paidonce --help',
    'paidonce-stripe --help',
    'paidonce verify, 20 orders',
    'npm start, to the first page',
  ]);
  expect(rows.filter(({ ms, cpuMs, mb }) => !(ms > 0 && cpuMs > 0 && mb > 10))).toEqual([]);
});
