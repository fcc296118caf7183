// From an object of Stripe into the ledger, by one path for webhook, poll and status query: map it, find its owner, read
// what it leaves open, then observe. What cannot be read is recorded by id. If Stripe or the store did not answer, the
// error is thrown, so that the source comes again.

import { LedgerError, type Logger, type ObserveResult, type PaymentLedger, type Statement } from '@paidonce/ledger';
import { defined } from '@paidonce/ledger/adapter';
import { type Claim, claimOf } from '../mapping/claim.ts';
import type { ObjectContext, Provenance } from '../mapping/provenance.ts';
import { type Mapped, toObservation } from '../mapping/to-observation.ts';
import type { Accounts } from '../stripe/accounts.ts';
import type { Answer, ListPage, ReadableType } from '../stripe/stripe-calls.ts';
import { isNotAllowed } from '../stripe/stripe-failure.ts';
import { identityOf } from '../stripe/stripe-objects.ts';
import type { NotOursCache } from './not-ours-cache.ts';
import type { OurLedger } from './our-ledger.ts';
import { type Ownership, resolveOwnership } from './ownership.ts';
import type { SiblingSessions } from './sibling-sessions.ts';
import { type StaleSnapshot, staleSnapshot } from './stale-snapshot.ts';
import { recordUnreadable, type Unreadable } from './unreadable.ts';

/** `not_ours`: another app's payment. `ignored`: no fact about a payment. `unreadable`: recorded by id. */
export type IntakeResult = ObserveResult | { readonly outcome: 'not_ours' | 'ignored' | 'unreadable' };

export interface IntakeParts {
  readonly ledger: PaymentLedger;
  readonly accounts: Accounts;
  readonly siblings: SiblingSessions;
  readonly ourLedger: OurLedger;
  readonly log: Logger;
  /** For sources that list the same objects again and again. Absent: no cache. */
  readonly notOurs?: NotOursCache;
}

type Ours = Extract<Ownership, { ours: true }>;
type Named = Omit<Unreadable, 'path'>;

export class Intake {
  readonly #parts: IntakeParts;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  /**
   * Takes in one object.
   *
   * @throws LedgerError `provider_unavailable` or a code of the store: nothing is known, and the source must come again.
   */
  take(object: unknown, provenance: Provenance): Promise<IntakeResult> {
    return this.#recordForbidden(object, named(object), provenance, () => this.#mapAndRoute(object, provenance));
  }

  async #mapAndRoute(object: unknown, provenance: Provenance): Promise<IntakeResult> {
    const { ourLedger, log } = this.#parts;
    const stale = staleSnapshot(object, provenance);
    if (stale) return this.#reread(object, stale, provenance);
    const mapped = toObservation(object, provenance, ourLedger.scope);
    if (mapped.kind === 'ignored') {
      log.info({ because: mapped.because, eventId: provenance.eventId }, 'an object of Stripe was ignored');
      return { outcome: 'ignored' };
    }
    const ownership: Ownership =
      provenance.orderId === undefined ? await this.#whose(mapped.claim, provenance) : { ours: true, orderId: provenance.orderId };
    if (ownership.ours) return this.#observeOurs(object, mapped, ownership, provenance);
    // Without an id its owner cannot be found, and nothing else would record it.
    if (mapped.kind === 'not_understood' && mapped.objectId === undefined) return this.recordUnreadable(object, mapped, provenance);
    return { outcome: 'not_ours' };
  }

  /** Takes in an object of which only the id is known, as thin events report it. @throws LedgerError as `take`. */
  takeById(type: ReadableType, id: string, provenance: Provenance): Promise<IntakeResult> {
    return this.#recordForbidden(undefined, { type, objectId: id }, provenance, () => this.#readAndRoute(type, id, provenance));
  }

  async #readAndRoute(type: ReadableType, id: string, provenance: Provenance): Promise<IntakeResult> {
    const { accounts, ledger } = this.#parts;
    const answer = await (await accounts.calls(provenance.account)).object(type, id);
    if (answer) return this.#mapAndRoute(answer.object, readProvenance(answer, provenance));
    return (await ledger.orderOf(id))
      ? this.recordUnreadable(undefined, { objectId: id, type, path: 'related_object' }, provenance)
      : { outcome: 'not_ours' };
  }

  /** Records by id an object that cannot be read. @throws LedgerError of the store. */
  recordUnreadable(object: unknown, unreadable: Unreadable, context: Partial<ObjectContext>): Promise<IntakeResult> {
    return recordUnreadable(this.#parts.ledger, JSON.stringify(object) ?? '', unreadable, context);
  }

  /** A retry gives our key no right that it lacks: a person must grant it, and `recheck` then reads the object. */
  async #recordForbidden(object: unknown, name: Named, provenance: Provenance, take: () => Promise<IntakeResult>): Promise<IntakeResult> {
    try {
      return await take();
    } catch (error) {
      if (!isNotAllowed(error)) throw error;
      this.#parts.log.error(
        { err: error, ...name, eventId: provenance.eventId },
        'our key may not read what tells of an object; it is kept by id',
      );
      return this.recordUnreadable(object, { ...name, path: 'permission' }, provenance);
    }
  }

  /** A copy that may be out of date, or in another shape. If it is ours, the object as it is now decides. */
  async #reread(copy: unknown, { type, id }: StaleSnapshot, provenance: Provenance): Promise<IntakeResult> {
    const { scope } = this.#parts.ourLedger;
    const ownership = await this.#whose(claimOf(identityOf(copy), scope), provenance);
    if (!ownership.ours) return { outcome: 'not_ours' };
    const answer = await this.#readAgain(type, id, provenance);
    if (answer) return this.#observeAnswer(answer, ownership, provenance);
    if (provenance.form === 'foreign_snapshot') return this.recordUnreadable(copy, { objectId: id, type, path: 'api_version' }, provenance);
    const mapped = toObservation(copy, provenance, scope);
    return mapped.kind === 'ignored' ? { outcome: 'ignored' } : this.#observeOurs(copy, mapped, ownership, provenance);
  }

  /** Undefined: there is none, or our key may not read it, and asking again would not help. */
  async #readAgain(type: ReadableType, id: string, provenance: Provenance): Promise<Answer | undefined> {
    const { accounts, log } = this.#parts;
    try {
      return await (await accounts.calls(provenance.account)).object(type, id);
    } catch (error) {
      if (!isNotAllowed(error)) throw error;
      log.warn({ err: error, objectId: id }, 'our key may not read an object that an event speaks of; the copy in the event counts');
      return undefined;
    }
  }

  #whose(claim: Claim, { account }: Provenance): Promise<Ownership> {
    const { accounts } = this.#parts;
    return resolveOwnership(claim, { ...this.#parts, intent: async (id) => (await accounts.calls(account)).intent(id) });
  }

  /** Observes an object that was read because the source left a question open. */
  async #observeAnswer(answer: Answer, ours: Ours, provenance: Provenance): Promise<IntakeResult> {
    const read = readProvenance(answer, provenance);
    const mapped = toObservation(answer.object, read, this.#parts.ourLedger.scope);
    if (mapped.kind === 'ignored') return { outcome: 'ignored' };
    const { orderId } = await this.#parts.ourLedger.judge(mapped.claim);
    return this.#observeOurs(answer.object, mapped, namingOrder(ours, orderId), read);
  }

  async #observeOurs(
    object: unknown,
    mapped: Exclude<Mapped, { kind: 'ignored' }>,
    ours: Ours,
    provenance: Provenance,
  ): Promise<IntakeResult> {
    const calls = await this.#parts.accounts.calls(provenance.account);
    switch (mapped.kind) {
      case 'not_understood':
        return this.recordUnreadable(object, mapped, provenance);
      case 'read_session': {
        // What Stripe answered just now came with its payment intent, where there is one: asking again would not end.
        const session = provenance.form === undefined ? undefined : await calls.session(mapped.sessionId);
        if (session) return this.#observeAnswer(session, ours, provenance);
        return this.recordUnreadable(object, { objectId: mapped.sessionId, type: 'checkout.session', path: 'payment_intent' }, provenance);
      }
      case 'list_refunds': {
        const refunds = await calls.refunds(mapped.of);
        return refunds
          ? this.#observeRefunds(refunds, ours, provenance)
          : this.recordUnreadable(object, { ...named(object), path: 'refunds' }, provenance);
      }
      case 'statement': {
        const { statement } = mapped;
        if (!mapped.partsUnknown || (await this.#isAsExpected(statement, ours))) return this.#observe(object, statement, ours, provenance);
        const session = await calls.sessionOfIntent(statement.payment.id);
        return session ? this.#observeAnswer(session, ours, provenance) : this.#observe(object, statement, ours, provenance);
      }
    }
  }

  async #observeRefunds(answer: Answer<ListPage>, ours: Ours, provenance: Provenance): Promise<IntakeResult> {
    const read = readProvenance(answer, provenance);
    let best: IntakeResult = { outcome: 'ignored' };
    for (const refund of answer.object.objects) {
      const mapped = toObservation(refund, read, this.#parts.ourLedger.scope);
      if (mapped.kind === 'statement') best = stronger(best, await this.#observe(refund, mapped.statement, ours, read));
      if (mapped.kind === 'not_understood') best = stronger(best, await this.recordUnreadable(refund, mapped, read));
    }
    return best;
  }

  /** True if the intent alone is enough. It states no discount, tax or shipping, so its total must be the order's price. */
  async #isAsExpected({ payment, fact }: Statement, { orderId }: Ours): Promise<boolean> {
    if (fact.kind !== 'attempt' || fact.status !== 'paid') return true;
    const { ledger } = this.#parts;
    const order = (await ledger.orderOf(payment.id)) ?? (orderId === undefined ? undefined : await ledger.order(orderId));
    return order !== undefined && fact.amount.totalMinor === order.expected.amountMinor && fact.amount.currency === order.expected.currency;
  }

  async #observe(object: unknown, statement: Statement, { orderId }: Ours, provenance: Provenance): Promise<IntakeResult> {
    const { ledger, siblings, log } = this.#parts;
    const { source } = provenance;
    try {
      const result = await ledger.observePayment({ ...statement, ...defined({ orderId }), source });
      if (result.outcome === 'granted' || result.outcome === 'restored') siblings.expireSoon(result.orderId);
      return result;
    } catch (error) {
      // What the ledger refuses now, it would refuse at each retry.
      if (!(error instanceof LedgerError && error.code === 'invalid_input')) throw error;
      const { objectId } = statement.evidence;
      log.error({ err: error, objectId }, 'the ledger cannot take what Stripe says; it is kept by id');
      return this.recordUnreadable(object, { objectId, type: statement.fact.kind, path: 'observation' }, provenance);
    }
  }
}

function named(object: unknown): Named {
  const { id, object: type = 'unknown' } = identityOf(object);
  return { type, ...defined({ objectId: id }) };
}

/** The provenance of an answer. Its mode carries over to what it leads to: a charge states one, and its refunds do not. */
function readProvenance({ object, asOf, apiVersion }: Answer, { form: _, apiVersion: __, ...provenance }: Provenance): Provenance {
  const stated = typeof object === 'object' && object !== null && 'livemode' in object ? object.livemode : undefined;
  const livemode = provenance.livemode ?? (typeof stated === 'boolean' ? stated : undefined);
  return { ...provenance, asOf, ...defined({ livemode, apiVersion }) };
}

function namingOrder(ours: Ours, orderId: string | undefined): Ours {
  return ours.orderId === undefined && orderId !== undefined ? { ours: true, orderId } : ours;
}

const weakest: readonly IntakeResult['outcome'][] = ['ignored', 'not_ours', 'unreadable', 'duplicate', 'held'];

/** One event may lead to several objects: report the outcome that changed most. */
function stronger(a: IntakeResult, b: IntakeResult): IntakeResult {
  const rank = ({ outcome }: IntakeResult) => (weakest.includes(outcome) ? weakest.indexOf(outcome) : weakest.length);
  return rank(b) > rank(a) ? b : a;
}
