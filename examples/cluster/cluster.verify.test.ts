import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
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

// The long time limit: if a delivery ends with its replica, another one takes it over only after half a minute.
test('npm run cluster:local: three replicas, one killed and started again, and no law is broken', async () => {
  const { code, stdout, stderr } = await run('--orders', '24');
  expect(code, stderr).toBe(0);
  for (const replica of ['1', '2, killed', '2, started again', '3']) {
    const [, requests] = new RegExp(`^${replica} +(\\d+) +\\d+ +\\d+ +\\d+ +\\d+$`, 'm').exec(stdout) ?? [];
    expect(Number(requests)).toBeGreaterThan(0);
  }
  expect(stdout).toMatch(/^\d+ orders: 22 paid, 22 active, granted twice: 0\./m);
  expect(stdout.match(/^holds /gm)).toHaveLength(8);
  expect(stdout).not.toContain('not known');
});

test('it says what it cannot run with', async () => {
  expect(await run('--orders', '3')).toMatchObject({ code: 2, stderr: expect.stringContaining('--orders is "3"') });
});
