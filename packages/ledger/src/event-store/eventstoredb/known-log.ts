// Notices a server whose log was put back from a backup. Two things show it:
//   1. An append lands at or before an event that was known when it was sent: positions only grow. Then 2 is asked.
//   2. The last event that is known is no longer in its stream. A server cannot be put back without ending its connections, so
//      this is read after each failure, and every few seconds while calls come.
import { LedgerError } from '../../errors.ts';
import type { LogPage, Position, StoredEvent } from '../event-store.ts';
import { LastKnown } from '../log-went-back.ts';
import type { RetryPolicy } from './retry.ts';

/** While calls come, the known event is read again after this time at the latest. */
const againAfterMs = 5_000;
/** A server that has just started may lack its last events for a moment. */
const readsUntilMissed = 20;
const readAgainMs = 250;

type Place = Pick<StoredEvent, 'stream' | 'revision' | 'id' | 'position'>;

export interface KnownLogReads {
  readonly read: (stream: string, afterRevision: number) => Promise<readonly StoredEvent[]>;
  /** Whether an event is in the log that its stream hides, since an operator deleted or truncated it. Undefined: it hides none. */
  readonly hidden: (place: Place) => Promise<'there' | 'gone' | undefined>;
}

export class KnownLog {
  readonly #reads: KnownLogReads;
  readonly #runtime: RetryPolicy['runtime'];
  readonly #known = new LastKnown<Position>();
  /** Where the newest known event is. Written by `note`. */
  #place: Place | undefined;
  /** When the known event was last there (monotonic). Written by `prove`; minus infinity: look before the next call. */
  #provenAtMs = Number.NEGATIVE_INFINITY;
  /** The reading under way, which all calls share. Written by `prove`. */
  #proving: Promise<void> | undefined;

  constructor(reads: KnownLogReads, runtime: RetryPolicy['runtime']) {
    this.#reads = reads;
    this.#runtime = runtime;
  }

  /** A call failed: the server may have been replaced meanwhile. */
  doubt(): void {
    this.#provenAtMs = Number.NEGATIVE_INFINITY;
  }

  note(event: Place): void {
    if (this.#place === undefined) this.#provenAtMs = this.#runtime.monotonicNowMs(); // It was just there.
    this.#known.note(event);
    if (this.#known.event === event) this.#place = event;
  }

  notePage({ events }: LogPage): void {
    const last = events.at(-1);
    if (last) this.note(last);
  }

  /** The newest position that is known. Undefined: none. */
  get position(): Position | undefined {
    return this.#known.event?.position;
  }

  /**
   * 1: Looks before an append is acknowledged that landed at or before what was known when it was sent: either the server had
   * stored it before, or the log was put back. @throws LedgerError as `prove`.
   */
  async landed(position: Position, before: Position | undefined): Promise<void> {
    if (before !== undefined && position <= before) this.doubt();
    await this.prove();
  }

  /** 2: @throws LedgerError `log_went_back`. Also what reading throws. */
  async prove(): Promise<void> {
    this.#known.refuseLost();
    if (this.#place === undefined || this.#runtime.monotonicNowMs() - this.#provenAtMs < againAfterMs) return;
    this.#proving ??= this.#proveNow(this.#place).finally(() => {
      this.#proving = undefined;
    });
    await this.#proving;
  }

  async #proveNow(place: Place): Promise<void> {
    const { stream, revision, id } = place;
    for (let reads = 1; ; reads += 1) {
      const startedMs = this.#runtime.monotonicNowMs();
      const there = await this.#eventAt(place);
      if (there?.id === id) {
        this.#provenAtMs = startedMs;
        return;
      }
      const hidden = await this.#reads.hidden(place);
      if (hidden !== undefined) {
        this.#provenAtMs = startedMs;
        // What was scavenged proves nothing any more. The next event that is noted does.
        if (hidden === 'gone' && this.#place === place) this.#place = undefined;
        return;
      }
      if (there !== undefined || reads === readsUntilMissed) {
        this.#known.missed(`${stream}: event ${id} is no longer at revision ${revision}`);
      }
      await this.#runtime.sleep(readAgainMs);
    }
  }

  /** Undefined: its stream shows no event there. An operator may have deleted it, or have cut events off before it. */
  async #eventAt({ stream, revision }: Place): Promise<StoredEvent | undefined> {
    try {
      const [there] = await this.#reads.read(stream, revision - 1);
      return there;
    } catch (error) {
      if (error instanceof LedgerError && error.code === 'corrupt') return undefined;
      throw error;
    }
  }
}
