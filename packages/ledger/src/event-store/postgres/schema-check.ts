// Proves that the tables and the function of the log are as this release made them. A trigger or a rule could change what is
// written before it is read; an unlogged table is empty after a crash; an altered function could acknowledge what it did not
// write. And that this role has the rights it needs.
import { LedgerError } from '../../errors.ts';
import { appendBody, appendSettings } from './append-function.ts';
import type { PostgresClient, Row } from './client.ts';
import { appendSignature, grantsFor, readGrantsFor } from './schema.ts';

/** The columns of each table, as the catalog tells them: name, type, `!` for not null, and C for the collation. */
const columns: Readonly<Record<string, string>> = {
  about: 'only_row boolean!, layout integer!',
  events: 'position bigint!, stream bigint!, revision integer!, id text! C, type text! C, data text! C, metadata text! C',
  snapshots: 'name text! C, layout integer!, part integer!, position bigint!, bytes bytea!',
  streams: 'id bigint!, name text! C',
};
const uniqueKeys: Readonly<Record<string, readonly string[]>> = {
  events: ['position', 'stream, revision'],
  streams: ['id', 'name'],
};

/** @throws LedgerError `invalid_input`: what is missing or foreign, with the remedy. */
export async function checkSchema(client: PostgresClient, schema: string, readOnly: boolean): Promise<void> {
  const { rows } = await client.query(flawsSql, [schema, Object.keys(columns)]);
  const flaws = [...(rows as Row[]).map(({ flaw }) => String(flaw)), ...(await shapeFlaws(client, schema))];
  if (!readOnly) flaws.push(...(await functionFlaws(client, schema)));
  if (flaws.length > 0) {
    throw new LedgerError(
      'invalid_input',
      `The schema ${schema} is not as PaidOnce made it, so what is written could differ from what is read: ${flaws.join('; ')}. Remove what is ` +
        'foreign, put back what was changed (paidonce postgres-schema prints it), then start again',
    );
  }
  await checkRights(client, schema, readOnly);
}

const flawsSql = `
  with ours as (
    select c.* from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = $1 and c.relname = any ($2::text[])
  )
  select 'there is a trigger ' || t.tgname || ' on ' || o.relname as flaw from pg_catalog.pg_trigger t join ours o on o.oid = t.tgrelid
    where not t.tgisinternal
  union all select 'there is a rule ' || r.rulename || ' on ' || o.relname from pg_catalog.pg_rewrite r join ours o on o.oid = r.ev_class
  union all select o.relname || ' is no plain table' from ours o where o.relkind <> 'r'
  union all select o.relname || ' is unlogged, and empty after a crash' from ours o where o.relpersistence <> 'p'
  union all select o.relname || ' has row security' from ours o where o.relrowsecurity
  union all select o.relname || ' inherits, or is inherited from' from ours o
    where exists (select from pg_catalog.pg_inherits i where o.oid in (i.inhrelid, i.inhparent))`;

async function shapeFlaws(client: PostgresClient, schema: string): Promise<readonly string[]> {
  const { rows } = await client.query(
    `select c.relname::text as name,
       (select string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || case when a.attnotnull then '!' else '' end
            || case when l.collname = 'C' then ' C' else '' end || case when a.atthasdef and a.attname not in ('only_row') then ' (default)' else '' end,
          ', ' order by a.attnum)
        from pg_catalog.pg_attribute a left join pg_catalog.pg_collation l on l.oid = a.attcollation
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
       (select string_agg(array_to_string(array(
            select a.attname from unnest(i.indkey) with ordinality k(attnum, place)
            join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum order by k.place), ', '), '; ')
        from pg_catalog.pg_index i
        where i.indrelid = c.oid and i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null) as keys
     from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relname = any ($2::text[])`,
    [schema, Object.keys(columns)],
  );
  const tables = new Map((rows as Row[]).map((row) => [row['name'], row]));
  return Object.entries(columns).flatMap(([table, expected]) => {
    const found = tables.get(table);
    if (found === undefined) return [`the table ${table} is missing`];
    if (found['columns'] !== expected) return [`the columns of ${table} are ${found['columns']}, and not ${expected}`];
    const keys = (found['keys'] ?? '').split('; ');
    return (uniqueKeys[table] ?? []).filter((key) => !keys.includes(key)).map((key) => `${table} is not unique by ${key}`);
  });
}

async function functionFlaws(client: PostgresClient, schema: string): Promise<readonly string[]> {
  const { rows } = await client.query(
    `select p.prosrc as body, p.prosecdef::text as definer, p.provolatile::text as volatile, array_to_string(p.proconfig, '; ') as settings,
       l.lanname::text as language
     from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace join pg_catalog.pg_language l on l.oid = p.prolang
     where n.nspname = $1 and p.proname = 'append_1'`,
    [schema],
  );
  const [found, second] = rows as Row[];
  if (found === undefined) return ['the function append_1 is missing'];
  if (second !== undefined) return ['there is a second function append_1'];
  const { body, definer, volatile, settings, language } = found;
  const isOurs =
    body === appendBody(schema) &&
    definer === 'false' &&
    volatile === 'v' &&
    settings === appendSettings.map(([name, value]) => `${name}=${value}`).join('; ') &&
    language === 'plpgsql';
  return isOurs ? [] : ['the function append_1 was altered'];
}

async function checkRights(client: PostgresClient, schema: string, readOnly: boolean): Promise<void> {
  const wanted = [
    ['about', 'select'],
    ['streams', 'select'],
    ['events', 'select'],
    ['snapshots', 'select'],
    ...(readOnly
      ? []
      : [
          ['streams', 'insert'],
          ['events', 'insert'],
          ['snapshots', 'insert'],
          ['snapshots', 'update'],
          ['snapshots', 'delete'],
        ]),
  ] as const;
  const asked = wanted.map(
    ([table, right]) => `case when not has_table_privilege('${schema}.${table}', '${right}') then '${right} on ${table}' end`,
  );
  if (!readOnly)
    asked.push(`case when not has_function_privilege('${schema}.${appendSignature}', 'execute') then 'execute on append_1' end`);
  const { rows } = await client.query(`select current_user::text as role, concat_ws(', ', ${asked.join(', ')}) as missing`);
  const { role, missing } = rows[0] as Row;
  if (missing) throw missingRights(schema, String(role), readOnly, missing);
}

/** The error of a role that lacks rights, with the grants to paste. */
export function missingRights(schema: string, role: string, readOnly: boolean, missing: string): LedgerError {
  const name = /^[a-z_][a-z0-9_]*$/.test(role) ? role : `"${role.replaceAll('"', '""')}"`;
  const grants = readOnly ? readGrantsFor(schema, name) : grantsFor(schema, name);
  return new LedgerError(
    'invalid_input',
    `The role ${role} lacks rights in the schema ${schema}: ${missing}. As its owner run: ${grants.join('; ')};`,
  );
}
