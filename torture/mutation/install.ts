// Installs Stryker, which is in no workspace: it is 60 MB, and nobody who changes PaidOnce needs it for `npm ci` and `npm test`. Done
// once for each lock.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { npmCi } from '../../scripts/pack-packages.ts';

const folder = import.meta.dirname;

/** Answers why it could not: the registry cannot be reached. Undefined: all is there. */
export function install(): string | undefined {
  const lock = readFileSync(join(folder, 'package-lock.json'), 'utf8');
  const installed = join(folder, 'node_modules/.installed');
  if (existsSync(installed) && readFileSync(installed, 'utf8') === lock) return undefined;
  // Its peer is vitest, and that is the one of the repository.
  const missing = npmCi(folder, '--ignore-scripts', '--omit=peer');
  if (missing !== undefined) return missing;
  writeFileSync(installed, lock);
  return undefined;
}
