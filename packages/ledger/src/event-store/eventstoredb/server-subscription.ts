// One subscription to $all on one connection: collects the events that arrive, in order, and the server's notices. When it
// fails it does not reconnect; `read-log.ts` opens another one.
import type { Position } from '../event-store.ts';
import type { ClientPosition, ClientSubscription, Credentials, EventStoreDbClient, ResolvedClientEvent } from './client.ts';
import { isPlace, toPosition } from './position.ts';

/** How many events wait here for the reader. The server keeps the others. */
const bufferedEvents = 512;
/** The server sends a checkpoint at least after this number of events that did not match. */
const searchWindow = 512;
/** Matches streams of a ledger: names that begin with `$` are the server's own. */
const ours = '^[^$]';

export interface SubscriptionTarget {
  /** The subscription begins after this position. */
  readonly after: ClientPosition | 'start';
  readonly prefixes: readonly string[] | undefined;
  /** Reads the events of these types in all streams, instead of the streams that the prefixes name. */
  readonly types?: readonly string[];
  readonly credentials: Credentials | undefined;
}

export interface Arrived {
  readonly events: readonly ResolvedClientEvent[];
  /** True if these are all events that have arrived. */
  readonly drained: boolean;
  /** The server has checked all events up to here. Set only if `drained`: a checkpoint overtakes the events in the buffer. */
  readonly checkpoint: Position | undefined;
  /** True if the server has reached the head of the log, and sends each new event. Set only if `drained`. */
  readonly live: boolean;
}

export class ServerSubscription {
  readonly #source: ClientSubscription;
  /** The newest checkpoint. Written by the listener that the constructor passes to the client. */
  #checkpoint: Position | undefined;
  /** Set by a listener of the constructor when the server has reached the head. */
  #live = false;
  /** What ended the subscription. Written by `#failed`. */
  #failure: { readonly error: unknown } | undefined;
  /** Counts everything that arrives: events, notices and failures. Written by `#arrived`. */
  #arrivals = 0;
  /** Wakes the reader that waits. Written by `changed`. */
  #wake: (() => void) | undefined;

  constructor(client: EventStoreDbClient, { after, prefixes, types, credentials }: SubscriptionTarget) {
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
          filterOn: types ? 'eventType' : 'streamName',
          ...((types ?? prefixes) ? { prefixes: [...(types ?? prefixes ?? [])] } : { regex: ours }),
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
    // A killed server leads to an error without an end; a stopped one to an error some seconds later.
    this.#source.on('error', (error) => this.#failed(error));
    this.#source.on('end', () => this.#failed(new Error('the subscription ended')));
    this.#source.on('close', () => this.#failed(new Error('the subscription was closed')));
  }

  get arrivals(): number {
    return this.#arrivals;
  }

  /** Takes at most `limit` events, without waiting. Once all are taken, throws what ended the subscription. */
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

  /** Resolves once something has arrived since `news` was `seen`, or the signal aborts. Only one reader may wait. */
  changed(seenArrivals: number, signal: AbortSignal): Promise<void> {
    this.#wake?.(); // Ends an earlier wait that was given up, so that its listener is removed.
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

  /** Ends the subscription. Call it also after a failure: else its gRPC stream stays open, and 100 of them stop the client. */
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
