import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const root = new URL('..', import.meta.url);
const { optionalDependencies } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
  readonly optionalDependencies: Readonly<Record<string, string>>;
};

/** What a program of ours prints on an older Node, on this system. */
function refusalOn(platform: string, arch: string): string {
  const old = `for (const [name, value] of Object.entries({ platform: '${platform}', arch: '${arch}', versions: { node: '22.16.0' }, version: 'v22.16.0' })) Object.defineProperty(process, name, { value });`;
  const args = ['--import', `data:text/javascript,${encodeURIComponent(old)}`, '--import', './scripts/require-node.mjs', '--eval', '0'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  expect([status, stdout]).toEqual([1, '']);
  return stderr;
}

const brought = Object.keys(optionalDependencies).flatMap((name) => {
  const [, system = '', arch = ''] = /^node-(linux|win)-(\w+)$/.exec(name) ?? [];
  return arch === '' ? [] : [[system === 'win' ? 'win32' : system, arch] as const];
});

test('npm ci brings a Node for some systems', () => expect(brought.length).toBeGreaterThan(2));

test.each(brought)('on %s %s it names the older Node, and the way to that one', (platform, arch) => {
  expect(refusalOn(platform, arch)).toMatch(/^PaidOnce needs Node 24 here and this is v22\.16\.0\. Run "npm ci" /);
});

test.each([
  ['darwin', 'arm64'],
  ['darwin', 'x64'],
  ['linux', 'riscv64'],
])('on %s %s, for which npm ci brings no Node, it asks for one', (platform, arch) => {
  expect(refusalOn(platform, arch)).toMatch(
    /^PaidOnce needs Node 24 here and this is v22\.16\.0\. Install Node 24, .* brings none for this system\.\n$/,
  );
});
