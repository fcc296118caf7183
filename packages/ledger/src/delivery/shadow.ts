// Compares the newest decision of each order, or of each subscription, with what the shop has, and delivers nothing: for the time in which an older handler
// of the shop still gives access. What the shop has is settled; what differs waits for the first process with a `deliver`.
// Memory only says when to ask, so a crash loses nothing. The steps in a lane that is due:
//   1. Read the stream. Stop where nothing is pending.
//   2. Ask the shop, and wait `timeoutMs` at most.
//   3. Where it has the same, append `MembershipDelivered` with `found`, unless a newer decision came meanwhile.
//   4. Where it differs, or does not answer, ask again later. Nothing is recorded: a shadow uses up no time for delivery.
import type { StoredEvent } from '../event-store/event-store.ts';
import type { Logger } from '../logger.ts';
import { type Deliverable, isDeliveryEvent, isPending } from '../order/delivery-state.ts';
import type { Runtime } from '../runtime.ts';
import type { Typed } from '../streams/aggregate.ts';
import { type DeliveredChange, type DeliveredStreams, named } from './delivered-streams.ts';
import type { DecisionFollower } from './delivery.ts';
import { type Lane, Lanes } from './lanes.ts';

export interface ShadowFollower extends DecisionFollower {
  /** How many of them the shop had differently when it was last asked. */
  readonly differing: number;
}

export interface ShadowOptions<State extends Deliverable, Event extends Typed, Change extends DeliveredChange> {
  /** What is compared. */
  readonly of: DeliveredStreams<State, Event, Change>;
  readonly shadow: { compare(change: Change, signal: AbortSignal): Promise<'same' | 'differs'> };
  /** How long `compare` may take before its signal is aborted. */
  readonly timeoutMs: number;
  readonly runtime: Runtime;
  readonly log: Logger;
}

export function openShadow<State extends Deliverable, Event extends Typed, Change extends DeliveredChange>(
  options: ShadowOptions<State, Event, Change>,
): ShadowFollower {
  return new ShadowComparison(options);
}

/** The older handler gets its webhook at about the same time: it has a minute. */
const firstWaitMs = 60_000;
const longestWaitMs = 24 * 3_600_000;

/** What was asked of one of them. */
interface Asked {
  readonly sequence: number;
  readonly waitMs: number;
  readonly differs: boolean;
}

class ShadowComparison<State extends Deliverable, Event extends Typed, Change extends DeliveredChange> implements ShadowFollower {
  readonly #options: ShadowOptions<State, Event, Change>;
  readonly #lanes: Lanes;
  /** Key: id, of those whose newest decision was asked about and is not settled. Written by `#process` and `#forget`. */
  readonly #asked = new Map<string, Asked>();

  constructor(options: ShadowOptions<State, Event, Change>) {
    this.#options = options;
    this.#lanes = new Lanes((lane) => this.#process(lane), options);
  }

  get differing(): number {
    return [...this.#asked.values()].filter(({ differs }) => differs).length;
  }

  schedule(id: string): void {
    this.#lanes.dueAt(this.#lanes.open(id), this.#now() + firstWaitMs);
  }

  onEvent(stored: StoredEvent): void {
    const { aggregate, decides } = this.#options.of;
    if (stored.type.endsWith('Observed')) return; // Most of the log, and it changes no comparison.
    const event = aggregate.read(stored);
    const id = stored.stream.slice(aggregate.stream('').length);
    if (isDeliveryEvent(event)) {
      if (event.type === 'MembershipDelivered') this.#forget(id, event.data.sequence);
    } else if (decides(event) !== undefined) this.schedule(id);
  }

  onPendingAtStart(id: string, _: Deliverable, agoMs: number): void {
    this.#lanes.dueAt(this.#lanes.open(id), this.#now() + Math.max(0, firstWaitMs - agoMs));
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

  async #process(lane: Lane): Promise<void> {
    const { id } = lane;
    const { streams, changeOf } = this.#options.of;
    const state = await streams.read(id); // 1
    if (!isPending(state)) return this.#forget(id, state.sequence);
    const { sequence } = state;
    const abort = new AbortController();
    lane.attempt = { sequence, abort };
    const answer = await this.#ask(changeOf(state), abort); // 2
    if (answer === 'same') {
      // 3: A crash before this append: the shop is asked again. The expected revision repeats the check for a newer decision.
      const { answer: isSettled } = await streams.append(id, 'shadow', (now) => {
        if (now.delivery.settled >= sequence) return { events: [], answer: true };
        if (now.sequence > sequence) return { events: [], answer: false };
        return { events: [{ type: 'MembershipDelivered', data: { sequence, found: true } }], answer: true, final: true };
      });
      if (isSettled) return this.#forget(id, sequence);
    }
    const before = this.#asked.get(id);
    const waitMs = before?.sequence === sequence ? Math.min(longestWaitMs, 2 * before.waitMs) : firstWaitMs;
    this.#asked.set(id, { sequence, waitMs, differs: answer === 'differs' });
    this.#lanes.dueAt(lane, this.#now() + waitMs); // 4
  }

  /** Undefined: it did not answer, or nothing that can be used. */
  async #ask(change: Change, abort: AbortController): Promise<'same' | 'differs' | undefined> {
    const { of: kind, shadow, timeoutMs, runtime, log } = this.#options;
    const of = { ...named(kind.noun, change.membershipId), sequence: change.sequence };
    const answered = new AbortController();
    const call = Promise.resolve()
      .then(() => shadow.compare(change, abort.signal))
      .catch((error: unknown) => {
        if (!abort.signal.aborted) log.warn({ err: error, ...of }, 'compare of the shadow failed; it is asked again later');
        return undefined;
      });
    const answer = await Promise.race([call, runtime.sleep(timeoutMs, answered.signal).then(() => 'late' as const)]);
    answered.abort();
    if (answer === 'same' || answer === 'differs' || answer === undefined) return answer;
    if (answer === 'late') {
      abort.abort();
      log.warn({ ...of, timeoutMs }, 'compare of the shadow did not answer in time; its signal is aborted');
    } else log.warn({ ...of, answer }, "compare of the shadow answered neither 'same' nor 'differs'; it is asked again later");
    return undefined;
  }

  /** Another process, or a person, has settled the decision. */
  #forget(id: string, upTo: number): void {
    const asked = this.#asked.get(id);
    if (asked !== undefined && asked.sequence <= upTo) this.#asked.delete(id);
  }

  #now(): number {
    return this.#options.runtime.monotonicNowMs();
  }
}
