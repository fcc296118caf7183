// A PostgreSQL server for tests: its own data folder and port, loopback only, a password for everybody. It ends with the
// process that started it, however that ends: a shell beside it waits for the end of its standard input.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Client } from 'pg';
import { type Binaries, findBinaries } from './binaries.ts';
import { freePort } from './free-port.ts';

export interface PostgresServerOptions {
  /** Settings of `postgresql.conf`, as text. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Starts as a copy of this server, which is stopped for it and started again: a replica of it, where `standbyOf` says so. */
  readonly copyOf?: PostgresServer;
  /** The port at which the replica finds its primary. */
  readonly standbyOf?: number;
  /** Arguments of `initdb`. */
  readonly initdb?: readonly string[];
  /** Where its data lies: a folder that exists and is empty. Default: a new temporary one. */
  readonly folder?: string;
}

export const postgresPassword: string = randomUUID();

const quiet: Readonly<Record<string, string>> = {
  listen_addresses: "'127.0.0.1'",
  unix_socket_directories: "''",
  shared_buffers: "'64MB'",
  max_connections: '100',
  wal_level: 'replica',
  max_wal_senders: '4',
  log_min_messages: 'fatal',
};

export class PostgresServer {
  readonly port: number;
  readonly folder: string;
  readonly #binaries: Binaries;
  /** The shell that runs the server. Written by `start` and `#gone`. */
  #shell: ChildProcess | undefined;

  constructor(binaries: Binaries, folder: string, port: number) {
    this.#binaries = binaries;
    this.folder = folder;
    this.port = port;
  }

  /** The URL of a database, as the owner of the server. */
  url(database = 'postgres', user = 'postgres', password: string = postgresPassword): string {
    return `postgres://${user}:${password}@127.0.0.1:${this.port}/${database}`;
  }

  /** Starts it, also on the data of a crash: its old lock file outlives it for a moment. Resolves when it answers, or follows. */
  async start(): Promise<void> {
    for (;;) {
      this.#run();
      if (await this.#answers()) return;
      await wait(50);
    }
  }

  #run(): void {
    // A command in the background reads nothing from standard input, unless it is told to.
    const watch = '(cat <&3 >/dev/null; kill -QUIT $server; while kill -0 $server 2>/dev/null; do sleep 0.1; done; rm -rf "$FOLDER")';
    const command = `exec 3<&0; "$@" </dev/null 3<&- >>"$0" 2>&1 & server=$!; ${watch} & wait $server; kill $! 2>/dev/null; exit 0`;
    const server = [join(this.#binaries.folder, 'postgres'), '-D', this.folder, '-p', String(this.port)];
    this.#shell = spawn('sh', ['-c', command, join(this.folder, 'server.log'), ...server], {
      stdio: ['pipe', 'ignore', 'ignore'],
      cwd: this.folder,
      env: { ...process.env, LC_ALL: 'C', FOLDER: this.folder },
      ...this.#binaries.user,
    });
    this.#shell.stdin?.on('error', () => undefined);
    this.#shell.unref();
  }

  /** False: it ended. */
  async #answers(): Promise<boolean> {
    while (this.#shell?.exitCode === null) {
      try {
        await this.query('select 1');
        return true;
      } catch {
        await wait(20);
      }
    }
    return false;
  }

  /** One statement on a connection of its own. */
  async query(sql: string, database = 'postgres'): Promise<readonly Record<string, unknown>[]> {
    const client = new Client({ connectionString: this.url(database) });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return (await client.query(sql)).rows as Record<string, unknown>[];
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  /** Ends it as a crash would: SIGKILL for the server and all of its processes. */
  async kill(): Promise<void> {
    this.#signal('SIGKILL');
    await this.#gone();
  }

  /** Ends it in good order, with all connections. */
  async stop(): Promise<void> {
    if (this.isRunning) process.kill(this.pid, 'SIGINT');
    await this.#gone();
  }

  /** Stops it, and removes its data. */
  async remove(): Promise<void> {
    if (this.isRunning) process.kill(this.pid, 'SIGQUIT');
    await this.#gone();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Changes settings, which hold from the next `start` on. */
  configure(settings: Readonly<Record<string, string>>): void {
    const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`);
    appendFileSync(join(this.folder, 'postgresql.conf'), lines.join(''));
  }

  /** Reads the settings again, as far as that needs no restart. */
  reload(): void {
    process.kill(this.pid, 'SIGHUP');
  }

  get isRunning(): boolean {
    return this.#shell !== undefined && this.#shell.exitCode === null;
  }

  get pid(): number {
    return Number(readFileSync(join(this.folder, 'postmaster.pid'), 'utf8').split('\n', 1)[0]);
  }

  /** The process ids of the server and all of its processes, where `/proc` tells them. */
  get processes(): readonly number[] {
    const { pid } = this;
    if (!existsSync('/proc/self/stat')) return [pid];
    const children = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && parentOf(name) === pid);
    return [pid, ...children.map(Number)];
  }

  #signal(signal: NodeJS.Signals): void {
    for (const pid of this.processes) {
      try {
        process.kill(pid, signal);
      } catch {} // It has ended by itself.
    }
  }

  async #gone(): Promise<void> {
    while (this.isRunning) await wait(5);
    this.#shell = undefined;
  }
}

function parentOf(pid: string): number {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1]);
  } catch {
    return 0;
  }
}

/** Makes a server and starts it. Whoever calls it removes it. @throws Error: there are no binaries on this machine. */
export async function startPostgres(options: PostgresServerOptions = {}): Promise<PostgresServer> {
  const binaries = findBinaries();
  if (binaries === undefined) throw new Error('There is no PostgreSQL on this machine. Run npm ci, or install postgresql');
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'paidonce-postgres-'));
  const server = new PostgresServer(binaries, folder, await freePort());
  if (options.copyOf) await copyData(options.copyOf, server, binaries);
  else initialize(folder, binaries, options.initdb ?? []);
  server.configure({ ...(options.copyOf ? {} : quiet), ...options.settings });
  if (options.copyOf && options.standbyOf !== undefined) {
    const primary = `host=127.0.0.1 port=${options.standbyOf} user=postgres password=${postgresPassword}`;
    server.configure({ primary_conninfo: `'${primary}'`, hot_standby: 'on', wal_retrieve_retry_interval: '100ms' });
    writeOwned(join(folder, 'standby.signal'), '', binaries);
  }
  await server.start();
  return server;
}

function initialize(folder: string, { folder: bin, user }: Binaries, args: readonly string[]): void {
  const passwordFile = `${folder}.password`;
  writeOwned(passwordFile, postgresPassword, { user });
  own(folder, user);
  try {
    const always = ['-D', folder, '-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '--no-sync', '--locale=C'];
    const encoding = args.some((arg) => arg.startsWith('--encoding')) ? [] : ['--encoding=UTF8'];
    execFileSync(join(bin, 'initdb'), [...always, ...encoding, ...args], { stdio: 'pipe', cwd: folder, ...user });
  } finally {
    rmSync(passwordFile, { force: true });
  }
  writeOwned(join(folder, 'pg_hba.conf'), 'host all all 127.0.0.1/32 scram-sha-256\nhost replication all 127.0.0.1/32 scram-sha-256\n', {
    user,
  });
}

/** Copies the data of a server that is stopped meanwhile, so that no program for base backups is needed. */
async function copyData(from: PostgresServer, to: PostgresServer, binaries: Binaries): Promise<void> {
  await from.stop();
  mkdirSync(to.folder, { recursive: true });
  cpSync(from.folder, to.folder, { recursive: true });
  chmodSync(to.folder, 0o700);
  ownAll(to.folder, binaries.user);
  for (const left of ['postmaster.pid', 'server.log']) rmSync(join(to.folder, left), { force: true });
  await from.start();
}

function ownAll(folder: string, user: Binaries['user']): void {
  own(folder, user);
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) own(join(folder, name), user);
}

function own(path: string, user: Binaries['user']): void {
  if (user) chownSync(path, user.uid, user.gid);
}

function writeOwned(path: string, text: string, { user }: Pick<Binaries, 'user'>): void {
  writeFileSync(path, text);
  own(path, user);
}
