// Real servers for the torture, each on loopback: PostgreSQL, as for the tests of the store, and Debian's MariaDB, in a temporary
// folder and ended by its pid.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { databaseForTests, freePort, skipReason } from '@paidonce/ledger/testing/postgres-server';
import mysql from 'mysql2/promise';

export interface Server extends AsyncDisposable {
  readonly url: string;
}

/** A database of its own. Undefined: there is no PostgreSQL on this machine. */
export async function startPostgres(): Promise<Server | undefined> {
  if (skipReason() !== undefined) return undefined;
  // Processes of the shop are killed, the server is not: it need not sync.
  const server = await databaseForTests({ settings: { fsync: 'off' } });
  const name = `paidonce_once_${randomBytes(4).toString('hex')}`;
  await server.query(`create database ${name}`);
  const own = new URL(server.url);
  own.pathname = name;
  return {
    url: own.href,
    [Symbol.asyncDispose]: async () => {
      // A pool that was ended closes its connections a moment later. One that the server cuts off reports an error that nobody takes.
      const sessions = `select 1 from pg_stat_activity where datname = '${name}'`;
      for (let tries = 0; tries < 250 && (await server.query(sessions)).length > 0; tries++) await setTimeout(20);
      await server.query(`drop database ${name} with (force)`);
      await server.remove();
    },
  };
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
  return running(child, `${url}/shop`, folder, connected);
}

async function running(server: ChildProcess, url: string, folder: string, connect: () => Promise<void>): Promise<Server> {
  const ended = once(server, 'exit');
  const end = async (): Promise<void> => {
    if (server.exitCode === null) server.kill('SIGTERM');
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
