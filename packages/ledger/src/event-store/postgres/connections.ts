// Borrows a client of the pool for one attempt, bounded in time. A client whose attempt failed without an answer is destroyed:
// what it was sent may still run, and its reply would be taken for that of the next call.
import { type Runtime, settledWithin } from '../../runtime.ts';
import type { PostgresClient, PostgresPool } from './client.ts';
import { meaningOf, NotConnected, Unanswered } from './failure.ts';
import { TimeLimits } from './time-limits.ts';

const ignore = (): undefined => undefined;

export class Connections {
  readonly #pool: PostgresPool;
  readonly #runtime: Runtime;
  readonly #limits: TimeLimits;

  constructor(pool: PostgresPool, runtime: Runtime) {
    this.#pool = pool;
    this.#runtime = runtime;
    this.#limits = new TimeLimits(runtime);
    // An idle client whose server ends says so here; where nobody listens, Node ends the process.
    pool.on('error', ignore);
    // So does a new client whose end comes in the same packet as its beginning, before whoever asked for it has it.
    pool.on('connect', (client) => client.on('error', ignore));
  }

  /**
   * Runs `work` with a client.
   * @param timeMs how long to wait for the client, and then for the work.
   * @throws NotConnected: there is no client; nothing was sent. `Unanswered`: the time is over. Else what `work` throws.
   */
  async use<T>(timeMs: number, work: (client: PostgresClient) => Promise<T>): Promise<T> {
    const client = await this.#borrow(timeMs);
    const died = Promise.withResolvers<never>();
    died.promise.catch(ignore);
    client.on('error', died.reject); // While a client is checked out, the pool does not listen to it.
    const answered = this.#limits.start(timeMs, () =>
      died.reject(new Unanswered(`The server did not answer within ${timeMs / 1_000} s: it is overloaded, stopped, or behind a firewall`)),
    );
    try {
      const result = await Promise.race([work(client), died.promise]);
      client.removeListener('error', died.reject);
      client.release();
      return result;
    } catch (error) {
      giveBack(client, error, died.reject);
      throw error;
    } finally {
      answered();
    }
  }

  async #borrow(timeMs: number): Promise<PostgresClient> {
    const connecting = this.#pool.connect();
    const late = Promise.withResolvers<never>();
    late.promise.catch(ignore);
    const connected = this.#limits.start(timeMs, () =>
      late.reject(
        new Unanswered(
          `There was no connection within ${timeMs / 1_000} s: the server does not answer, or all connections of the pool are in use. A pool ` +
            'whose transactions wait for the ledger needs more of them',
        ),
      ),
    );
    try {
      return await Promise.race([connecting, late.promise]);
    } catch (error) {
      connecting.then((client) => client.release(), ignore); // It comes too late for us, and goes back.
      throw new NotConnected('no connection', { cause: error });
    } finally {
      connected();
    }
  }

  /** Ends the pool, but waits no longer than `timeMs`: the farewell to a server that is gone is never answered. */
  async end(timeMs: number): Promise<void> {
    await settledWithin(this.#runtime, timeMs, [this.#pool.end()]);
  }
}

function giveBack(client: PostgresClient, error: unknown, listener: (error: Error) => void): void {
  const meaning = meaningOf(error);
  const isUsable = meaning !== undefined && (meaning.kind !== 'again' || !meaning.lost);
  client.removeListener('error', listener);
  if (isUsable) {
    client.release();
    return;
  }
  client.on('error', ignore); // It may still fail while it ends.
  client.release(error instanceof Error ? error : true);
  destroySocket(client);
}

/** `release` says farewell and waits for the end of the connection, which never comes from a host that has vanished. */
function destroySocket(client: PostgresClient): void {
  const { connection } = client as { connection?: { readonly stream?: { destroy?: () => void } } };
  connection?.stream?.destroy?.();
}
