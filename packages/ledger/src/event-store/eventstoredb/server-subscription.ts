// One subscription to $all, as far as the connection carries it: what has arrived, in order, and what the server said on
// the side. It never resumes by itself; `read-log.ts` opens the next one.
import type { Position } from '../event-store.ts';
import type { ClientPosition, ClientSubscription, Credentials, EventStoreDbClient, ResolvedClientEvent } from './client.ts';
import { isPlace, toPosition } from './position.ts';

/** Events that wait here for the reader; the rest waits at the server. */
const bufferedEvents = 512;
/** A checkpoint at least after so many events that did not match. */
const searchWindow = 512;
/** Streams whose names begin with `$` are the server's own. */
const ours = '^[^$]';

export interface SubscriptionTarget {
  /** Exclusive. */
  readonly after: ClientPosition | 'start';
  readonly prefixes: readonly string[] | undefined;
  readonly credentials: Credentials | undefined;
}

export interface Arrived {
  readonly events: readonly ResolvedClientEvent[];
  /** Nothing that arrived is left behind these events. */
  readonly drained: boolean;
  /** Everything up to here has been looked at. Only where drained: a checkpoint overtakes the events in the buffer. */
  readonly checkpoint: Position | undefined;
  /** The server has reached the head of the log, and sends what comes. Only where drained. */
  readonly live: boolean;
}

export class ServerSubscription {
  readonly #source: ClientSubscription;
  #checkpoint: Position | undefined;
  #live = false;
  #failure: { readonly error: unknown } | undefined;
  /** Counts whatever arrives. */
  #arrivals = 0;
  #wake: (() => void) | undefined;

  constructor(client: EventStoreDbClient, { after, prefixes, credentials }: SubscriptionTarget) {
    const checkpointReached = async (_: unknown, place: ClientPosition): Promise<void> => {
      if (isPlace(place)) this.#checkpoint = toPosition(place, '$all');
      this.#arrived();
    };
    this.#source = client.subscribeToAll(
      {
        fromPosition: after,
        requiresLeader: true,
        ...(credentials && { credentials }),
        filter: {
          filterOn: 'streamName',
          ...(prefixes ? { prefixes: [...prefixes] } : { regex: ours }),
          maxSearchWindow: searchWindow,
          checkpointInterval: 1,
          checkpointReached,
        },
      },
      { highWaterMark: bufferedEvents },
    );
    this.#source.on('readable', () => this.#arrived());
    this.#source.on('caughtUp', () => {
      this.#live = true;
      this.#arrived();
    });
    // A killed server gives an error and no end, a stopped one an error some seconds later.
    this.#source.on('error', (error) => this.#failed(error));
    this.#source.on('end', () => this.#failed(new Error('the subscription ended')));
    this.#source.on('close', () => this.#failed(new Error('the subscription was closed')));
  }

  get arrivals(): number {
    return this.#arrivals;
  }

  /** At most `limit` events, without waiting. @throws what ended the subscription, once all that came before is taken. */
  take(limit: number): Arrived {
    const events: ResolvedClientEvent[] = [];
    while (events.length < limit) {
      const event = this.#source.read();
      if (event === null) break;
      events.push(event as ResolvedClientEvent);
    }
    const drained = events.length < limit && this.#source.readableLength === 0;
    if (this.#failure && events.length === 0) throw this.#failure.error;
    return { events, drained, checkpoint: drained ? this.#checkpoint : undefined, live: drained && this.#live };
  }

  /** Resolves once something arrived since `news` was `seen`, or the signal aborts. */
  changed(seenArrivals: number, signal: AbortSignal): Promise<void> {
    this.#wake?.(); // Who waited before has given up, and must leave the signal.
    if (this.#arrivals !== seenArrivals || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        signal.removeEventListener('abort', wake);
        this.#wake = undefined;
        resolve();
      };
      this.#wake = wake;
      signal.addEventListener('abort', wake);
    });
  }

  /** Also where it has failed: else its gRPC stream stays open, and about a hundred of them stop the client. */
  close(): void {
    this.#source.unsubscribe().catch(() => undefined);
  }

  #arrived(): void {
    this.#arrivals += 1;
    this.#wake?.();
  }

  #failed(error: unknown): void {
    this.#failure ??= { error };
    this.#arrived();
  }
}
