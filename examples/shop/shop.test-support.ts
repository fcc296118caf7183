// Starts the shop as `npm start` does, as a separate process, and stops it by a signal.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

export interface Exit {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningShop {
  readonly url: string;
  readonly port: number;
  readonly sandboxUrl: string;
  stop(signal?: NodeJS.Signals): Promise<Exit>;
}

type Env = Readonly<Record<string, string>>;

const main = new URL('main.ts', import.meta.url).pathname;
const ownVariables = [
  ...['HOST', 'PORT', 'DATA_DIR', 'LEDGER_URL', 'POLL_SECONDS', 'SHOP_URL', 'TRUST_PROXY', 'OPERATOR_PASSWORD'],
  ...['STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET', 'STRIPE_API_BASE', 'PAYMENT_PAGES', 'PAIDONCE_SANDBOX'],
];

function start(env: Env): { readonly child: ChildProcess; readonly ended: Promise<Exit>; readonly stdout: () => string } {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !ownVariables.includes(name)));
  const child = spawn(process.execPath, ['--conditions=@paidonce/source', main], {
    env: { ...inherited, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  child.stdout?.setEncoding('utf8').on('data', (piece: string) => {
    stdout += piece;
  });
  const stderr = text(child.stderr ?? []);
  const ended = once(child, 'close').then(async ([code]: (number | null)[]) => ({ code: code ?? null, stdout, stderr: await stderr }));
  return { child, ended, stdout: () => stdout };
}

/** Runs the shop until it ends, for a start that must fail. */
export function runShop(env: Env): Promise<Exit> {
  return start(env).ended;
}

/** Starts the shop. @throws Error it does not start; the message has its output. */
export async function startShop(dataDir: string, env: Env = {}): Promise<RunningShop> {
  const port = await freePort();
  const { child, ended, stdout } = start({ PORT: String(port), DATA_DIR: dataDir, ...env });
  const up = new Promise<void>((resolve) => {
    child.stdout?.on('data', () => {
      if (stdout().includes('Ctrl-C stops')) resolve();
    });
  });
  const failed = await Promise.race([up, ended]);
  if (failed) throw new Error(`The shop ended with ${failed.code}: ${failed.stderr}`);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    sandboxUrl: `http://127.0.0.1:${port + 1}`,
    stop: (signal = 'SIGTERM') => {
      child.kill(signal);
      return ended;
    },
  };
}

/** Returns a free port whose next port, for the sandbox, is free too. */
export async function freePort(): Promise<number> {
  for (;;) {
    const first = createServer().listen(0, '127.0.0.1');
    await once(first, 'listening');
    const address = first.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const next = createServer().listen(port + 1, '127.0.0.1');
    // `once` rejects if there is an error instead.
    const isFree = await once(next, 'listening').then(
      () => true,
      () => false,
    );
    for (const server of isFree ? [first, next] : [first]) {
      server.close();
      await once(server, 'close');
    }
    if (isFree) return port;
  }
}

export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'paidonce-shop-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
