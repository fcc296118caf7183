// Decides when the newest decision of each order, or of each subscription, is delivered to the shop, and by which instance.
// Level-triggered, at least once. The stream names the owner: the instance that appended the decision, or the last `DeliveryTakenOver` of
// it. Memory only says when to read the stream, so a crash loses nothing here. The steps in a lane that is due:
//   1. Read the stream. Stop where nothing is pending, or where the read is older than the decision known here.
//   2. Note the last event about the decision: our own clock runs from it.
//   3. Stop where our retry, or the take-over from another owner, is not due yet.
//   4. Append `DeliveryTakenOver`, unless this instance surely owns the decision.
//   5. Make one attempt (attempt.ts).
//   6. Make the lane due again, for the retry or for a newer decision.

import { LedgerError } from '../errors.ts';
import type { StoredEvent } from '../event-store/event-store.ts';
import type { ManualAction } from '../observation.ts';
import { type Deliverable, isDeliveryEvent, isPending, leastSilenceMs } from '../order/delivery-state.ts';
import type { RedeliverOutcome } from '../seen.ts';
import type { Typed } from '../streams/aggregate.ts';
import { attemptDelivery, type DeliveryOptions, takeOver } from './attempt.ts';
import type { DeliveredChange } from './delivered-streams.ts';
import { type Lane, Lanes } from './lanes.ts';

/** What the ledger reports to whoever brings decisions to the shop, or compares them with what it has. */
export interface DecisionFollower {
  /** Notes a decision that this process has appended: it is delivered now. */
  schedule(id: string): void;
  /**
   * Notes an event of a stream of its kind, read from the log: our own clock runs from now until we may take over.
   * @throws LedgerError `corrupt`, `file_newer`: the event cannot be read.
   */
  onEvent(event: StoredEvent): void;
  /**
   * Notes a delivery that was pending before this process started.
   * @param agoMs how many milliseconds of waiting for the owner have passed already.
   */
  onPendingAtStart(id: string, state: Deliverable, agoMs: number): void;
  /** Delivers in the background until `stop`. */
  start(): void;
  /** Delivers until nothing is due before the deadline (monotonic). An attempt that runs at the deadline goes on. */
  settle(deadlineMs: number): Promise<void>;
  /** Starts no more attempts. Running ones have until the deadline (monotonic), then they are aborted. */
  stop(deadlineMs: number): Promise<void>;
}

export interface Delivery extends DecisionFollower {
  /**
   * Delivers the newest decision now because a person asks for it, also after it was abandoned. `stale`: it has news since the
   * revision that he saw.
   * @throws LedgerError `order_unknown`, `subscription_unknown`: it is not placed. `closed`: this process is shutting down. Also
   *   what `transact` throws.
   */
  redeliver(id: string, by: ManualAction, seenRevision?: number): Promise<RedeliverOutcome | 'stale'>;
}

/** `left`: nothing to deliver (any more), or not ours to deliver now. */
type Outcome = 'delivered' | 'failed' | 'left';

export function openDelivery<State extends Deliverable, Event extends Typed, Change extends DeliveredChange>(
  options: DeliveryOptions<State, Event, Change>,
): Delivery {
  return new DeliveryScheduler(options);
}

class DeliveryScheduler<State extends Deliverable, Event extends Typed, Change extends DeliveredChange> implements Delivery {
  readonly #options: DeliveryOptions<State, Event, Change>;
  readonly #lanes: Lanes;
  /** How long an owner may be silent: one third for an attempt that starts late, one for the attempt, one to spare. */
  readonly #patienceMs: number;

  constructor(options: DeliveryOptions<State, Event, Change>) {
    this.#options = options;
    this.#lanes = new Lanes((lane) => this.#process(lane), options);
    this.#patienceMs = Math.max(leastSilenceMs, 3 * options.timeoutMs);
  }

  schedule(id: string): void {
    const lane = this.#lanes.open(id);
    lane.ownUntilMs = this.#now() + this.#patienceMs / 3;
    this.#lanes.dueAt(lane, this.#now());
    if (lane.running) void this.#supersede(lane);
  }

  /** Aborts the running attempt if it delivers an older decision. Only the stream shows that: it may deliver this very one. */
  async #supersede(lane: Lane): Promise<void> {
    try {
      this.#learn(lane, (await this.#options.of.streams.read(lane.id)).sequence);
    } catch {
      // Then the attempt is awaited instead of aborted. The lane is due, and reads the stream after it.
    }
  }

  /** Remembers the newest decision, and aborts an attempt to deliver an older one (law 9). */
  #learn(lane: Lane, sequence: number): void {
    lane.sequence = Math.max(lane.sequence, sequence);
    if (lane.attempt && lane.attempt.sequence < sequence) lane.attempt.abort.abort();
  }

  onEvent(stored: StoredEvent): void {
    const { aggregate, decides } = this.#options.of;
    if (stored.type.endsWith('Observed')) return; // Most of the log, and it changes no delivery.
    const event = aggregate.read(stored);
    const id = stored.stream.slice(aggregate.stream('').length);
    const by = stored.metadata['instance'] ?? '';
    if (!isDeliveryEvent(event)) {
      const decided = decides(event);
      if (decided !== undefined) this.#note(id, decided, stored.revision, by, 0);
    } else if (event.type === 'MembershipDelivered' || event.type === 'DeliveryAbandoned') {
      const lane = this.#lanes.find(id);
      if (lane && event.data.sequence >= lane.sequence && stored.revision > lane.seenRevision) this.#lanes.drop(lane);
    } else {
      this.#note(id, event.data.sequence, stored.revision, by, event.type === 'DeliveryFailed' ? event.data.waitMs : 0);
    }
  }

  onPendingAtStart(id: string, { sequence, delivery }: Deliverable, agoMs: number): void {
    this.#note(id, sequence, delivery.revision, delivery.owner, delivery.waitMs, agoMs);
  }

  /** 2: Remembers the event, and sets the times from which a retry or a take-over is allowed. */
  #note(id: string, sequence: number, revision: number, owner: string, waitMs: number, agoMs = 0): void {
    // False for our own event where no lane exists: the reply to its append was lost, so it is treated as another's.
    const inHand = owner === this.#options.instance && this.#lanes.find(id) !== undefined;
    const lane = this.#lanes.open(id);
    this.#learn(lane, sequence);
    if (revision <= lane.seenRevision) return;
    lane.seenRevision = revision;
    lane.seenAtMs = this.#now() - agoMs;
    this.#waitFor(lane, owner, waitMs);
    if (!inHand) this.#lanes.putOff(lane, lane.takeOverAtMs);
  }

  #waitFor(lane: Lane, owner: string, waitMs: number): void {
    lane.retryAtMs = lane.seenAtMs + waitMs;
    lane.takeOverAtMs = owner === '' ? lane.seenAtMs : lane.retryAtMs + this.#patienceMs;
  }

  start(): void {
    this.#lanes.start();
  }

  settle(deadlineMs: number): Promise<void> {
    return this.#lanes.settle(deadlineMs);
  }

  async stop(deadlineMs: number): Promise<void> {
    for (const { attempt } of await this.#lanes.stop(deadlineMs)) attempt?.abort.abort();
  }

  /** Steps 1 to 6, in a lane that is due. */
  async #process(lane: Lane): Promise<Outcome> {
    const { id } = lane;
    const { of, instance } = this.#options;
    const now = await of.streams.read(id); // 1
    if (this.#isOld(lane, now) || !isPending(now)) return 'left';
    const { owner, revision, underWay } = now.delivery;
    const isOurs = owner === instance;
    const waitMs = isOurs && underWay ? 0 : now.delivery.waitMs; // A new owner tries at once, also if the reply was lost.
    this.#note(id, now.sequence, revision, owner, waitMs); // 2
    // A `DeliveryTakenOver` in the log does not contain the wait that follows it; the folded state does.
    if (!isOurs && revision === lane.seenRevision) this.#waitFor(lane, owner, waitMs);
    // 3: The wait after a failure counts as spent, so it is kept: also if the reply was lost, or the lane is due for an older reason.
    const notBeforeMs = isOurs ? lane.retryAtMs : lane.takeOverAtMs;
    if (this.#now() < notBeforeMs) {
      this.#lanes.dueAt(lane, notBeforeMs);
      return 'left';
    }
    if (isOurs && lane.storeFailures === 0 && this.#now() <= lane.ownUntilMs) return this.#attempt(lane, now);
    // 4: Another instance owns it, or may have taken it over by now, or the store failed since we did: a write decides who
    // owns it. A crash after it leaves an owner that falls silent: another instance takes over after its patience.
    const takenOver = await takeOver(id, this.#options, (newest) => isPending(newest) && newest.delivery.revision === revision);
    if (takenOver) return this.#attempt(lane, takenOver);
    this.#lanes.dueAt(lane, this.#now());
    return 'left';
  }

  async #attempt(lane: Lane, state: State): Promise<Outcome> {
    const { sequence, delivery } = state;
    if (this.#lanes.stopping || this.#isOld(lane, state)) return 'left';
    lane.sequence = sequence;
    lane.seenRevision = Math.max(lane.seenRevision, delivery.revision);
    lane.retryAtMs = this.#now();
    const abort = new AbortController();
    lane.attempt = { sequence, abort };
    // 5: What a crash leaves here stands in attempt.ts.
    const result = await attemptDelivery(lane.id, state, abort, this.#options);
    // 6: A newer decision was noted meanwhile. If it is ours and the reply to its append was lost, nothing else makes the lane due.
    if (lane.sequence > sequence) this.#lanes.dueAt(lane, this.#now());
    // Delivered at once, since this instance owns it. A raised decision is never raised again, so this ends.
    if (result.outcome === 'raised') return this.#attempt(lane, result.state);
    if (result.outcome === 'failed' && result.retryAtMs !== undefined) {
      this.#lanes.dueAt(lane, result.retryAtMs);
      lane.ownUntilMs = result.retryAtMs + this.#patienceMs / 3;
      lane.seenRevision = Math.max(lane.seenRevision, result.revision);
      lane.retryAtMs = result.retryAtMs;
    }
    return result.outcome;
  }

  /**
   * True where a newer decision is known than the one that was read: the lane is due again at once. (If the log was restored
   * from a backup, the next read continues with what the log has now.)
   */
  #isOld(lane: Lane, { sequence }: Deliverable): boolean {
    if (sequence >= lane.sequence) return false;
    lane.sequence = sequence;
    this.#lanes.dueAt(lane, this.#now());
    return true;
  }

  async redeliver(id: string, by: ManualAction, seenRevision?: number): Promise<RedeliverOutcome | 'stale'> {
    const { streams, isPlaced, isStale, noun } = this.#options.of;
    const subject = `${noun === 'order' ? 'Order' : 'Subscription'} ${id}`;
    const before = await streams.read(id);
    if (!isPlaced(before)) throw new LedgerError(`${noun}_unknown`, `${subject} is not placed. Look its id up in the shop`);
    if (isStale(before, seenRevision)) return 'stale';
    /** The decision that this call took over; 0: none yet. Taken once each, or two calls in two processes would do so for ever. */
    let taken = 0;
    for (;;) {
      if (this.#lanes.stopping) throw new LedgerError('closed', `${subject} is not delivered again: this process is shutting down`);
      const lane = this.#lanes.open(id);
      if (lane.running) {
        await lane.running;
        continue;
      }
      const outcome = await this.#lanes.run(lane, async () => {
        const mayTake = (now: State) => now.sequence > Math.max(taken, now.delivery.settled) && !isStale(now, seenRevision);
        const takenOver = await takeOver(id, this.#options, mayTake, by);
        if (takenOver) {
          taken = takenOver.sequence;
          return this.#attempt(lane, takenOver);
        }
        const now = await streams.read(id);
        if (isStale(now, seenRevision)) return 'stale';
        return now.sequence > now.delivery.settled ? 'failed' : 'nothing_to_deliver'; // Failed here, and another is at it now.
      });
      if (outcome !== 'left') return outcome;
    }
  }

  #now(): number {
    return this.#options.runtime.monotonicNowMs();
  }
}
