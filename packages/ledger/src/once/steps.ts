// The statements of `once`, in their order. They know no driver: who runs them passes the rows back.
//   1. Take the row of the change. Its lock is then the transaction's: a second call for the same order waits here.
//   2. The row has this sequence or a higher one: the change is not new. Answer what is stored.
//   3. The shop's handler writes.
//   4. Read the row again: it must be as step 1 left it. It is not where the transaction was undone under the handler: a statement
//      of it failed, and the handler caught the error. PostgreSQL would answer COMMIT then as if all were well.
import { LedgerError } from '../errors.ts';

export type OnceDialect = 'postgres' | 'sqlite' | 'mysql';

/**
 * Runs one statement inside your transaction, and resolves to its rows; to none where a statement has none. Placeholders are
 * `$1`, `$2` in the dialect `postgres`, else `?`; each stands once, in the order of the values.
 */
export interface RunSql {
  (text: string, values: readonly (string | number)[]): Promise<readonly object[]>;
  /** The dialect, where the driver has but one. The option goes before it. */
  readonly dialect?: OnceDialect;
}
/** A {@link RunSql} of a driver that answers at once, without a promise. */
export interface RunSqlSync {
  (text: string, values: readonly (string | number)[]): readonly object[];
  readonly dialect?: OnceDialect;
}

/** What `once` reads of a change. The one that `deliver` gets is one. */
export interface OnceChange {
  readonly membershipId: string;
  readonly sequence: number;
  /** Absent: the change of an order. */
  readonly type?: 'subscription';
}

/** What a call did. `deliver` may answer it: the ledger reads `storedSequence`. */
export interface Delivered {
  /** True: the change was newer than all that this database had, and the handler ran. */
  readonly isNew: boolean;
  /** The sequence that this database has now: the change's, or a higher one that was there before. */
  readonly storedSequence: number;
}

interface Statement {
  readonly text: string;
  readonly values: readonly (string | number)[];
}

/** The steps of one call. It yields `'handler'` where the handler is to run, and takes the rows of each statement. */
export type Steps = Generator<Statement | 'handler', Delivered, readonly object[]>;

/** @throws LedgerError `invalid_input`: the change or the name of the table is none. */
export function stepsOf(change: OnceChange, dialect: OnceDialect = 'postgres', table = 'paidonce_delivered'): Steps {
  const key = keyOf(change);
  if (!/^[A-Za-z_]\w{0,62}(?:\.[A-Za-z_]\w{0,62})?$/.test(table))
    refuse(`table is ${JSON.stringify(table)}. Name the table, or schema.table`);
  switch (dialect) {
    case 'postgres':
      return inOneStatement(key, change.sequence, table);
    case 'sqlite':
      return inThreeStatements(key, change.sequence, table, sqlite(quoted(table, '"')));
    case 'mysql':
      return inThreeStatements(key, change.sequence, table, mysql(quoted(table, '`')));
    default:
      return refuse(`dialect is ${JSON.stringify(dialect)}. It is 'postgres', 'sqlite' or 'mysql'`);
  }
}

/** `/` is in no id, so an order and a subscription of one id never meet. */
function keyOf({ membershipId, sequence, type }: OnceChange): string {
  if (typeof membershipId !== 'string' || !/^[A-Za-z0-9._:-]{1,128}$/.test(membershipId)) {
    refuse(`membershipId is ${JSON.stringify(membershipId)}. Pass the change that deliver got`);
  }
  if (!Number.isSafeInteger(sequence) || sequence < 1) refuse(`sequence is ${sequence}. Pass the change that deliver got`);
  if (type === undefined) return membershipId;
  return type === 'subscription'
    ? `subscription/${membershipId}`
    : refuse(`type is ${JSON.stringify(type)}. It is 'subscription' or absent`);
}

function* inOneStatement(key: string, sequence: number, table: string): Steps {
  const name = quoted(table, '"');
  // The row around it is there in any case: a runner that drops the rows of an INSERT is noticed, and loses no change.
  const taken = yield {
    text: `with taken as (insert into ${name} as stored ("key", "sequence") values ($1, $2) on conflict ("key") do update set "sequence" = excluded."sequence" where stored."sequence" < excluded."sequence" returning 1) select count(*)::int as "taken" from taken`,
    values: [key, sequence],
  };
  const read = { text: `select "key", "sequence" from ${name} where "key" = $1`, values: [key] };
  if (numberIn(taken, 'taken', table) === 0) return { isNew: false, storedSequence: storedIn(yield read, key, table) };
  yield 'handler';
  return proved(yield read, key, sequence, table);
}

interface ThreeStatements {
  /** Inserts the row with sequence 0 unless it is there, and locks it. */
  readonly insert: string;
  readonly read: string;
  readonly update: string;
}

/** SQLite has one writer at a time, and the first statement makes this transaction the one. */
function sqlite(name: string): ThreeStatements {
  return {
    insert: `insert into ${name} ("key", "sequence") values (?, 0) on conflict ("key") do nothing returning "sequence"`,
    read: `select "key", "sequence" from ${name} where "key" = ?`,
    update: `update ${name} set "sequence" = ? where "key" = ? returning "sequence"`,
  };
}

/**
 * `on duplicate key update` takes the exclusive lock at once. `insert ignore` would take a shared one: two calls for one order
 * then wait for each other at the second statement, and the server ends one of them. It would also cut off what is too long.
 */
function mysql(name: string): ThreeStatements {
  return {
    insert: `insert into ${name} (\`key\`, \`sequence\`) values (?, 0) on duplicate key update \`sequence\` = \`sequence\``,
    read: `select \`key\`, \`sequence\` from ${name} where \`key\` = ? for update`,
    update: `update ${name} set \`sequence\` = ? where \`key\` = ?`,
  };
}

function* inThreeStatements(key: string, sequence: number, table: string, { insert, read, update }: ThreeStatements): Steps {
  yield { text: insert, values: [key] };
  const stored = storedIn(yield { text: read, values: [key] }, key, table);
  if (stored >= sequence) return { isNew: false, storedSequence: stored };
  yield { text: update, values: [sequence, key] };
  yield 'handler';
  return proved(yield { text: read, values: [key] }, key, sequence, table);
}

/** Step 4. */
function proved(rows: readonly object[], key: string, sequence: number, table: string): Delivered {
  const stored = rows.length === 0 ? 0 : storedIn(rows, key, table);
  if (stored === sequence) return { isNew: true, storedSequence: sequence };
  return refuse(
    `the transaction was rolled back under the handler: ${table} has sequence ${stored} for ${key}, not ${sequence}. Let the handler throw where one of its statements fails`,
  );
}

function storedIn(rows: readonly object[], key: string, table: string): number {
  const [row] = rows as readonly { readonly key?: unknown }[];
  if (row?.key !== undefined && row.key !== key) {
    refuse(`${table} takes ${key} for ${String(row.key)}: the collation of its column key ignores a difference. Take the DDL of onceTable`);
  }
  return numberIn(rows, 'sequence', table);
}

/** Drivers answer a bigint as a number, a string or a BigInt. */
function numberIn(rows: readonly object[], column: string, table: string): number {
  const value = (rows[0] as Readonly<Record<string, unknown>> | undefined)?.[column];
  const number = typeof value === 'string' || typeof value === 'bigint' ? Number(value) : value;
  if (typeof number === 'number' && Number.isSafeInteger(number) && number >= 0) return number;
  return refuse(`the statement on ${table} answered ${column} ${String(value)}. RunSql must answer the rows of each statement, as objects`);
}

function quoted(table: string, quote: string): string {
  return table
    .split('.')
    .map((part) => quote + part + quote)
    .join('.');
}

export function refuse(what: string): never {
  throw new LedgerError('invalid_input', `once: ${what}.`);
}
