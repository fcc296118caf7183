// Runs the shop's handler once for each decision, inside the shop's own transaction: what the handler writes and the row that
// says so are one COMMIT. A crash before it leaves nothing of either, and the ledger delivers again; after it, the next call
// finds the row. steps.ts has the statements.
import { type Delivered, type OnceChange, type OnceDialect, type RunSql, type RunSqlSync, refuse, type Steps, stepsOf } from './steps.ts';

/** Options of `once` and `onceSync`. */
export interface OnceOptions {
  /** The signal that `deliver` got. Once it has aborted, the call rejects, so that your transaction is rolled back. */
  readonly signal?: AbortSignal;
  /** The table, or `schema.table`. Default `paidonce_delivered`. */
  readonly table?: string;
  /** Default: what `sql` says, as `sqlOf.mysql2` and `sqlOf.nodeSqlite` do; else `postgres`. */
  readonly dialect?: OnceDialect;
}

/**
 * Runs `handler` where the change is newer than what this database has taken. Call it inside your transaction, and let it
 * reject: then your ORM rolls back, and the ledger delivers again. Return its answer from `deliver`.
 *
 * Only what the handler writes through that transaction happens once. A mail, an HTTP call or a file does not: write a row into
 * an outbox table, and send from there. It must throw where one of its statements fails, and wait for all of them.
 *
 * @param sql runs statements in your transaction: {@link sqlOf}.
 * @throws LedgerError `invalid_input`: an argument is wrong, no transaction is open, or the handler hid that it was rolled back.
 *   Also the reason of the signal, and what the handler and the database throw. Roll back in each case.
 */
export async function once(
  sql: RunSql | RunSqlSync,
  change: OnceChange,
  handler: () => PromiseLike<unknown>,
  options: OnceOptions = {},
): Promise<Delivered> {
  const { signal, steps } = begin(sql, change, options);
  let step = steps.next();
  while (!step.done) {
    let rows: readonly object[] = [];
    // A handler that runs is awaited, also where the signal aborts: else it would go on after your ROLLBACK, outside of it.
    if (step.value === 'handler') await handler();
    else rows = await sql(step.value.text, step.value.values);
    signal?.throwIfAborted();
    step = steps.next(rows);
  }
  return step.value;
}

/**
 * {@link once} for a connection without promises, as `DatabaseSync` of `node:sqlite` and `better-sqlite3`. All of it happens in
 * one turn: a connection has one transaction, and an `await` inside would let other calls on the connection write into it.
 *
 * @param handler returns nothing. One that returns a promise is refused.
 * @throws LedgerError as `once`.
 */
export function onceSync(sql: RunSqlSync, change: OnceChange, handler: () => undefined, options: OnceOptions = {}): Delivered {
  const { signal, steps } = begin(sql, change, options);
  let step = steps.next();
  while (!step.done) {
    const answer: unknown = step.value === 'handler' ? handler() : sql(step.value.text, step.value.values);
    if (isThenable(answer)) refuse('a promise was returned to onceSync. Use once, or a handler and a runner without promises');
    signal?.throwIfAborted();
    step = steps.next((answer ?? []) as readonly object[]);
  }
  return step.value;
}

function begin(
  sql: RunSql | RunSqlSync,
  change: OnceChange,
  { signal, table, dialect, ...others }: OnceOptions,
): { signal?: AbortSignal; steps: Steps } {
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) refuse(`there is no option ${unknown}. The options are signal, table and dialect`);
  const steps = stepsOf(change, dialect ?? sql.dialect, table);
  signal?.throwIfAborted();
  return { steps, ...(signal === undefined ? {} : { signal }) };
}

function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
