// Installs what the torture needs, which is in no workspace: the real ORMs are 370 MB, and nobody who changes PaidOnce needs them
// for `npm ci` and `npm test`. Done once for each lock.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { npmCi } from '../../scripts/pack-packages.ts';

const folder = import.meta.dirname;

/** Answers why it could not: the registry cannot be reached. Undefined: all is there. */
export function install(): string | undefined {
  const inputs = ['package-lock.json', 'prisma/postgresql.prisma', 'prisma/mysql.prisma'];
  const wanted = createHash('sha256');
  for (const file of inputs) wanted.update(readFileSync(join(folder, file)));
  const digest = wanted.digest('hex');
  const installed = join(folder, 'node_modules/.installed');
  if (existsSync(installed) && readFileSync(installed, 'utf8') === digest) return undefined;
  const missing = npmCi(folder);
  if (missing !== undefined) return missing;
  for (const schema of ['postgresql', 'mysql']) {
    const ended = run(join('node_modules', '.bin', 'prisma'), ['generate', '--schema', `prisma/${schema}.prisma`]);
    if (ended !== undefined) throw new Error(`prisma generate in torture/once failed:\n${ended}`);
  }
  writeFileSync(installed, digest);
  return undefined;
}

/** Answers what it printed, where it failed. */
function run(command: string, args: readonly string[]): string | undefined {
  // Prisma's command asks the network for an engine, which the client of Prisma 7 does not need: any program will do.
  const env = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: '1' };
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder, env, encoding: 'utf8', shell: process.platform === 'win32' });
  return status === 0 ? undefined : `${stdout}${stderr}`;
}
