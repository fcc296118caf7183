// The options of the store, with their defaults, and the check of their values.
import { LedgerError } from '../../errors.ts';
import { type Runtime, systemRuntime } from '../../runtime.ts';
import type { Credentials, EventStoreDbClient } from './client.ts';

/** How to use the clients. An unknown option is refused. */
export interface EventStoreDbEventStoreOptions {
  /**
   * User and password for every call. A secure server needs them here, even if the client has them from its URL. A server
   * that runs insecurely ignores them. Default: none.
   */
  readonly credentials?: Credentials;
  /**
   * How long a call is repeated before it fails with `store_unavailable`, and how long an append waits for its turn before it
   * fails with `store_busy`, in milliseconds. Default: 15,000. A cluster needs less time to elect a new leader.
   */
  readonly timeoutMs?: number;
  /** How long one attempt of a call may stay without an answer, in milliseconds. Default: 5,000. */
  readonly attemptTimeoutMs?: number;
  /** After so many milliseconds without an event, a follower at the head checks whether the log has grown. Default: 1,000. */
  readonly quietMs?: number;
  /**
   * Makes a new client that replaces one whose reads fail. `@kurrent/kurrentdb-client` 1.3 needs it on a cluster: it reads on
   * a separate connection, which waits for a dead node until that node is back. Default: clients are not replaced.
   */
  readonly reconnect?: () => EventStoreDbClient;
  /** True: the clients stay open when the store closes. Default: false. */
  readonly keepClients?: boolean;
  /**
   * True: nothing is ever appended, also not to check the client. `append` throws `invalid_input`. For audits by a user who
   * may only read. Default: false.
   */
  readonly readOnly?: boolean;
  /** Clock, random numbers and waiting. Default: the system's. */
  readonly runtime?: Partial<Runtime>;
}

export type CheckedOptions = Required<Omit<EventStoreDbEventStoreOptions, 'credentials' | 'reconnect' | 'runtime'>> & {
  readonly reconnect: (() => EventStoreDbClient) | undefined;
  readonly credentials: Credentials | undefined;
  readonly runtime: Runtime;
};

const times = { timeoutMs: 15_000, attemptTimeoutMs: 5_000, quietMs: 1_000 } as const;

/** Adds the defaults. @throws LedgerError `invalid_input`: an option is unknown or wrong; the message names it. */
export function checkOptions(options: EventStoreDbEventStoreOptions): CheckedOptions {
  const known = new Set([...Object.keys(times), 'credentials', 'reconnect', 'keepClients', 'readOnly', 'runtime']);
  for (const name of Object.keys(options)) {
    if (!known.has(name)) throw new LedgerError('invalid_input', `There is no option ${name}. There are: ${[...known].join(', ')}`);
  }
  const checked = {
    ...times,
    ...options,
    credentials: options.credentials,
    reconnect: options.reconnect,
    keepClients: options.keepClients ?? false,
    readOnly: options.readOnly ?? false,
    runtime: { ...systemRuntime, ...options.runtime },
  };
  for (const name of Object.keys(times) as (keyof typeof times)[]) {
    if (!(checked[name] > 0)) throw new LedgerError('invalid_input', `${name}: ${checked[name]} is no time. Pass milliseconds above 0`);
  }
  const { timeoutMs, attemptTimeoutMs, runtime } = checked;
  return { ...checked, timeoutMs: timeoutMs * runtime.patience, attemptTimeoutMs: attemptTimeoutMs * runtime.patience };
}
