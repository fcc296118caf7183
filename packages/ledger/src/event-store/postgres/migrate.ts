// Makes the schema of a new ledger, and brings an older one to the newest layout, in one transaction. Many processes may open a
// new schema at the same moment.
import { LedgerError } from '../../errors.ts';
import type { PostgresClient, Row } from './client.ts';
import { lockClass, lockKey } from './lock-key.ts';
import { defaultSchema, newestLayout, stepsFrom } from './schema.ts';

/** @throws LedgerError `invalid_input`: it is not there, and may not be made; or it is somebody else's. `file_newer`: a newer release made it. */
export async function migrate(client: PostgresClient, schema: string, create: boolean): Promise<void> {
  const layout = await layoutOf(client, schema);
  if (layout === newestLayout) return;
  if (!create) throw layout === 0 ? noLedger(schema) : outdated(schema, layout);
  await client.query('begin isolation level read committed read write');
  try {
    // A lock of the transaction: one of the session stays behind in a pooler, and nobody releases it.
    await client.query(`select pg_advisory_xact_lock(${lockClass}, ${lockKey(`migrate ${schema}`)})`);
    const before = await layoutOf(client, schema); // Another process may have made it meanwhile.
    if (before === 0) await makeSchema(client, schema);
    for (const statement of stepsFrom(before, schema)) await client.query(statement);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}

/** @throws LedgerError `invalid_input`: it is there, and somebody else's. */
async function makeSchema(client: PostgresClient, schema: string): Promise<void> {
  const { rows } = await client.query(
    `select c.relname::text as name from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relkind in ('r', 'p', 'v', 'm', 'f') order by 1 limit 1`,
    [schema],
  );
  const [foreign] = rows as Row[];
  if (foreign) {
    throw new LedgerError(
      'invalid_input',
      `The schema ${schema} has tables that are not of a ledger (${foreign['name']}). Name one for the ledger alone (?schema=${defaultSchema})`,
    );
  }
  await client.query(`create schema if not exists ${schema}`);
}

/**
 * Returns the layout; 0: there is none. Asks `pg_class` and not `to_regclass`, which may answer from a cache that a wait for an
 * advisory lock does not refresh.
 */
async function layoutOf(client: PostgresClient, schema: string): Promise<number> {
  const { rows: found } = await client.query(
    `select 1 as found from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relname = 'about'`,
    [schema],
  );
  if (found.length === 0) return 0;
  const { rows } = await client.query(`select layout::text as layout from ${schema}.about`);
  const layout = Number((rows[0] as { layout?: unknown } | undefined)?.layout);
  if (!Number.isInteger(layout) || layout < 1) {
    throw new LedgerError('corrupt', `${schema}.about has no layout: it is no schema of PaidOnce, or was changed. Name another schema`);
  }
  if (layout <= newestLayout) return layout;
  throw new LedgerError(
    'file_newer',
    `The schema ${schema} has layout ${layout}, this release knows up to ${newestLayout}. Upgrade @paidonce/ledger; the schema was left as it is`,
  );
}

function noLedger(schema: string): LedgerError {
  return new LedgerError(
    'invalid_input',
    `There is no ledger in the schema ${schema}. Is it the right database? To make one: start the shop once, or as its owner run ` +
      `paidonce postgres-schema --schema ${schema} | psql, or pass --create to a command that writes`,
  );
}

function outdated(schema: string, layout: number): LedgerError {
  return new LedgerError(
    'invalid_input',
    `The schema ${schema} has layout ${layout}, and this release needs ${newestLayout}. Start the shop once as its owner, which brings it up to date`,
  );
}
