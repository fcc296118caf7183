// One replica of the shop as a process, and its lives: each start is another instance of the ledger.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/** From one start of a replica to its end. */
export interface Life {
  name: string;
  requests: number;
  webhooks: number;
  /** Checkouts that it started: in the log they tell which instance it was. */
  readonly sessions: Set<string>;
}

export interface Backend {
  readonly url: string;
  up: boolean;
  readonly life: Life;
}

const shopMain = new URL('../shop/main.ts', import.meta.url).pathname;
const startWithinMs = 30_000;

export class Replica {
  /** Each start to its end, in order. */
  readonly lives: Life[] = [];
  /** Of its newest life. */
  backend: Backend;
  readonly #number: number;
  /** What all replicas share. */
  readonly #env: Readonly<Record<string, string>>;
  #child: ChildProcess | undefined;

  constructor(number: number, env: Readonly<Record<string, string>>) {
    this.#number = number;
    this.#env = env;
    this.backend = { url: '', up: false, life: newLife('') };
  }

  /** Resolves once it is ready: the load balancer asks the same. */
  async start(): Promise<void> {
    const name = `${this.#number}${this.lives.length > 0 ? ', started again' : ''}`;
    const port = await freePort();
    const child = spawn(process.execPath, ['--conditions=@paidonce/source', shopMain], {
      env: { PATH: process.env['PATH'] ?? '', ...this.#env, PORT: String(port) },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
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

  /** SIGKILL: nothing is finished, nobody is told. */
  async kill(): Promise<void> {
    this.backend.life.name += ', killed';
    await this.#end('SIGKILL');
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
