// A small run of `npm run bench -- install`: our packages and one peer are installed, and counted.
import { expect, test } from 'vitest';
import { installEach } from './install.ts';
import { notBuilt } from './start.ts';

const missing = notBuilt();
if (missing !== undefined) console.warn(`\n  SKIPPED: the benchmark of installations: ${missing}.\n`);

test.skipIf(missing)('our packages and a peer are installed and counted', async () => {
  const rows = await installEach(0, ['PaidOnce on SQLite', 'graphile-worker']);
  if (rows === undefined) return; // It has said why it was skipped.
  expect(rows.map(({ what }) => what)).toEqual(['PaidOnce on SQLite', 'graphile-worker']);
  expect(rows.filter(({ packages, mb, seconds }) => !(packages > 3 && mb > 0 && seconds > 0))).toEqual([]);
});
