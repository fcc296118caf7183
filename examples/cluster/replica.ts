// Runs one replica of the shop as a process. Each start of it is another instance of the ledger.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/** One life of a replica: from a start to its end. */
export interface Life {
  name: string;
  requests: number;
  webhooks: number;
  /** The checkouts that it started: they show which instance in the log it was. Written by the load balancer. */
  readonly sessions: Set<string>;
}

export interface Backend {
  readonly url: string;
  up: boolean;
  readonly life: Life;
}

const shopMain = new URL('../shop/main.ts', import.meta.url).pathname;
/** Far longer than a busy machine needs. */
const startWithinMs = 180_000;

export class Replica {
  /** Its lives, in order. Written by `start`. */
  readonly lives: Life[] = [];
  /** The address of its newest life. Written by `start`. */
  backend: Backend;
  readonly #number: number;
  /** The environment variables that all replicas share. */
  readonly #env: Readonly<Record<string, string>>;
  readonly #onWarning: ((text: string) => void) | undefined;
  #child: ChildProcess | undefined;

  /** @param onWarning gets what it prints as warnings and errors. Default: they are printed here. */
  constructor(number: number, env: Readonly<Record<string, string>>, onWarning?: (text: string) => void) {
    this.#number = number;
    this.#env = env;
    this.#onWarning = onWarning;
    this.backend = { url: '', up: false, life: newLife('') };
  }

  /** Starts it, and resolves once it is ready. */
  async start(): Promise<void> {
    const name = `${this.#number}${this.lives.length > 0 ? ', started again' : ''}`;
    const port = await freePort();
    const child = spawn(process.execPath, ['--conditions=@paidonce/source', shopMain], {
      env: { PATH: process.env['PATH'] ?? '', ...this.#env, PORT: String(port) },
      stdio: ['ignore', 'ignore', this.#onWarning ? 'pipe' : 'inherit'],
    });
    child.stderr?.setEncoding('utf8').on('data', this.#onWarning ?? (() => undefined));
    this.#child = child;
    const url = `http://127.0.0.1:${port}`;
    const deadlineMs = performance.now() + startWithinMs;
    while (!(await isReady(url))) {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`Replica ${name} ended before it was ready`);
      if (performance.now() > deadlineMs) throw new Error(`Replica ${name} was not ready within ${startWithinMs / 1_000} s`);
      await wait(50);
    }
    this.backend = { url, up: true, life: newLife(name) };
    this.lives.push(this.backend.life);
  }

  /** Kills it with SIGKILL: it completes nothing. */
  async kill(): Promise<void> {
    this.backend.life.name += ', killed';
    await this.#end('SIGKILL');
  }

  /** The process, for whoever looks at it from outside. Undefined: it was never started. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }
}

function newLife(name: string): Life {
  return { name, requests: 0, webhooks: 0, sessions: new Set() };
}

export async function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/health/ready`).then(
    ({ ok }) => ok,
    () => false,
  );
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}
