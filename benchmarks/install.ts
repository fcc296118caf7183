// The benchmark `npm run bench -- install [--rounds N] [--save]`: what a shop installs in production, PaidOnce and its peers: how many
// packages, how many bytes, and how long npm takes for it from a cache that has them. Ours come from a registry on loopback, since npm
// takes twice as long for a tarball in a folder, which it reads again each time. Each set has `stripe`, and the sets take turns. No
// install scripts run: what sqlite3 downloads or compiles comes on top.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildPackages, npmInstall, packPackages } from '../scripts/pack-packages.ts';
import { installedIn, megabytesOf } from '../scripts/production-install.ts';
import { saveResults } from '../scripts/save-results.ts';
import { median } from './measures.ts';
import type { Served } from './own-registry.ts';
import { peerVersions } from './peers/install.ts';

export interface InstallRow {
  readonly what: string;
  readonly packages: number;
  readonly mb: number;
  /** The median of the rounds. */
  readonly seconds: number;
}

type Versions = Readonly<Record<string, string>>;

/** What each way of keeping payments depends on, apart from our own packages and `stripe`, which every shop has. */
const peerSets: Readonly<Record<string, readonly string[]>> = {
  'emmett-sqlite': ['@event-driven-io/emmett-sqlite', '@event-driven-io/emmett', 'sqlite3'],
  'emmett-postgresql': ['@event-driven-io/emmett-postgresql', '@event-driven-io/emmett'],
  'stripe-sync-engine': ['@supabase/stripe-sync-engine'],
  'graphile-worker': ['graphile-worker', 'pg'],
  'pg-boss': ['pg-boss', 'pg'],
};
const ours = ['@paidonce/ledger', '@paidonce/stripe-adapter', '@paidonce/http'];

export async function install(): Promise<void> {
  const options = { rounds: { type: 'string', default: '3' }, save: { type: 'boolean', default: false } } as const;
  const { values } = parseArgs({ args: process.argv.slice(3), options });
  buildPackages();
  const rows = await installEach(Number(values.rounds));
  if (rows === undefined) return;
  console.table(rows);
  if (values.save) saveResults('benchmarks', 'install', { versions: { node: process.versions.node, ...peerVersions() }, rows });
  console.log(JSON.stringify({ bench: 'install', ...rows[0] }));
}

/** Undefined: the registry cannot be reached, which it has said. @param only these rows; default: all. @throws Error: the packages are not built. */
export async function installEach(rounds: number, only?: readonly string[]): Promise<readonly InstallRow[] | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'paidonce-bench-'));
  let registry: ChildProcess | undefined;
  try {
    const served = packPackages(folder)
      .filter(({ name }) => ours.includes(name))
      .map(({ directory, tarball }): Served => ({ manifest: manifestIn(directory), tarball }));
    registry = fork(fileURLToPath(new URL('own-registry.ts', import.meta.url)), [JSON.stringify(served)]);
    const ended = new AbortController();
    registry.once('exit', () => ended.abort()); // It has said why.
    const [url] = (await once(registry, 'message', { signal: ended.signal })) as [string];
    const ourVersions = Object.fromEntries(served.map(({ manifest: { name, version } }) => [name, version]));
    const sets = Object.entries(setsWith(ourVersions)).filter(([what]) => only?.includes(what) !== false);
    const installed = new Map<string, Installed[]>(sets.map(([what]) => [what, []]));
    // The first round fills npm's cache, and does not count, unless it is the only one.
    for (let round = 0; round <= rounds; round++) {
      for (const [what, dependencies] of sets) {
        const took = installOnce(join(folder, 'install'), dependencies, url);
        if (typeof took === 'string') {
          console.warn(`\n  SKIPPED: installations: ${took}.\n`);
          return undefined;
        }
        if (round > 0 || rounds === 0) installed.get(what)?.push(took);
      }
    }
    return [...installed].flatMap(([what, each]) => {
      const seconds = Number(median(each.map((one) => one.seconds)).toFixed(1));
      return each.slice(0, 1).map((one) => ({ what, ...one, seconds }));
    });
  } finally {
    registry?.disconnect();
    rmSync(folder, { recursive: true, force: true });
  }
}

function manifestIn(directory: string): Served['manifest'] {
  return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
}

function setsWith(ourVersions: Versions): Readonly<Record<string, Versions>> {
  const versions = peerVersions();
  const exact = (names: readonly string[]): Versions => Object.fromEntries(names.map((name) => [name, versions[name] ?? '']));
  return {
    'PaidOnce on SQLite': { ...ourVersions, ...exact(['stripe']) },
    'PaidOnce on PostgreSQL': { ...ourVersions, ...exact(['stripe', 'pg']) },
    ...Object.fromEntries(Object.entries(peerSets).map(([name, packages]) => [name, exact([...packages, 'stripe'])])),
  };
}

type Installed = Omit<InstallRow, 'what'>;

/** Text: why it could not be made. */
function installOnce(folder: string, dependencies: Versions, ourRegistry: string): Installed | string {
  // Both stores of Emmett name another version of it; only one is there.
  const overrides = dependencies['@event-driven-io/emmett'] ? { '@event-driven-io/emmett': '$@event-driven-io/emmett' } : {};
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'shop', private: true, dependencies, overrides }));
  writeFileSync(join(folder, '.npmrc'), `@paidonce:registry=${ourRegistry}\n`);
  const startedMs = performance.now();
  const missing = npmInstall(folder, '--omit=dev', '--prefer-offline');
  if (missing !== undefined) return missing;
  const seconds = (performance.now() - startedMs) / 1_000;
  const found = { packages: installedIn(join(folder, 'node_modules')).length, mb: megabytesOf(folder), seconds };
  rmSync(folder, { recursive: true });
  return found;
}
