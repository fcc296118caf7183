// Packs our packages as they would be published, from copies: while one is packed its package.json has fewer exports
// (published-exports.mjs), which tests that run at the same time would miss. Run `npm run build` before it.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const parts = ['package.json', 'README.md', 'LICENSE', 'dist', 'src'];

export interface PackedPackage {
  readonly name: string;
  /** The folder of the package in this checkout. */
  readonly directory: string;
  readonly tarball: string;
  readonly files: readonly string[];
}

/** Builds what has changed since the last time. */
export function buildPackages(): void {
  npm(root, 'run', '--silent', 'build');
}

/** @param into an empty folder. @throws Error: a package is not built, or npm refuses it. */
export function packPackages(into: string): readonly PackedPackage[] {
  cpSync(join(root, 'scripts/published-exports.mjs'), join(into, 'scripts/published-exports.mjs'));
  return readdirSync(join(root, 'packages')).map((folder) => {
    const directory = join(root, 'packages', folder);
    if (!existsSync(join(directory, 'dist'))) throw new Error(`packages/${folder} is not built. Run: npm run build`);
    const copy = join(into, 'packages', folder);
    mkdirSync(copy, { recursive: true });
    for (const part of parts) cpSync(join(directory, part), join(copy, part), { recursive: true });
    const [packed] = JSON.parse(npm(copy, 'pack', '--silent', '--json', '--pack-destination', into)) as [
      { name: string; filename: string; files: { path: string }[] },
    ];
    return { name: packed.name, directory, tarball: join(into, packed.filename), files: packed.files.map(({ path }) => path) };
  });
}

export const noNetwork: RegExp = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EIDLETIMEOUT/;

/**
 * Runs `npm install` in a folder that has a package.json.
 *
 * @returns why it could not: the registry cannot be reached. Undefined: all is there.
 * @throws Error: npm failed for another reason, as where peers do not fit.
 */
export function npmInstall(folder: string, ...args: string[]): string | undefined {
  return fromRegistry(folder, 'install', '--ignore-scripts', ...args);
}

/** The same for `npm ci`, which installs what the lock of the folder names, and runs its scripts. */
export function npmCi(folder: string, ...args: string[]): string | undefined {
  return fromRegistry(folder, 'ci', ...args);
}

function fromRegistry(folder: string, command: string, ...args: string[]): string | undefined {
  try {
    npm(folder, command, '--no-audit', '--no-fund', '--loglevel=error', ...args);
    return undefined;
  } catch (error) {
    const { message } = error as Error;
    if (noNetwork.test(message)) return `npm ${command} cannot reach the registry`;
    throw error;
  }
}

function npm(cwd: string, ...args: string[]): string {
  try {
    return execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], shell: process.platform === 'win32' });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`npm ${args.join(' ')} failed in ${cwd}:\n${stdout}${stderr}`);
  }
}
