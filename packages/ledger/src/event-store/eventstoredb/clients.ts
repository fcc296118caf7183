// The clients of a store, which share the load in turn, and what both kinds of them do not do by themselves: live through
// an hour in which no node answers, and read on when the node that they read from died.
import type { EventStoreDbClient } from './client.ts';
import { meaningOf } from './failure.ts';
import type { RetryPolicy } from './retry.ts';

const disposeMs = 5_000;
/** At most so often, for each client: a new one needs a moment to find the leader, too. */
const betweenReplacementsMs = 1_000;

export interface ClientsOptions {
  readonly retryPolicy: RetryPolicy;
  /** Makes another one. Absent: who is there stays. */
  readonly reconnect: (() => EventStoreDbClient) | undefined;
  readonly keepClients: boolean;
  /** Aborts when the store closes. */
  readonly closing: AbortSignal;
}

export class Clients {
  readonly #options: ClientsOptions;
  readonly #clients: EventStoreDbClient[];
  readonly #sinceMs = new WeakMap<EventStoreDbClient, number>();
  readonly #retired = new Set<Promise<void>>();
  #turn = 0;

  constructor(clients: readonly EventStoreDbClient[], options: ClientsOptions) {
    this.#options = options;
    this.#clients = [...clients];
    for (const client of clients) surviveFailedReconnection(client);
  }

  /** The next in turn: another attempt may have more luck with another one. */
  next(): EventStoreDbClient {
    return this.#clients[this.#turn++ % this.#clients.length] as EventStoreDbClient;
  }

  /** `read` with the next in turn; where its failure leaves everything open, that client is replaced. */
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
    const { reconnect, closing, retryPolicy } = this.#options;
    const { runtime, timeoutMs } = retryPolicy;
    const nowMs = runtime.monotonicNowMs();
    const index = this.#clients.indexOf(client);
    const isYoung = nowMs - (this.#sinceMs.get(client) ?? Number.NEGATIVE_INFINITY) < betweenReplacementsMs;
    if (!reconnect || index === -1 || isYoung || closing.aborted) return;
    const another = reconnect();
    surviveFailedReconnection(another);
    this.#sinceMs.set(another, nowMs);
    this.#clients[index] = another;
    // What it has under way may still be answered, so it is given the time of a call.
    const retiring = runtime.sleep(timeoutMs, closing).then(() => this.#dispose(client));
    this.#retired.add(retiring);
    retiring.finally(() => this.#retired.delete(retiring)).catch(() => undefined);
  }

  /** Of all that are the store's. */
  async dispose(): Promise<void> {
    const current = this.#options.keepClients ? [] : this.#clients;
    await Promise.all([...this.#retired, ...current.map((client) => this.#dispose(client))]);
  }

  /** With a stream that the client has lost track of, it never settles. */
  async #dispose(client: EventStoreDbClient): Promise<void> {
    await this.#options.retryPolicy.limits.within(disposeMs, client.dispose()).catch(() => undefined);
  }
}

/** As both clients keep it, though their types do not say so; one that keeps it elsewhere is left as it is. */
interface Reconnecting {
  handleError?: (call: unknown, error: unknown) => Promise<void>;
}
const guarded = new WeakSet<object>();

/**
 * After a failed call both clients await their next channel in a promise that nobody handles. Where no node answers, it
 * rejects, and would end the process, in the very hour in which it must wait. The calls themselves fail all the same.
 */
function surviveFailedReconnection(client: object): void {
  const { handleError } = client as Reconnecting;
  if (typeof handleError !== 'function' || guarded.has(client)) return;
  guarded.add(client);
  (client as Reconnecting).handleError = (call, error) => handleError(call, error).catch(() => undefined);
}
