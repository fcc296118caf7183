// A model of the shop that receives deliveries: a table of memberships that stores a status if the stored sequence is lower,
// and a `deliver` that fails in every way in which a shop can fail.
import type { DeliverAnswer } from '../../delivery/shop-ahead.ts';
import type { MembershipChange } from '../../payment-ledger.ts';
import type { AuditedLog } from './audited-log.ts';
import { textOf } from './fact-text.ts';
import type { Incarnation } from './incarnation.ts';
import type { World } from './world.ts';

interface MembershipRow {
  readonly sequence: number;
  readonly status: MembershipChange['status'];
}

/** A call of `deliver` that has not ended. */
interface Attempt {
  readonly sequence: number;
  readonly startedAtMs: number;
  ended: boolean;
}

type Fate = 'ok' | 'fails' | 'failsAfterEffect' | 'hangs' | 'writesLate';

export class Shop {
  readonly memberships: Map<string, MembershipRow> = new Map();
  /** The membership that the shop refuses. Undefined: none. Written by the simulation. */
  refuses: string | undefined;
  readonly #world: World;
  /** The orders that the shop fulfilled before it had a ledger. Written by `fulfil`. */
  readonly #fulfilled = new Set<string>();
  readonly #log: () => AuditedLog;
  /** The last attempt. Keys: the process, then the membership. */
  readonly #attempts = new Map<Incarnation, Map<string, Attempt>>();

  constructor(world: World, log: () => AuditedLog) {
    this.#world = world;
    this.#log = log;
  }

  sequenceOf(membershipId: string): number {
    return this.memberships.get(membershipId)?.sequence ?? 0;
  }

  /** The shop gave access to the order by itself, before it had a ledger. */
  fulfil(orderId: string): void {
    this.#fulfilled.add(orderId);
  }

  /** The ledger has imported what the shop fulfilled: from now on the shop has it as that decision. False: it never fulfilled it. */
  keepImported(orderId: string, row: MembershipRow): boolean {
    if (!this.#fulfilled.has(orderId)) return false;
    if (this.sequenceOf(orderId) < row.sequence) this.memberships.set(orderId, row);
    return true;
  }

  /** Takes a backup of the table, and returns a function that puts it back. */
  backUp(): () => void {
    const rows = new Map(this.memberships);
    return () => {
      this.memberships.clear();
      for (const [membershipId, row] of rows) this.memberships.set(membershipId, row);
    };
  }

  /** The function that the shop passes to the ledger as `deliver`. */
  async deliver(by: Incarnation, change: MembershipChange, signal: AbortSignal): Promise<DeliverAnswer> {
    this.#audit(by, change);
    const attempt: Attempt = { sequence: change.sequence, startedAtMs: this.#world.scheduler.nowMs, ended: false };
    this.#attemptsOf(by).set(change.membershipId, attempt);
    try {
      await this.#attempt(by, change, signal);
      return this.#world.options.shopAnswers ? { storedSequence: this.sequenceOf(change.membershipId) } : undefined;
    } finally {
      attempt.ended = true;
    }
  }

  #attempt(by: Incarnation, change: MembershipChange, signal: AbortSignal): Promise<void> {
    const { scheduler, coverage, network, random, options } = this.#world;
    const fate = change.membershipId === this.refuses ? 'fails' : this.#drawFate();
    const name = `${by.party.name} deliver ${change.idempotencyKey}`;
    return new Promise((resolve, reject) => {
      let over = false;
      const answer = (label: string, how: () => void): void => {
        if (!by.dead) scheduler.park(by.party, 'call', `${name}: ${label}`, how);
      };
      const failed = (): void => reject(new Error('simulated'));
      if (signal.aborted) return answer('aborted before it began', failed);
      if (fate === 'hangs') {
        signal.addEventListener('abort', () => {
          coverage.met('shop: hung until aborted');
          if (random.chance(0.5)) answer('aborted', failed); // Otherwise it never answers.
        });
        return;
      }
      if (fate === 'writesLate') {
        const lateMs = random.between(options.deliverTimeoutMs / 4, options.deliverTimeoutMs * random.pick([1, 10]));
        scheduler.timer(network, lateMs, `${name}: late`, () => {
          coverage.met('shop: wrote late');
          this.#store(change);
          answer('late', resolve);
        });
        return;
      }
      const step = scheduler.park(network, 'call', `${name}: ${fate}`, () => {
        over = true;
        by.underWay.delete(step);
        coverage.met(fate === 'ok' ? 'shop: took it' : fate === 'fails' ? 'shop: failed' : 'shop: failed after effect');
        if (fate !== 'fails') this.#store(change);
        answer(fate, fate === 'ok' ? resolve : failed);
      });
      by.underWay.add(step);
      signal.addEventListener('abort', () => {
        coverage.met('attempt aborted');
        if (over || !by.underWay.delete(step)) return;
        scheduler.cancel(step);
        answer('aborted', failed);
      });
    });
  }

  #drawFate(): Fate {
    const { fails, failsAfterEffect, hangs, writesLate } = this.#world.options.shop;
    if (this.#world.fault(fails)) return 'fails';
    if (this.#world.fault(failsAfterEffect)) return 'failsAfterEffect';
    if (this.#world.fault(hangs)) return 'hangs';
    return this.#world.fault(writesLate) ? 'writesLate' : 'ok';
  }

  /** Stores a delivery, as the shop does in one transaction. */
  #store({ membershipId, sequence, status }: MembershipChange): void {
    const stored = this.memberships.get(membershipId);
    if (stored !== undefined && stored.sequence >= sequence) {
      if (stored.sequence > sequence) this.#world.coverage.met('shop: older write passed over');
      return;
    }
    this.memberships.set(membershipId, { sequence, status });
    this.#noNewerStateWasUndone(membershipId, stored);
  }

  #noNewerStateWasUndone(membershipId: string, before: MembershipRow | undefined): void {
    const now = this.sequenceOf(membershipId);
    if (before && now < before.sequence)
      this.#world.report('law 9: newest decision wins', `${membershipId} went from ${before.sequence} back to ${now}`);
  }

  #attemptsOf(by: Incarnation): Map<string, Attempt> {
    const known = this.#attempts.get(by) ?? new Map<string, Attempt>();
    this.#attempts.set(by, known);
    return known;
  }

  /** Checks a delivery: it was decided, is the newest decision that the process knows, and the process may deliver it. */
  #audit(by: Incarnation, change: MembershipChange): void {
    const { membershipId, sequence } = change;
    const broken = (law: string, message: string): void =>
      this.#world.report(law, `${by.party.name} delivers ${membershipId}:${sequence}: ${message}`);
    const order = this.#log().orders.get(membershipId);
    const decision = order?.decisions[sequence - 1];
    const decided = {
      membershipId,
      memberId: order?.placed?.memberId,
      plan: order?.placed?.plan,
      change: decision?.change,
      status: decision?.status,
      sequence,
      paidAt: change.paidAt,
      idempotencyKey: `${membershipId}:${sequence}`,
    };
    if (textOf(change) !== textOf(decided))
      broken('law 9: what is delivered was decided', `${textOf(change)}, decided was ${textOf(decided)}`);
    if (!decision?.deliverers.has(by)) broken('only its owner delivers', 'it neither decided it nor took it over');
    const last = this.#attemptsOf(by).get(membershipId);
    if (!last) return;
    if (last.sequence > sequence) broken('newest first', `after ${last.sequence}`);
    const ranMs = this.#world.scheduler.nowMs - last.startedAtMs;
    if (!last.ended && ranMs < this.#world.options.deliverTimeoutMs) broken('one attempt at a time', `while ${last.sequence} is under way`);
  }
}
