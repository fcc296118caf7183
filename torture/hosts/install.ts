// Installs an example in a temporary folder as a user does: `npm ci`, then our packages, which are packed from this checkout. No
// folder above it has packages, so what the example does not declare is missing there.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { startStripeSandbox } from '@paidonce/sandbox';
import { buildPackages, noNetwork, packPackages } from '../../scripts/pack-packages.ts';
import type { Credentials, RunningShop } from './drive.ts';
import type { Host } from './hosts.ts';

const root = resolve(import.meta.dirname, '../..');
const notCopied = new Set(['node_modules', 'dist', '.next']);
const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
/** Longer than any start, also on a busy machine. */
const longMs = 120_000;
const webhookSecret = 'whsec_sandbox_of_the_driver';

export const credentials: Credentials = { user: 'support', password: 'only for this run' };

export interface Hosts extends Disposable {
  /** @returns the folder of an installed host, or why the registry cannot be reached. @throws Error: a step failed. */
  install(host: Host): { readonly folder: string } | string;
}

/** Builds and packs our packages once, for all hosts. */
export function openHosts(): Hosts {
  const temporary = mkdtempSync(join(tmpdir(), 'paidonce-hosts-'));
  buildPackages();
  const packed = join(temporary, 'packed');
  mkdirSync(packed);
  const tarballs = packPackages(packed).map(({ tarball }) => tarball);
  return {
    install: (host) => {
      const folder = mkdtempSync(join(temporary, `${host.example}-`));
      cpSync(join(root, 'examples', host.example), folder, { recursive: true, filter: (path) => !notCopied.has(basename(path)) });
      if (host.with !== undefined) cpSync(join(import.meta.dirname, host.with), folder, { recursive: true });
      for (const change of host.changes ?? []) changeFile(folder, ...change);
      const installed = run(folder, 'npm', 'ci', ...quiet);
      if (installed.status !== 0 && noNetwork.test(installed.output)) return 'npm ci cannot reach the registry';
      succeed(installed);
      succeed(run(folder, 'npm', 'install', '--no-save', ...quiet, ...tarballs));
      for (const script of host.scripts) succeed(run(folder, 'npm', 'run', '--silent', script));
      return { folder };
    },
    [Symbol.dispose]: () => rmSync(temporary, { recursive: true, force: true }),
  };
}

function changeFile(folder: string, file: string, from: string | RegExp, to: string): void {
  const text = readFileSync(join(folder, file), 'utf8');
  const isThere = typeof from === 'string' ? text.includes(from) : from.test(text);
  if (!isThere) throw new Error(`${file} has no ${from}. Did the example change? Change its README and torture/hosts/hosts.ts too`);
  writeFileSync(join(folder, file), text.replace(from, to));
}

interface Ended {
  readonly command: string;
  readonly status: number | null;
  readonly output: string;
}

function run(cwd: string, command: string, ...args: string[]): Ended {
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: undefined, NODE_OPTIONS: undefined };
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, env, encoding: 'utf8', shell: process.platform === 'win32' });
  return { command: [command, ...args].join(' '), status, output: `${stdout}${stderr}` };
}

function succeed({ command, status, output }: Ended): void {
  if (status !== 0) throw new Error(`${command} ended with code ${status}:\n${output}`);
}

/** Starts the shop beside a sandbox of its own, which sends it the webhooks. */
export async function startShop(folder: string, { start, env: own }: Host): Promise<RunningShop & AsyncDisposable> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const sandbox = await startStripeSandbox({ webhookEndpoints: [{ url: `${url}/webhooks/stripe`, secret: webhookSecret }] });
  const settings = {
    PORT: String(port),
    SHOP_URL: url,
    STRIPE_SECRET_KEY: 'sk_test_paidonce_sandbox',
    STRIPE_WEBHOOK_SECRET: webhookSecret,
    STRIPE_API_BASE: sandbox.url,
    CONSOLE_PASSWORD: credentials.password,
  };
  const env = { ...process.env, ...settings, ...own, NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production', NODE_OPTIONS: undefined };
  const child = spawn(process.execPath, start, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const printed: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => printed.push(String(data)));
  const ended = once(child, 'exit');
  const startAgain = async (): Promise<string> => {
    const second = spawn(process.execPath, start, { cwd: folder, env, stdio: 'ignore', timeout: longMs, killSignal: 'SIGKILL' });
    const [code] = await once(second, 'exit');
    return code === null ? 'never ended' : code === 0 ? 'ended' : 'ended with an error';
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await ended;
  };
  const stop = async (): Promise<string> => {
    // SQLite deletes this file where the ledger closes its store, and leaves it where the process just ends.
    const wal = join(folder, 'ledger.db-wal');
    if (!existsSync(wal)) throw new Error(`There is no ${wal}, which an open ledger has`);
    await end('SIGTERM');
    const how = child.exitCode === 0 || child.signalCode === 'SIGTERM' ? 'ended' : `ended with ${child.exitCode ?? child.signalCode}`;
    return `${how}, ledger ${existsSync(wal) ? 'left open' : 'closed'}`;
  };
  const dispose = async (): Promise<void> => {
    await end('SIGKILL');
    await sandbox.close();
  };
  try {
    await answers(`${url}/health/ready`, child);
  } catch (error) {
    await dispose();
    throw new Error(`The shop does not start. It printed:\n${printed.join('')}`, { cause: error });
  }
  return { url, sandbox, startAgain, stop, [Symbol.asyncDispose]: dispose };
}

/** @throws Error: the shop has ended. */
async function answers(address: string, child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`It ended with code ${child.exitCode}`);
    const answer = await fetch(address).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer?.ok) return;
    await setTimeout(100);
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  return port;
}
