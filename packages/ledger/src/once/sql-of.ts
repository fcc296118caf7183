// How each ORM and driver runs a statement in a transaction of its own. Their types are stated here by structure, so that none
// of them is imported, and so that what is no transaction does not compile: each has a mark that only its transaction has.
import { type RunSql, type RunSqlSync, refuse } from './steps.ts';

/** SERVER_STATUS_IN_TRANS of the protocol of MySQL. */
const inTransactionBit = 1;

type Values = readonly (string | number)[];

interface PrismaTransaction {
  $queryRawUnsafe(text: string, ...values: (string | number)[]): PromiseLike<unknown>;
  /** The client has it, a transaction has not. */
  readonly $connect?: never;
}

/** A transaction of Drizzle: of PostgreSQL and MySQL by `execute`, of SQLite by `all`, where that answers a promise. */
type DrizzleTransaction = { rollback(): never } & (
  | { execute(text: string): PromiseLike<unknown> }
  | { all(text: string): PromiseLike<readonly unknown[]> }
);

interface KyselyQuery {
  readonly sql: string;
  readonly parameters: Values;
  readonly query: { readonly kind: 'RawNode'; readonly sqlFragments: readonly string[]; readonly parameters: readonly never[] };
  readonly queryId: { readonly queryId: string };
}

interface KyselyTransaction {
  readonly isTransaction: true;
  executeQuery(query: KyselyQuery): Promise<{ readonly rows: readonly unknown[] }>;
}

interface KnexTransaction {
  raw(text: string, values: Values): PromiseLike<unknown>;
  isCompleted(): boolean;
}

interface TypeOrmManager {
  /** Absent: the manager of the data source, where each statement has a transaction of its own. */
  readonly queryRunner?: { readonly isTransactionActive: boolean } | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: it is TypeORM's own type.
  query(text: string, values?: any[]): Promise<unknown>;
}

interface PgClient {
  query(text: string, values: (string | number)[]): Promise<{ readonly rows: readonly object[] }>;
  /** `I`: no transaction is open. Clients before 8.19 do not say. */
  getTransactionStatus?(): string | null;
  /** A pool has it: its next statement may run on another connection. */
  readonly totalCount?: never;
}

interface Mysql2Connection {
  // biome-ignore lint/suspicious/noExplicitAny: mysql2 has overloads that no other type fits.
  query(text: string, values: any): Promise<[unknown, unknown]>;
  /** A pool has it: its next statement may run on another connection. */
  readonly getConnection?: never;
}

/** A `DatabaseSync` of `node:sqlite`, or a `Database` of `better-sqlite3`. */
interface SqliteConnection {
  prepare(text: string): { all(...values: (string | number)[]): readonly unknown[] };
  readonly isTransaction?: boolean;
  readonly inTransaction?: boolean;
}

/**
 * Makes the first argument of `once` from your transaction: `sqlOf.prisma(tx)`. What is no transaction, as a client or a pool,
 * does not compile, and is refused by the first statement. One thing is not noticed: a client of `pg` before 8.19 without `BEGIN`.
 */
export const sqlOf: {
  /** `tx` of `prisma.$transaction(async (tx) => …)`. */
  prisma(tx: PrismaTransaction): RunSql;
  /** `tx` of `db.transaction(async (tx) => …)`. Drizzle on better-sqlite3 has none that may wait: see `nodeSqlite`. */
  drizzle(tx: DrizzleTransaction): RunSql;
  /** `tx` of `db.transaction().execute(async (tx) => …)`. */
  kysely(tx: KyselyTransaction): RunSql;
  /** `trx` of `knex.transaction(async (trx) => …)`. */
  knex(trx: KnexTransaction): RunSql;
  /** `manager` of `dataSource.transaction(async (manager) => …)`. */
  typeorm(manager: TypeOrmManager): RunSql;
  /** A client of `pg` on which `BEGIN` was answered. */
  pg(client: PgClient): RunSql;
  /** A connection of `mysql2/promise` on which `beginTransaction` was answered. */
  mysql2(connection: Mysql2Connection): RunSql;
  /** A connection of `node:sqlite` or `better-sqlite3` after `BEGIN IMMEDIATE`. Use it with `onceSync`. */
  nodeSqlite(database: SqliteConnection): RunSqlSync;
} = {
  prisma: (tx) => async (text, values) => {
    inTransaction(tx.$connect === undefined, 'prisma.$transaction(async (tx) => …)');
    return rowsOf(await tx.$queryRawUnsafe(text, ...values));
  },
  drizzle: (tx) => async (text, values) => {
    inTransaction(typeof tx.rollback === 'function', 'db.transaction(async (tx) => …)');
    const statement = withLiterals(text, values);
    return rowsOf(await ('execute' in tx ? tx.execute(statement) : tx.all(statement)));
  },
  kysely: (tx) => async (text, values) => {
    inTransaction(tx.isTransaction, 'db.transaction().execute(async (tx) => …)');
    // What `CompiledQuery.raw` of Kysely makes.
    const query = { kind: 'RawNode', sqlFragments: [text], parameters: [] } as const;
    return rowsOf(await tx.executeQuery({ sql: text, parameters: values, query, queryId: { queryId: 'paidonce' } }));
  },
  knex: (trx) => async (text, values) => {
    inTransaction(typeof trx.isCompleted === 'function' && !trx.isCompleted(), 'knex.transaction(async (trx) => …)');
    return rowsOf(await trx.raw(text.replace(/\$\d/g, '?'), values));
  },
  typeorm: (manager) => async (text, values) => {
    inTransaction(manager.queryRunner?.isTransactionActive === true, 'dataSource.transaction(async (manager) => …)');
    return rowsOf(await manager.query(text, [...values]));
  },
  pg: (client) => async (text, values) => {
    const isPool = client.totalCount !== undefined;
    inTransaction(!isPool && client.getTransactionStatus?.() !== 'I', 'pool.connect(), and BEGIN on that client');
    return rowsOf(await client.query(text, [...values]));
  },
  mysql2: (connection) => {
    const run = async (text: string, values: Values): Promise<readonly object[]> => {
      const remedy = 'pool.getConnection(), and beginTransaction on that connection';
      inTransaction(connection.getConnection === undefined, remedy);
      const answer = await connection.query(text, [...values]);
      inTransaction(isInTransaction(answer[0]), remedy);
      return rowsOf(answer);
    };
    return Object.assign(run, { dialect: 'mysql' as const });
  },
  nodeSqlite: (database) => {
    const run = (text: string, values: Values): readonly object[] => {
      inTransaction(database.isTransaction ?? database.inTransaction ?? false, 'BEGIN IMMEDIATE on the connection');
      return rowsOf(database.prepare(text).all(...values));
    };
    return Object.assign(run, { dialect: 'sqlite' as const });
  },
};

/** True where MySQL's answer says so, or is rows, which say nothing: the first statement of `once` writes. */
function isInTransaction(header: unknown): boolean {
  const { serverStatus = inTransactionBit } = (header ?? {}) as { readonly serverStatus?: number };
  return (serverStatus & inTransactionBit) !== 0;
}

function inTransaction(isInside: boolean, remedy: string): void {
  if (!isInside) refuse(`there is no transaction. Open one by ${remedy}, and pass what it gives you`);
}

/** The rows, in the three shapes that drivers answer: themselves, under `rows`, or first of a pair with what describes them. */
function rowsOf(answer: unknown): readonly object[] {
  if (Array.isArray(answer)) return Array.isArray(answer[0]) ? answer[0] : answer;
  const rows = (answer as { readonly rows?: unknown } | null | undefined)?.rows;
  return Array.isArray(rows) ? rows : [];
}

/**
 * Drizzle takes parameters only inside objects of its own package. The values are ids and numbers of `once`, so they can stand
 * in the text; anything else is refused.
 */
function withLiterals(text: string, values: Values): string {
  const left = [...values];
  return text.replace(/\$\d|\?/g, () => {
    const value = left.shift();
    if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
    if (typeof value === 'string' && /^[A-Za-z0-9._:/-]+$/.test(value)) return `'${value}'`;
    return refuse(`sqlOf.drizzle runs the statements of once alone, and got the value ${JSON.stringify(value)}`);
  });
}
