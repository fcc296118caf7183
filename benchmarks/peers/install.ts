// Installs the peers of `npm run bench -- peers`, which are in no workspace: nobody who changes PaidOnce needs them. Done once for
// each lock.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { npmCi } from '../../scripts/pack-packages.ts';

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
  const missing = npmCi(folder, ...(withScripts ? [] : ['--ignore-scripts']));
  if (missing !== undefined) return missing;
  writeFileSync(installed, withScripts ? lock : `${withoutScripts}${lock}`);
  return undefined;
}

/** The versions that are installed, by name. */
export function peerVersions(): Readonly<Record<string, string>> {
  const { dependencies, optionalDependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return { ...dependencies, ...optionalDependencies };
}
