// Folders outside the workspaces in which our packed packages are installed as a shop installs them, each beside other versions of
// `stripe` and `fastify`. The first takes most of a minute; the others are copies of it in which npm changes one package.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { buildPackages, npmInstall, packPackages } from '../../scripts/pack-packages.ts';

const root = resolve(import.meta.dirname, '../..');
// A strict shop without `skipLibCheck`, so that all our declarations are checked.
const flags = [
  ...['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--module', 'nodenext'],
  ...['--target', 'es2024', '--lib', 'es2024,esnext.disposable', '--types', 'node'],
];

export interface Shop {
  /** The version that npm has installed. */
  installed(name: string): string;
  /** What the compiler complains about. Empty: nothing. */
  typeCheck(...files: string[]): string;
  /** What a program of the folder printed, as JSON. @throws Error: it failed. */
  run(file: string): unknown;
  /** What a command of an installed package printed. */
  command(name: string, ...args: string[]): string;
}

export interface Folders extends Disposable {
  /** A shop with other versions of these packages, like `stripe@^17`. @throws Error: npm refuses them beside our packages. */
  shopWith(...packages: string[]): Shop;
}

/** @returns why it could not: a sentence. */
export function openFolders(): Folders | string {
  const folder = mkdtempSync(join(tmpdir(), 'paidonce-stripe-'));
  const [packed, base] = [join(folder, 'packed'), join(folder, 'base')];
  for (const each of [packed, base]) mkdirSync(each);
  buildPackages();
  const tarballs = packPackages(packed).map(({ tarball }) => tarball);
  writeFileSync(join(base, 'package.json'), '{ "name": "shop", "private": true, "type": "module" }');
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const missing = npmInstall(
    base,
    ...tarballs,
    `stripe@${devDependencies.stripe}`,
    `@types/node@${devDependencies['@types/node']}`,
    'prom-client@15',
  );
  const remove = () => rmSync(folder, { recursive: true, force: true });
  if (missing !== undefined) {
    remove();
    return missing;
  }
  cpSync(join(import.meta.dirname, 'consumer'), base, { recursive: true });
  const shopWith = (...packages: string[]): Shop => {
    const shop = join(folder, packages.join('-').replaceAll(/[^a-z0-9.]/g, ''));
    cpSync(base, shop, { recursive: true, verbatimSymlinks: true });
    const lost = npmInstall(shop, ...packages);
    if (lost !== undefined) throw new Error(`${packages.join(' ')}: ${lost}`);
    return openShop(shop);
  };
  return { shopWith, [Symbol.dispose]: remove };
}

function openShop(folder: string): Shop {
  const node = (...args: string[]): string => execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  return {
    installed: (name) => JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8')).version,
    typeCheck: (...files) => {
      const tsc = join(root, 'node_modules/typescript/bin/tsc');
      const { status, stdout, stderr } = spawnSync(process.execPath, [tsc, ...flags, ...files], { cwd: folder, encoding: 'utf8' });
      return status === 0 ? '' : `${stdout}${stderr}`;
    },
    run: (file) => JSON.parse(node(file)),
    command: (name, ...args) => node(join('node_modules', '.bin', name), ...args),
  };
}
