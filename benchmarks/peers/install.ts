// Installs the peers of `npm run bench -- peers`, which are in no workspace: nobody who changes PaidOnce needs them. Done once for
// each lock.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { noNetwork } from '../../scripts/pack-packages.ts';

const folder: string = import.meta.dirname;
const withoutScripts = 'without scripts\n';

/**
 * Answers why it could not: the registry cannot be reached. Undefined: all is there.
 *
 * @param withScripts false: `sqlite3` is not built, so Emmett on SQLite fails. It takes minutes where no prebuilt one can be downloaded.
 */
export function installPeers({ withScripts = true }: { readonly withScripts?: boolean } = {}): string | undefined {
  const lock = readFileSync(join(folder, 'package-lock.json'), 'utf8');
  const installed = join(folder, 'node_modules/.installed');
  const found = existsSync(installed) ? readFileSync(installed, 'utf8') : '';
  if (found === lock || (!withScripts && found === `${withoutScripts}${lock}`)) return undefined;
  const options = { cwd: folder, encoding: 'utf8', shell: process.platform === 'win32' } as const;
  const flags = ['--no-audit', '--no-fund', '--loglevel=error', ...(withScripts ? [] : ['--ignore-scripts'])];
  const { status, stdout, stderr } = spawnSync('npm', ['ci', ...flags], options);
  if (status !== 0) {
    const failure = `${stdout}${stderr}`;
    if (noNetwork.test(failure)) return 'npm ci cannot reach the registry';
    throw new Error(`npm ci in benchmarks/peers failed:\n${failure}`);
  }
  writeFileSync(installed, withScripts ? lock : `${withoutScripts}${lock}`);
  return undefined;
}

/** The versions that are installed, by name. */
export function peerVersions(): Readonly<Record<string, string>> {
  const { dependencies, optionalDependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return { ...dependencies, ...optionalDependencies };
}
