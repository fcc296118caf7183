// The clients of a store, which share the load in turn. Adds what the clients do not do themselves: to survive a time in
// which no node answers, and to continue reading after the node that they read from has died.
import type { Patience } from './attempts.ts';
import type { EventStoreDbClient } from './client.ts';
import { meaningOf } from './failure.ts';

const disposeMs = 5_000;
/** The shortest time between two replacements of a client: a new client needs time to find the leader, too. */
const betweenReplacementsMs = 1_000;

export interface ClientsOptions {
  readonly patience: Patience;
  /** Makes a new client. Undefined: clients are never replaced. */
  readonly reconnect: (() => EventStoreDbClient) | undefined;
  /** True: `dispose` leaves the clients open. */
  readonly keepClients: boolean;
  /** Aborts when the store closes. */
  readonly closing: AbortSignal;
}

export class Clients {
  readonly #options: ClientsOptions;
  /** Written by `#replace`. */
  readonly #clients: EventStoreDbClient[];
  /** When each replacement was made (monotonic). Written by `#replace`. */
  readonly #sinceMs = new WeakMap<EventStoreDbClient, number>();
  /** Replaced clients that are not closed yet. Written by `#replace`. */
  readonly #retired = new Set<Promise<void>>();
  /** How often `next` was called. */
  #turn = 0;

  constructor(clients: readonly EventStoreDbClient[], options: ClientsOptions) {
    this.#options = options;
    this.#clients = [...clients];
    for (const client of clients) surviveFailedReconnection(client);
  }

  /** Returns the next client in turn, so that another attempt uses another client. */
  next(): EventStoreDbClient {
    return this.#clients[this.#turn++ % this.#clients.length] as EventStoreDbClient;
  }

  /** Reads with the next client in turn. If the failure's cause is in doubt, replaces that client. */
  async reading<T>(read: (client: EventStoreDbClient) => Promise<T>): Promise<T> {
    const client = this.next();
    try {
      return await read(client);
    } catch (error) {
      if (meaningOf(error, '').kind === 'in_doubt') this.#replace(client);
      throw error;
    }
  }

  #replace(client: EventStoreDbClient): void {
    const { reconnect, closing, patience } = this.#options;
    const { runtime, timeoutMs } = patience;
    const nowMs = runtime.monotonicNowMs();
    const index = this.#clients.indexOf(client);
    const isYoung = nowMs - (this.#sinceMs.get(client) ?? Number.NEGATIVE_INFINITY) < betweenReplacementsMs;
    if (!reconnect || index === -1 || isYoung || closing.aborted) return;
    const another = reconnect();
    surviveFailedReconnection(another);
    this.#sinceMs.set(another, nowMs);
    this.#clients[index] = another;
    // Calls of the old client may still get an answer, so it is closed only after the time limit of a call.
    const retiring = runtime.sleep(timeoutMs, closing).then(() => this.#dispose(client));
    this.#retired.add(retiring);
    retiring.finally(() => this.#retired.delete(retiring)).catch(() => undefined);
  }

  /** Closes all clients of the store. */
  async dispose(): Promise<void> {
    const current = this.#options.keepClients ? [] : this.#clients;
    await Promise.all([...this.#retired, ...current.map((client) => this.#dispose(client))]);
  }

  /** Closes a client, within 5 s: if the client has lost track of a stream, its own `dispose` never ends. */
  async #dispose(client: EventStoreDbClient): Promise<void> {
    await this.#options.patience.limits.within(disposeMs, client.dispose()).catch(() => undefined);
  }
}

/** A method that both clients have, though it is not in their types. A client without it is left as it is. */
interface Reconnecting {
  handleError?: (call: unknown, error: unknown) => Promise<void>;
}
/** The clients that `surviveFailedReconnection` has changed. */
const guarded = new WeakSet<object>();

/**
 * Catches an error that both clients leave unhandled. After a failed call they open a new channel in a promise that nobody
 * handles. If no node answers, it rejects, which would end the process. The calls themselves still fail.
 */
function surviveFailedReconnection(client: object): void {
  const { handleError } = client as Reconnecting;
  if (typeof handleError !== 'function' || guarded.has(client)) return;
  guarded.add(client);
  (client as Reconnecting).handleError = (call, error) => handleError(call, error).catch(() => undefined);
}
