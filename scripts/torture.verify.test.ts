// Tests that the torture refuses what it does not understand before it runs anything for hours.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const script = fileURLToPath(new URL('torture.ts', import.meta.url));

test.each([
  [[]],
  [['--nothing']],
  [['--laws', '1e1']],
  [['--laws', '0x10']],
  [['--laws', '0']],
  [['--laws', '1.5']],
  [['--laws', '1', '2']],
  [['--laws', '--moves']],
])('%j is refused, and the parts are listed', (args) => {
  const { status, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });
  expect(stderr).toMatch(/^npm run torture -- --PART \[N\]\. The parts, and what N counts:\n/);
  for (const part of ['simulate', 'laws', 'ownership', 'moves', 'conformance', 'fuzz', 'axe', 'once', 'stripe', 'hosts', 'processes'])
    expect(stderr).toContain(`--${part} `);
  expect(status).toBe(2);
});
