// The options of the store, with their defaults, and the check of their values.
import { LedgerError } from '../../errors.ts';
import { type Runtime, systemRuntime } from '../../runtime.ts';
import type { PostgresPool } from './client.ts';
import { checkSchemaName, defaultSchema } from './schema.ts';

/** How to open the store. An unknown option is refused. Pass `url` or `pool`. */
export interface PostgresEventStoreOptions {
  /**
   * `postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=…`. The store makes a pool of its own with four connections, and ends
   * it. It loads the package `pg`.
   */
  readonly url?: string | undefined;
  /**
   * Or a pool of your own, such as `new Pool()` of `pg`. It stays yours: `close` leaves it open. It has at least two
   * connections, and not only those on which you wait for the ledger inside a transaction.
   */
  readonly pool?: PostgresPool;
  /** Where the tables are: one schema for each ledger, a plain name in lower case. Default: `paidonce`. */
  readonly schema?: string;
  /**
   * False: the schema must be there (`paidonce postgres-schema` prints it). For a role that may only SELECT, INSERT and EXECUTE.
   * Default: true.
   */
  readonly create?: boolean;
  /** True: nothing is ever appended, and a read replica is allowed. For audits. Default: false. */
  readonly readOnly?: boolean;
  /** How long a call tries before it fails with `store_busy` or `store_unavailable`, in milliseconds. Default: 15,000. */
  readonly timeoutMs?: number;
  /** How long one attempt of a call may stay without an answer, in milliseconds. Default: 5,000. */
  readonly attemptTimeoutMs?: number;
  /** How often a follower looks for what other processes appended, in milliseconds. Default: 50. */
  readonly lookMs?: number;
  /** Clock, random numbers and waiting. Default: the system's. */
  readonly runtime?: Partial<Runtime>;
}

export type CheckedOptions = Required<Omit<PostgresEventStoreOptions, 'url' | 'pool' | 'runtime'>> & {
  readonly source: { readonly url: string } | { readonly pool: PostgresPool };
  readonly runtime: Runtime;
};

const times = { timeoutMs: 15_000, attemptTimeoutMs: 5_000, lookMs: 50 } as const;
const known = ['url', 'pool', 'schema', 'create', 'readOnly', ...Object.keys(times), 'runtime'];

/** Adds the defaults. @throws LedgerError `invalid_input`: an option is unknown or wrong; the message names it. */
export function checkOptions(options: PostgresEventStoreOptions): CheckedOptions {
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw new LedgerError('invalid_input', `There is no option ${name}. There are: ${known.join(', ')}`);
  }
  const runtime: Runtime = { ...systemRuntime, ...options.runtime };
  const checked = { ...times, ...options };
  for (const name of Object.keys(times) as (keyof typeof times)[]) {
    if (!(checked[name] > 0)) throw new LedgerError('invalid_input', `${name}: ${checked[name]} is no time. Pass milliseconds above 0`);
  }
  return {
    source: sourceOf(options),
    schema: checkSchemaName(options.schema ?? defaultSchema),
    create: options.create ?? true,
    readOnly: options.readOnly ?? false,
    timeoutMs: checked.timeoutMs * runtime.patience,
    attemptTimeoutMs: checked.attemptTimeoutMs * runtime.patience,
    lookMs: checked.lookMs,
    runtime,
  };
}

function sourceOf({ url, pool }: PostgresEventStoreOptions): CheckedOptions['source'] {
  if (pool !== undefined && url === undefined) return { pool };
  if (url && pool === undefined) {
    if (/^(?:postgres(?:ql)?:\/\/|socket:)/i.test(url)) return { url };
    // The driver would look for a host of this name until the time is over. The text may hold a password: it is not repeated.
    throw new LedgerError('invalid_input', 'url is no address of PostgreSQL. It begins with postgres://');
  }
  throw new LedgerError('invalid_input', 'Pass a url or a pool, and not both. Is the variable with the URL set?');
}
