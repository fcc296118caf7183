import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { skipReason } from '@paidonce/ledger/testing/postgres-server';
import { expect, test } from 'vitest';

async function run(...args: readonly string[]): Promise<{ readonly code: unknown; readonly stdout: string; readonly stderr: string }> {
  const main = new URL('main.ts', import.meta.url).pathname;
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => name !== 'EVENTSTOREDB_URL' && name !== 'FORCE_COLOR'),
  );
  const child = spawn(process.execPath, ['--conditions=@paidonce/source', main, ...args], {
    env: inherited,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code, stdout, stderr };
}

// If a delivery ends with its replica, another one takes it over only after half a minute.
test.each([
  ['postgres', ['The server of PostgreSQL was killed (SIGKILL)', 'All connections to PostgreSQL were ended']],
  ['double', ['All connections to the double broke']],
])(
  'npm run cluster:local -- --store %s: a replica and the server are killed and started again, and no law is broken',
  async (store, outages) => {
    const reason = store === 'postgres' ? skipReason() : undefined;
    if (reason !== undefined) {
      console.warn(`SKIPPED: npm run cluster:local on PostgreSQL. ${reason}`);
      return;
    }
    const { code, stdout, stderr } = await run('--orders', '24', '--store', store);
    expect(code, stderr).toBe(0);
    expect(outages.filter((outage) => stdout.includes(outage))).toHaveLength(1);
    for (const replica of ['1', '2, killed', '2, started again', '3']) {
      const [, requests] = new RegExp(`^${replica} +(\\d+) +\\d+ +\\d+ +\\d+ +\\d+$`, 'm').exec(stdout) ?? [];
      expect(Number(requests)).toBeGreaterThan(0);
    }
    expect(stdout).toMatch(/^\d+ orders: 22 paid, 22 active, granted twice: 0\./m);
    expect(stdout.match(/^holds /gm)).toHaveLength(9);
    expect(stdout).not.toContain('not known');
  },
);

test('it says what it cannot run with', async () => {
  expect(await run('--orders', '3')).toMatchObject({ code: 2, stderr: expect.stringContaining('--orders is "3"') });
  expect(await run('--store', 'mysql')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--store is "mysql". It must be postgres, '),
  });
  expect(await run('--store', 'eventstoredb')).toMatchObject({ code: 2, stderr: expect.stringContaining('needs EVENTSTOREDB_URL') });
});
