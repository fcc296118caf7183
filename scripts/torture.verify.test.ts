// Tests that the torture refuses what it does not understand before it runs anything for hours, and that it ends in a table.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parts } from './torture-parts.ts';

const script = fileURLToPath(new URL('torture.ts', import.meta.url));
const { TEST_REPORT: _, ...env } = process.env; // What runs inside is not counted by .ci/run.
const run = (...args: readonly string[]) => spawnSync(process.execPath, [script, ...args], { encoding: 'utf8', env });

test.each([
  [['--nothing']],
  [['12']],
  [['--laws', '1e1']],
  [['--laws', '0x10']],
  [['--laws', '0']],
  [['--laws', '1.5']],
  [['--laws', '1', '2']],
  [['--laws', '--moves']],
  [['--laws', 'order']],
  [['--mutate', 'decide.ts']],
  [['--mutate', '2', 'order']],
  [['--simulate', 'stripe', 'orders']],
  [['--simulate', 'stripe', '1', '2']],
  [['--laws', '--seed', 'x']],
])('%j is refused, and the parts are listed', (args) => {
  const { status, stderr } = run(...args);
  expect(stderr).toMatch(/^npm run torture \[-- --PART \[NAME\] \[N\]\] \[--seed S\] \[--save\]\. Without a part: all of them\./);
  for (const part of Object.keys(parts)) expect(stderr).toContain(`--${part} `);
  expect(status).toBe(2);
});

test('a part ends in the table, under the seed that was given', () => {
  const { status, stdout } = run('--fuzz', '40', '--seed', '3');
  expect(stdout).toContain('── torture: fuzz 40, seed 3');
  expect(stdout).toMatch(/^fuzz, seed 3: /m);
  expect(stdout).toMatch(/^fuzz 40 +\d+\.\d {2}(?:holds {2}|FAILED) +Event-loop delay .+$/m);
  // So few requests may miss a kind, and then the part fails: the exit code says what the table says.
  expect(status === 0).toBe(/^fuzz 40 .* holds /m.test(stdout));
  if (status !== 0) expect(stdout).toContain('Again: npm run torture -- --fuzz 40 --seed 3');
});
