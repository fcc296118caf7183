// The event store of a run: a PostgreSQL server, EventStoreDB, or its protocol double. A server that the run has started is
// killed with SIGKILL in the middle and started again on its data; of one that is somebody else's, only connections are ended.
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { withoutPassword } from '@paidonce/ledger/store-url';
import { findBinaries, startPostgres } from '@paidonce/ledger/testing/postgres-server';
import pg from 'pg';

export interface ClusterStore {
  readonly url: string;
  /** What it is, as the run prints it. */
  readonly name: string;
  /** True: nobody else has ever written to it. */
  readonly isNew: boolean;
  /** What happens to the server under load. Undefined: it is somebody else's, and nothing is known that starts it again. */
  readonly outage: { readonly what: string; readonly happen: () => Promise<void> } | undefined;
}

export const storeNames = ['postgres', 'eventstoredb', 'double'] as const;
export type StoreName = (typeof storeNames)[number];

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Opens the store that was asked for. Undefined: the one that the environment names, else a PostgreSQL server of its own, else
 * the double.
 * @throws Error it cannot be had here; the message says what to set.
 */
export async function openClusterStore(asked: StoreName | undefined, env: Env, opened: AsyncDisposableStack): Promise<ClusterStore> {
  switch (asked ?? defaultStore(env)) {
    case 'postgres':
      return isUrl(env['PAIDONCE_TEST_POSTGRES']) ? givenPostgres(env['PAIDONCE_TEST_POSTGRES'], opened) : ownPostgres(opened);
    case 'eventstoredb':
      return givenEventStoreDB(env);
    case 'double':
      return startDouble(opened);
  }
}

function defaultStore(env: Env): StoreName {
  if (env['PAIDONCE_TEST_POSTGRES']) return 'postgres';
  if (env['EVENTSTOREDB_URL']) return 'eventstoredb';
  return findBinaries() ? 'postgres' : 'double';
}

function isUrl(given: string | undefined): given is string {
  return /^postgres(?:ql)?:\/\//.test(given ?? '');
}

async function ownPostgres(opened: AsyncDisposableStack): Promise<ClusterStore> {
  const server = opened.adopt(await startPostgres(), (started) => started.remove());
  const [version] = await server.query('show server_version');
  return {
    url: server.url(),
    name: `PostgreSQL ${version?.['server_version']}, a server of this run`,
    isNew: true,
    outage: {
      what: 'The server of PostgreSQL was killed (SIGKILL), and started again on its data',
      happen: async () => {
        await server.kill();
        await server.start();
      },
    },
  };
}

/** A schema of its own on a server of somebody else. The replicas' connections have its name, so that no others are ended. */
async function givenPostgres(given: string, opened: AsyncDisposableStack): Promise<ClusterStore> {
  const schema = `cluster_${randomBytes(6).toString('hex')}`;
  const url = new URL(given);
  url.searchParams.set('schema', schema);
  url.searchParams.set('application_name', schema);
  const query = async (sql: string): Promise<unknown> => {
    const client = new pg.Client({ connectionString: given });
    await client.connect();
    try {
      return await client.query(sql);
    } finally {
      await client.end();
    }
  };
  opened.defer(async () => void (await query(`drop schema if exists ${schema} cascade`)));
  return {
    url: url.href,
    name: `${withoutPassword(given)}, in the schema ${schema}`,
    isNew: true,
    outage: {
      what: 'All connections to PostgreSQL were ended (the server is not ours to kill)',
      happen: async () => void (await query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = '${schema}'`)),
    },
  };
}

async function givenEventStoreDB({ EVENTSTOREDB_URL: url, EVENTSTOREDB_RESTART: restart }: Env): Promise<ClusterStore> {
  if (!url) throw new Error('--store=eventstoredb needs EVENTSTOREDB_URL, like esdb://127.0.0.1:2113?tls=false');
  const happen = async (): Promise<void> => void (await promisify(execFile)('sh', ['-c', restart ?? '']));
  return {
    url,
    name: withoutPassword(url),
    isNew: false,
    outage: restart ? { what: 'EVENTSTOREDB_RESTART has killed the server and started it again', happen } : undefined,
  };
}

async function startDouble(opened: AsyncDisposableStack): Promise<ClusterStore> {
  const script = new URL('double-server.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, ['--conditions=@paidonce/source', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const gone = once(child, 'exit');
  opened.defer(async () => {
    child.stdin.end();
    await gone;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const said = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done) throw new Error('The protocol double has ended');
    return value;
  };
  return {
    url: await said(),
    name: 'the protocol double of EventStoreDB. It proves the replicas, not the server; EVENTSTOREDB_URL names a real one',
    isNew: true,
    outage: {
      what: 'All connections to the double broke, and it served again after a second',
      happen: async () => {
        child.stdin.write('restart\n');
        await said();
      },
    },
  };
}
