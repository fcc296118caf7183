// Checks what a user would install: packs each package, checks the tarball with publint and attw, unpacks all of
// them into an empty project beside our installed dependencies, imports every export there on this Node, and type-checks a
// consumer and the snippets of the READMEs against the shipped declarations. Then it installs the tarballs from the registry as a
// production host does (production-install.ts). Run `npm run build` before it.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { type PackedPackage, packPackages } from './pack-packages.ts';
import { checkProductionInstall } from './production-install.ts';

interface Packed extends PackedPackage {
  /** The packages that npm would install with it. */
  readonly dependencies: readonly string[];
  /** The names that a user imports: `@paidonce/ledger`, `@paidonce/ledger/sqlite`. */
  readonly entries: readonly string[];
  /** The files that the exports of the shipped package.json name, under whatever condition. */
  readonly exported: readonly string[];
}

interface PackageJson {
  readonly name: string;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

const root = resolve(import.meta.dirname, '..');
const notShipped = /\.test\.|\.test-support\.|\.tsbuildinfo$/;
const required = ['package.json', 'README.md', 'LICENSE'];

// A strict consumer without skipLibCheck, so that all our declarations are checked.
const consumerFlags = [
  ...['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--module', 'nodenext'],
  ...['--target', 'es2024', '--lib', 'es2024,esnext.disposable', '--types', 'node'],
];

function run(cwd: string, command: string, ...args: string[]): string {
  try {
    return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], shell: process.platform === 'win32' });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}${stderr}`);
  }
}

function read(packed: PackedPackage): Packed {
  // The shipped one: packing strips exports from it (published-exports.mjs).
  const packageJson = JSON.parse(run(root, 'tar', '-xzOf', packed.tarball, 'package/package.json')) as PackageJson;
  const paths = Object.keys(packageJson.exports).filter((path) => path !== './package.json');
  return {
    ...packed,
    dependencies: Object.keys({ ...packageJson.dependencies, ...packageJson.peerDependencies }),
    entries: paths.map((path) => packageJson.name + path.slice(1)),
    exported: targetsOf(packageJson.exports).map((target) => target.replace(/^\.\//, '')),
  };
}

/** Returns every path in a value of `exports`, whatever its conditions. */
function targetsOf(exported: unknown): readonly string[] {
  return typeof exported === 'string' ? [exported] : Object.values(exported ?? {}).flatMap(targetsOf);
}

function checkFiles({ name, files, exported }: Packed): void {
  const missing = required.filter((path) => !files.includes(path));
  if (missing.length > 0) throw new Error(`${name} ships no ${missing.join(', ')}. Write it, or run: npm run build`);
  const absent = exported.filter((path) => !files.includes(path));
  if (absent.length > 0) throw new Error(`${name} exports ${absent.join(', ')}, and ships none of them. Ship them, or strip the exports`);
  const stray = files.filter((path) => notShipped.test(path));
  if (stray.length > 0) throw new Error(`${name} ships ${stray.join(', ')}. Exclude it under "files" in its package.json`);
}

/** Makes a project as a user has it: unpacks our tarballs, and links only the dependencies that they declare. */
function install(packages: readonly Packed[], project: string): void {
  const modules = join(project, 'node_modules');
  const declared = new Set(packages.flatMap(({ dependencies }) => dependencies).filter((name) => !name.startsWith('@paidonce/')));
  for (const name of [...declared, '@types/node', '@paidonce']) mkdirSync(dirname(join(modules, name)), { recursive: true });
  mkdirSync(join(modules, '@paidonce'));
  for (const name of [...declared, '@types/node']) {
    const installed = join(root, 'node_modules', name);
    if (existsSync(installed)) symlinkSync(installed, join(modules, name), 'junction');
  }
  for (const { name, directory, tarball } of packages) {
    const target = join(modules, name);
    mkdirSync(target);
    run(dirname(tarball), 'tar', '-xzf', tarball, '-C', target, '--strip-components=1');
    const own = join(directory, 'node_modules');
    if (existsSync(own)) symlinkSync(own, join(target, 'node_modules'), 'junction');
  }
}

function checkImports(packages: readonly Packed[], project: string): void {
  const entries = packages.flatMap((packed) => packed.entries);
  const lines = entries.map(
    (entry, index) =>
      `import * as m${index} from '${entry}';\nif (Object.keys(m${index}).length === 0) throw new Error('${entry} exports nothing');`,
  );
  writeFileSync(join(project, 'import-all.mjs'), lines.join('\n'));
  run(project, process.execPath, 'import-all.mjs');

  const uses = entries.map((entry, index) => `import * as m${index} from '${entry}';\nexport const e${index}: object = m${index};`);
  writeFileSync(join(project, 'consumer.ts'), uses.join('\n'));
  run(project, process.execPath, join(root, 'node_modules/typescript/bin/tsc'), ...consumerFlags, 'consumer.ts');
  console.log(`${entries.length} exports import on Node ${process.versions.node} and type-check: ${entries.join(' ')}`);
}

// The names that a snippet leaves to its reader. A snippet may declare one itself.
const readersOwn = `
import type { MembershipChange, PaymentLedger } from '@paidonce/ledger';
import type { StripePayments } from '@paidonce/stripe-adapter';
import type { FastifyInstance } from 'fastify';
import type Stripe from 'stripe';
declare global {
  function saveMembership(change: MembershipChange): Promise<void>;
  function sessionOf(request: object): Promise<{ id: string; maySeePayments: boolean } | undefined>;
  const secretKey: string, webhookSecret: string, url: string, ledgerFile: string, stripe: Stripe;
  function operatorOf(headers: Headers): { actor: string } | undefined;
  const credentials: { username: string; password: string };
  const app: FastifyInstance, ledger: PaymentLedger, payments: StripePayments;
  const prisma: { $connect(): void; $transaction<T>(work: (tx: PrismaTransaction) => Promise<T>): Promise<T> };
  interface PrismaTransaction {
    $queryRawUnsafe(text: string, ...values: unknown[]): Promise<unknown>;
    readonly membership: { upsert(row: object): Promise<object> };
    readonly outbox: { create(row: object): Promise<object> };
  }
}`;

// Express, as far as a snippet uses it. A file without imports of its own: only there a module may be declared.
const readersExpress = `
declare module 'express' {
  type Handler = (req: import('node:http').IncomingMessage, res: import('node:http').ServerResponse, next: (error?: unknown) => void) => unknown;
  type Route = (path: string, handler: Handler) => void;
  export default function express(): { readonly get: Route; readonly post: Route; readonly use: Route };
}`;

/** Type-checks each snippet alone, as a reader copies it. Skips snippets of files that the reader has. */
function checkSnippets(project: string): void {
  const readmes = ['README.md', ...readdirSync(join(root, 'packages')).map((name) => `packages/${name}/README.md`)];
  const snippets = readmes.flatMap((readme) =>
    [...readFileSync(join(root, readme), 'utf8').matchAll(/```ts\n(.*?)```/gs)].map(([, code = ''], index) => ({
      file: `${readme.replaceAll('/', '-')}-${index + 1}.ts`,
      code,
    })),
  );
  const alone = snippets.filter(({ code }) => !code.includes("from '../"));
  if (alone.length === 0) throw new Error('The READMEs have no snippet in TypeScript. Did their fences change?');
  writeFileSync(join(project, 'readers-own.d.ts'), readersOwn);
  writeFileSync(join(project, 'readers-express.d.ts'), readersExpress);
  for (const { file, code } of alone) writeFileSync(join(project, file), `${code}\nexport {};\n`);
  // `skipLibCheck`, because the declarations of the clients have errors.
  const files = ['readers-own.d.ts', 'readers-express.d.ts', ...alone.map(({ file }) => file)];
  run(project, process.execPath, join(root, 'node_modules/typescript/bin/tsc'), ...consumerFlags, '--skipLibCheck', ...files);
  console.log(`${alone.length} snippets of the READMEs type-check`);
}

const folder = mkdtempSync(join(tmpdir(), 'paidonce-packed-'));
try {
  const packages = packPackages(folder).map(read);
  for (const packed of packages) {
    checkFiles(packed);
    run(root, 'publint', 'run', '--strict', packed.tarball);
    run(root, 'attw', packed.tarball, '--profile', 'esm-only', '--no-definitely-typed', '--format', 'ascii');
    console.log(`${packed.name}: ${packed.files.length} files, publint and attw content`);
  }
  const project = join(folder, 'project');
  install(packages, project);
  writeFileSync(join(project, 'package.json'), '{ "name": "consumer", "private": true, "type": "module" }');
  checkImports(packages, project);
  checkSnippets(project);
  checkProductionInstall(packages, join(folder, 'production'));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
