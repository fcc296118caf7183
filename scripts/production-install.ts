// Installs our tarballs from the registry into an empty folder as a host does in production: without development packages, and
// without Fastify. What is published must run there: each command, and each entry that needs no peer. Without a registry it
// is skipped, and says so.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { npmInstall, type PackedPackage } from './pack-packages.ts';

/** For development only. */
const sandboxName = '@paidonce/sandbox';
/** What a host does not get unless it asks for it. */
const unwanted = [
  'fastify',
  'prom-client',
  'vitest',
  'fast-check',
  'pg',
  '@eventstore/db-client',
  '@kurrent/kurrentdb-client',
  sandboxName,
];
/** Entries that are of no use without a peer: that of Fastify, the kit for authors of stores, a server for its own tests. */
const needPeers = ['@paidonce/http', '@paidonce/ledger/testing', '@paidonce/ledger/testing/eventstoredb-double'];

/** @param packages with their entries. @throws Error: something is missing, or too much is there. */
export function checkProductionInstall(
  packages: readonly (PackedPackage & { readonly entries: readonly string[] })[],
  folder: string,
): void {
  mkdirSync(folder);
  const fileOf = ({ tarball }: PackedPackage): string => `file:${relative(folder, tarball)}`;
  const isSandbox = ({ name }: PackedPackage): boolean => name === sandboxName;
  const production = packages.filter((packed) => !isSandbox(packed));
  const packageJson = {
    name: 'host',
    private: true,
    type: 'module',
    dependencies: { ...Object.fromEntries(production.map((packed) => [packed.name, fileOf(packed)])), stripe: '^23' },
    devDependencies: Object.fromEntries(packages.filter(isSandbox).map((packed) => [packed.name, fileOf(packed)])),
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(packageJson));
  const missing = npmInstall(folder, '--omit=dev');
  if (missing !== undefined) {
    console.warn(`\n  SKIPPED: an installation as in production: ${missing}.\n`);
    return;
  }

  const installed = installedIn(join(folder, 'node_modules'));
  const tooMuch = installed.filter((name) => unwanted.includes(name));
  if (tooMuch.length > 0) throw new Error(`npm install --omit=dev brings ${tooMuch.join(', ')}. Make them optional peers`);
  const commands = helpOfEach(folder);
  if (commands.length < 2) throw new Error(`npm install --omit=dev makes the commands ${commands.join(', ')} only`);
  const refused = runCommand(folder, 'paidonce-stripe', 'sandbox');
  if (refused.code !== 2 || !refused.err.includes('npm install --save-dev FILE.tgz'))
    throw new Error(`paidonce-stripe sandbox, without the sandbox: exit code ${refused.code}, ${refused.err}`);
  const entries = production.flatMap((packed) => packed.entries).filter((entry) => !needPeers.includes(entry));
  for (const entry of entries) execFileSync(process.execPath, ['--eval', `import(${JSON.stringify(entry)})`], { cwd: folder });
  console.log(
    `Production: ${installed.length} packages, ${megabytesOf(folder)} MB; ${commands.join(', ')} and ${entries.length} entries run without Fastify`,
  );
  npmInstall(folder, '--include=dev');
  console.log(
    `Development: ${installedIn(join(folder, 'node_modules')).length} packages, ${megabytesOf(folder)} MB; ${helpOfEach(folder).join(', ')}`,
  );
}

/** The names of all packages, also of nested ones. */
export function installedIn(modules: string): readonly string[] {
  const lock = JSON.parse(readFileSync(join(modules, '.package-lock.json'), 'utf8')) as { packages: Record<string, object> };
  return Object.keys(lock.packages).map((path) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length));
}

/** The commands of our packages that are installed: name and file. */
function commandsIn(folder: string): readonly (readonly [name: string, file: string])[] {
  const ours = join(folder, 'node_modules/@paidonce');
  return readdirSync(ours).flatMap((name) => {
    const { bin = {} } = JSON.parse(readFileSync(join(ours, name, 'package.json'), 'utf8')) as { readonly bin?: Record<string, string> };
    return Object.entries(bin).map(([command, file]) => [command, join(ours, name, file)] as const);
  });
}

/** @throws Error: one of our commands has no help. */
function helpOfEach(folder: string): readonly string[] {
  return commandsIn(folder).map(([name]) => {
    const { code, out, err } = runCommand(folder, name, '--help');
    if (code !== 0 || !out.includes(name)) throw new Error(`${name} --help: exit code ${code}\n${out}${err}`);
    return name;
  });
}

function runCommand(
  folder: string,
  name: string,
  ...args: string[]
): { readonly code: number; readonly out: string; readonly err: string } {
  const [, file = ''] = commandsIn(folder).find(([each]) => each === name) ?? [];
  try {
    const out = execFileSync(process.execPath, [file, ...args], { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    return { code: 0, out, err: '' };
  } catch (error) {
    const { status, stdout = '', stderr = '' } = error as { status: number | null; stdout?: string; stderr?: string };
    return { code: status ?? -1, out: stdout, err: stderr };
  }
}

export function megabytesOf(folder: string): number {
  const files = readdirSync(join(folder, 'node_modules'), { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  return Math.round(files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0) / 1_000_000);
}
