// The layout of the log in a PostgreSQL schema, and the rights on it. Events are only ever inserted. Text is `text` and never
// `jsonb`, which reorders keys and rewrites numbers: the tree hashes text. No index depends on the collation library of the
// host. There is no foreign key, because only the function writes, and its check costs a trigger a row.
import { LedgerError } from '../../errors.ts';
import { appendFunction } from './append-function.ts';

export const defaultSchema = 'paidonce';
/** Where a shop has its tables, if it has named no other place. */
export const shopSchema = 'public';
/** The signature of the function that this release calls, as PostgreSQL writes it. */
export const appendSignature =
  'append_1(text[], integer[], integer[], integer[], integer[], text[], text[], text[], text[], bigint, text, integer)';

/** @throws LedgerError `invalid_input`: it is no plain name in lower case, or the shop's. Such a name needs no quotes in SQL. */
export function checkSchemaName(schema: string): string {
  if (schema === shopSchema) {
    throw new LedgerError('invalid_input', `schema: ${shopSchema} is where shops have their tables. Name one for the ledger alone`);
  }
  if (/^[a-z_][a-z0-9_]{0,49}$/.test(schema) && !schema.startsWith('pg_')) return schema;
  throw new LedgerError(
    'invalid_input',
    `schema: ${JSON.stringify(schema)} is no plain name in lower case (a to z, 0 to 9, _; at most 50). Choose another one`,
  );
}

/** Step n changes the layout from n to n + 1. Never edit a released step; add a new one, and name a new function `append_2`. */
const steps: readonly ((schema: string) => readonly string[])[] = [
  (schema) => [
    `create table ${schema}.about (
  only_row boolean primary key default true check (only_row),
  layout integer not null
)`,
    `create table ${schema}.streams (
  id bigint generated always as identity primary key,
  name text collate "C" not null unique
)`,
    `create table ${schema}.events (
  position bigint primary key,
  stream bigint not null,
  revision integer not null,
  id text collate "C" not null,
  type text collate "C" not null,
  data text collate "C" not null,
  metadata text collate "C" not null,
  unique (stream, revision)
)`,
    `create table ${schema}.snapshots (
  name text collate "C",
  layout integer,
  part integer,
  position bigint not null,
  bytes bytea not null,
  primary key (name, layout, part)
)`,
    appendFunction(schema),
    `insert into ${schema}.about (layout) values (1)`,
  ],
];

export const newestLayout: number = steps.length;

/** The statements that lead from a layout to the newest one, in order. */
export function stepsFrom(layout: number, schema: string): readonly string[] {
  const statements = steps.slice(layout).flatMap((step) => step(schema));
  return layout === 0 ? statements : [...statements, `update ${schema}.about set layout = ${newestLayout}`];
}

/** What a role needs that appends. It can change nothing that is there. */
export function grantsFor(schema: string, role: string): readonly string[] {
  return [
    `grant usage on schema ${schema} to ${role}`,
    `grant select on all tables in schema ${schema} to ${role}`,
    `grant insert on ${schema}.streams, ${schema}.events to ${role}`,
    `grant insert, update, delete on ${schema}.snapshots to ${role}`,
    `grant execute on function ${schema}.${appendSignature} to ${role}`,
  ];
}

/** What a role needs that only reads, for audits. */
export function readGrantsFor(schema: string, role: string): readonly string[] {
  return [`grant usage on schema ${schema} to ${role}`, `grant select on all tables in schema ${schema} to ${role}`];
}

/** The whole schema as one script, for shops that run their migrations by hand. */
export function schemaScript(schema: string, roles: { readonly append?: string; readonly read?: string } = {}): string {
  const grants = [
    ...(roles.append === undefined ? [] : grantsFor(schema, roles.append)),
    ...(roles.read === undefined ? [] : readGrantsFor(schema, roles.read)),
  ];
  return `${['begin', `create schema if not exists ${schema}`, ...stepsFrom(0, schema), ...grants, 'commit'].join(';\n\n')};\n`;
}
