// The options of the store, their defaults, and what is refused of them.
import { LedgerError } from '../../errors.ts';
import { type Runtime, systemRuntime } from '../../runtime.ts';
import type { Credentials, EventStoreDbClient } from './client.ts';

export interface EventStoreDbEventStoreOptions {
  /** User and password of every call. A server that runs insecurely ignores them; any other needs them here, not only in the URL. */
  readonly credentials?: Credentials;
  /** How long a call tries, before it fails with `store_unavailable`. Default 15,000 ms: a cluster elects a new leader well within. */
  readonly timeoutMs?: number;
  /** How long one attempt of a call may be silent. Default 5,000 ms. */
  readonly attemptTimeoutMs?: number;
  /** A follower at the head that has heard nothing for so long looks whether the log has grown. Default 1,000 ms. */
  readonly quietMs?: number;
  /**
   * Makes a client like the others, in the place of one whose reads fail. `@kurrent/kurrentdb-client` 1.3 needs it on a
   * cluster: it reads over a connection of its own, which stays with a node that died until that one is back.
   */
  readonly reconnect?: () => EventStoreDbClient;
  /** Leave the clients open when the store closes. Default false: they are the store's from here on. */
  readonly keepClients?: boolean;
  /** For audits, with a user who may read and no more: nothing is appended, also not to try the client when it opens. Default false. */
  readonly readOnly?: boolean;
  readonly runtime?: Partial<Runtime>;
}

export type CheckedOptions = Required<Omit<EventStoreDbEventStoreOptions, 'credentials' | 'reconnect' | 'runtime'>> & {
  readonly reconnect: (() => EventStoreDbClient) | undefined;
  readonly credentials: Credentials | undefined;
  readonly runtime: Runtime;
};

const times = { timeoutMs: 15_000, attemptTimeoutMs: 5_000, quietMs: 1_000 } as const;

/** @throws LedgerError `invalid_input`: names the option. */
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
