// The program as a terminal runs it.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { startSandbox } from '../sandbox/sandbox.test-support.ts';

const main = fileURLToPath(new URL('main.ts', import.meta.url));
const node = ['--conditions=@paidonce/source', main];

function run(...args: string[]): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  return spawnSync(process.execPath, [...node, ...args], { encoding: 'utf8' });
}

describe('paidonce-sandbox', () => {
  test('starts a sandbox, says how it is reached, and ends where it is interrupted', async () => {
    const child = spawn(process.execPath, [...node, '--webhook', 'http://127.0.0.1:9/'], { stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => {
      out += String(chunk);
    });
    await expect.poll(() => out).toMatch(/They are signed with whsec_sandbox_[0-9a-f]{48} /);
    const [, url = ''] = /^Stripe sandbox: (\S+) /.exec(out) ?? [];
    const answer = await fetch(`${url}/v1/account`, { headers: { authorization: 'Bearer sk_test_123456789012' } });
    expect(await answer.json()).toMatchObject({ object: 'account' });
    child.kill('SIGTERM');
    expect(await once(child, 'close')).toEqual([0, null]);
  });

  test('--help names each option, --version the version', () => {
    const { status, stdout } = run('--help');
    for (const name of ['--port', '--state', '--webhook', '--secret', '--hosts']) expect(stdout).toContain(name);
    expect(status).toBe(0);
    expect(run('--version')).toMatchObject({ status: 0, stdout: expect.stringMatching(/^@paidonce\/sandbox \d+\.\d+\.\d+\nNode /) });
  });

  test('says what is wrong, and starts nothing', async () => {
    const other = await startSandbox();
    // biome-ignore format: a table
    const wrong = [
      [['--port', 'http'], '--port is "http"; it must be a number up to 65535'],
      [['--port', String(other.port)], `Port ${other.port} is taken`],
      [['--secret', 'whsec_of_stripe'], '--secret must begin with whsec_sandbox'],
      [['--webhook', 'http://127.0.0.1:9/a', '--webhook', 'http://127.0.0.1:9/b'], '--webhook was given several times. Give it once'],
      [['--ports', '1'], "Unknown option '--ports'"],
      [['12111'], "Unexpected argument '12111'"],
    ] as const;
    for (const [args, message] of wrong) {
      const { status, stdout, stderr } = run(...args);
      expect([args, status, stdout, stderr]).toEqual([args, 2, '', expect.stringContaining(message)]);
    }
  });
});
