// Real servers for the torture, each in a temporary folder, on loopback, ended by its pid: PostgreSQL (PAIDONCE_TEST_POSTGRES, else
// Debian's) and MariaDB (Debian's).
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, globSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import mysql from 'mysql2/promise';
import pg from 'pg';

export interface Server extends AsyncDisposable {
  readonly url: string;
}

/** Undefined: it is not installed here. */
export async function startPostgres(): Promise<Server | undefined> {
  const given = process.env['PAIDONCE_TEST_POSTGRES'];
  if (given !== undefined) return databaseOn(given);
  const folders = globSync('/usr/lib/postgresql/*/bin').sort((a, b) => Number(b.split('/')[4]) - Number(a.split('/')[4]));
  const [bin] = folders;
  const user = userFor('postgres');
  if (bin === undefined || user === undefined) return undefined;
  const folder = temporaryFolder('postgres', user);
  const data = join(folder, 'data');
  const port = await freePort();
  const options = { ...user, stdio: 'ignore' } as const;
  execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'], options);
  // Processes of the shop are killed, the server is not: it need not sync.
  const settings = [`port=${port}`, 'listen_addresses=127.0.0.1', `unix_socket_directories=${folder}`, 'fsync=off', 'max_connections=100'];
  const server = spawn(join(bin, 'postgres'), ['-D', data, ...settings.flatMap((setting) => ['-c', setting])], options);
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  return running(server, url, folder, 'SIGINT', async () => {
    const client = new pg.Client(url);
    await client.connect();
    await client.end();
  });
}

/** A database of its own on a server that is not ours. */
async function databaseOn(url: string): Promise<Server> {
  const name = `paidonce_once_${randomBytes(4).toString('hex')}`;
  const run = async (text: string): Promise<void> => {
    const client = new pg.Client(url);
    await client.connect();
    await client.query(text);
    await client.end();
  };
  await run(`create database ${name}`);
  const own = new URL(url);
  own.pathname = name;
  return { url: own.href, [Symbol.asyncDispose]: () => run(`drop database ${name} with (force)`) };
}

/** Undefined: it is not installed here. */
export async function startMariadb(): Promise<Server | undefined> {
  const [server, install] = ['/usr/sbin/mariadbd', '/usr/bin/mariadb-install-db'];
  const user = userFor('mysql');
  if (!existsSync(server) || !existsSync(install) || user === undefined) return undefined;
  const folder = temporaryFolder('mariadb', user);
  const data = join(folder, 'data');
  mkdirSync(data);
  if ('uid' in user) chownSync(data, user.uid, user.gid);
  const port = await freePort();
  const options = { ...user, stdio: 'ignore' } as const;
  execFileSync(install, ['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal', '--skip-test-db'], options);
  const settings = [`--datadir=${data}`, `--socket=${join(folder, 'socket')}`, `--port=${port}`, '--bind-address=127.0.0.1'];
  const child = spawn(server, ['--no-defaults', ...settings, '--innodb-flush-log-at-trx-commit=0', '--skip-name-resolve'], options);
  const url = `mysql://root@127.0.0.1:${port}`;
  const connected = async (): Promise<void> => {
    const connection = await mysql.createConnection(url);
    await connection.query('create database if not exists shop');
    await connection.end();
  };
  return running(child, `${url}/shop`, folder, 'SIGTERM', connected);
}

async function running(
  server: ChildProcess,
  url: string,
  folder: string,
  signal: NodeJS.Signals,
  connect: () => Promise<void>,
): Promise<Server> {
  const ended = once(server, 'exit');
  const end = async (): Promise<void> => {
    if (server.exitCode === null) server.kill(signal);
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  for (;;) {
    try {
      await connect();
      return { url, [Symbol.asyncDispose]: end };
    } catch (error) {
      if (server.exitCode !== null) {
        rmSync(folder, { recursive: true, force: true });
        throw new Error(`The server of ${url} ended with code ${server.exitCode}`, { cause: error });
      }
      await setTimeout(50);
    }
  }
}

/** As root, a server runs as the user of its package. Undefined: there is no such user. */
function userFor(name: string): { readonly uid: number; readonly gid: number } | Record<never, never> | undefined {
  if (process.getuid?.() !== 0) return {};
  try {
    const id = (flag: string): number =>
      Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return undefined;
  }
}

function temporaryFolder(name: string, user: { readonly uid: number; readonly gid: number } | Record<never, never>): string {
  const folder = mkdtempSync(join(tmpdir(), `paidonce-${name}-`));
  chmodSync(folder, 0o700);
  if ('uid' in user) chownSync(folder, user.uid, user.gid);
  return folder;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  return port;
}
