// From an object of Stripe into the ledger, by one path for webhook, poll and status query. If Stripe or the store did not
// answer, the error is thrown, so that the source comes again. One object:
//   1. If it may be out of date or in another shape, find its owner and read it again; then steps 2, 4 and 5 for the answer.
//   2. Map it. If it states no fact about a payment, it is ignored.
//   3. Find the order that owns it, unless the source names one. If it is not ours, nothing is recorded.
//   4. Read at Stripe what it leaves open: the whole session, the list of refunds, the parts of an amount.
//   5. Observe the fact in the ledger.
//   6. What cannot be read, or the ledger refuses, is recorded by id.

import { LedgerError, type Logger, type PaymentLedger, type Statement } from '@paidonce/ledger';
import { defined, isPaid } from '@paidonce/ledger/adapter';
import { type Claim, claimOf } from '../mapping/claim.ts';
import type { ObjectContext, Provenance } from '../mapping/provenance.ts';
import { type Mapped, toObservation } from '../mapping/to-observation.ts';
import type { Accounts } from '../stripe/accounts.ts';
import type { ReadableType } from '../stripe/readable-types.ts';
import type { StripeCalls } from '../stripe/stripe-calls.ts';
import { isNotAllowed } from '../stripe/stripe-failure.ts';
import { identityOf } from '../stripe/stripe-objects.ts';
import type { Answer, ListPage } from '../stripe/stripe-request.ts';
import { readProvenance } from './answer-provenance.ts';
import { recordForbidden } from './forbidden.ts';
import { type IntakeResult, stronger } from './intake-result.ts';
import type { NotOursCache } from './not-ours-cache.ts';
import type { OurLedger } from './our-ledger.ts';
import { namingOrder, type Ours, type Ownership, resolveOwnership } from './ownership.ts';
import { paidInvoice } from './paid-invoice.ts';
import type { SiblingSessions } from './sibling-sessions.ts';
import { type StaleSnapshot, staleSnapshot } from './stale-snapshot.ts';
import type { SubscriptionIntake } from './subscription-intake.ts';
import { named, recordUnreadable, type Unreadable } from './unreadable.ts';

export interface IntakeParts {
  readonly ledger: PaymentLedger;
  readonly accounts: Accounts;
  readonly siblings: SiblingSessions;
  readonly ourLedger: OurLedger;
  readonly log: Logger;
  /** Absent: no cache, for a person who asks. */
  readonly notOurs?: NotOursCache;
  /** Absent: the ledger keeps no subscriptions. */
  readonly subscriptions?: Pick<SubscriptionIntake, 'take' | 'takeMoneyBack'>;
}

export class Intake {
  readonly #parts: IntakeParts;
  /** Key: the id of a payment intent that is being read. */
  readonly #reading = new Map<string, Promise<Answer | undefined>>();

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  /**
   * Takes in one object.
   *
   * @throws LedgerError `provider_unavailable` or a code of the store: nothing is known, and the source must come again.
   */
  take(object: unknown, provenance: Provenance): Promise<IntakeResult> {
    return recordForbidden(this.#parts, object, named(object), provenance, () => this.#mapAndRoute(object, provenance));
  }

  async #mapAndRoute(object: unknown, provenance: Provenance): Promise<IntakeResult> {
    const { ourLedger, log } = this.#parts;
    // 1
    const stale = staleSnapshot(object, provenance);
    if (stale) return this.#reread(object, stale, provenance);
    // 2
    const mapped = toObservation(object, provenance, ourLedger.scope);
    if (mapped.kind === 'ignored') {
      log.info({ because: mapped.because, eventId: provenance.eventId }, 'an object of Stripe was ignored');
      return { outcome: 'ignored' };
    }
    // 3
    const ownership: Ownership =
      provenance.orderId === undefined ? await this.#whose(mapped.claim, provenance) : { ours: true, orderId: provenance.orderId };
    const isAttempt = mapped.kind === 'statement' && mapped.statement.fact.kind === 'attempt';
    if (isAttempt && ownership.ours && ownership.ofSubscription) return { outcome: 'ignored' }; // Of it the invoice speaks.
    if (ownership.ours) return this.#observeOurs(object, mapped, ownership, provenance);
    // 6: Without an id its owner cannot be found, and nothing else would record it.
    if (mapped.kind === 'not_understood' && mapped.objectId === undefined) return this.recordUnreadable(object, mapped, provenance);
    return { outcome: 'not_ours' };
  }

  /** Takes in an object of which only the id is known, as thin events report it. @throws LedgerError as `take`. */
  takeById(type: ReadableType, id: string, provenance: Provenance): Promise<IntakeResult> {
    return recordForbidden(this.#parts, undefined, { type, objectId: id }, provenance, () => this.#readAndRoute(type, id, provenance));
  }

  async #readAndRoute(type: ReadableType, id: string, provenance: Provenance): Promise<IntakeResult> {
    const { accounts, ledger, notOurs, subscriptions } = this.#parts;
    const answer = await (await accounts.calls(provenance.account)).object(type, id);
    if (answer) {
      const result = await this.#mapAndRoute(answer.object, readProvenance(answer, provenance));
      // Its refunds need not read it again. With subscriptions it may be of an invoice, which is asked then.
      if (type === 'payment_intent' && result.outcome === 'not_ours' && !subscriptions) notOurs?.add(id);
      return result;
    }
    return (await ledger.orderOf(id))
      ? this.recordUnreadable(undefined, { objectId: id, type, path: 'related_object' }, provenance)
      : { outcome: 'not_ours' };
  }

  /** Records by id an object that cannot be read. @throws LedgerError of the store. */
  recordUnreadable(object: unknown, unreadable: Unreadable, context: Partial<ObjectContext>): Promise<IntakeResult> {
    return recordUnreadable(this.#parts.ledger, JSON.stringify(object) ?? '', unreadable, context);
  }

  /** A copy that may be out of date, or in another shape. If it is ours, the object as it is now decides. */
  async #reread(copy: unknown, { type, id }: StaleSnapshot, provenance: Provenance): Promise<IntakeResult> {
    const { scope } = this.#parts.ourLedger;
    const ownership = await this.#whose(claimOf(identityOf(copy), scope), provenance);
    if (!ownership.ours) return { outcome: 'not_ours' };
    if (ownership.ofSubscription && type === 'payment_intent') return { outcome: 'ignored' };
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

  #whose(claim: Claim, provenance: Provenance): Promise<Ownership> {
    return resolveOwnership(claim, {
      ...this.#parts,
      intent: (id) => this.#intent(id, provenance.account),
      paidInvoice: (id) => paidInvoice(id, provenance, this.#parts),
    });
  }

  /** Reads an intent once for all who ask at the same time, as the webhooks of one refund do. */
  #intent(id: string, account: string): Promise<Answer | undefined> {
    const underWay = this.#reading.get(id);
    if (underWay) return underWay;
    const reading = this.#parts.accounts.calls(account).then((calls) => calls.intent(id));
    this.#reading.set(id, reading);
    const end = (): boolean => this.#reading.delete(id);
    reading.then(end, end);
    return reading;
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
    const calls = (): Promise<StripeCalls> => this.#parts.accounts.calls(provenance.account);
    // 4
    switch (mapped.kind) {
      case 'not_understood':
        return this.recordUnreadable(object, mapped, provenance);
      case 'read_session': {
        // What Stripe answered just now came with its payment intent, where there is one: asking again would not end.
        const session = provenance.form === undefined ? undefined : await (await calls()).session(mapped.sessionId);
        if (session) return this.#observeAnswer(session, ours, provenance);
        return this.recordUnreadable(object, { objectId: mapped.sessionId, type: 'checkout.session', path: 'payment_intent' }, provenance);
      }
      case 'list_refunds': {
        const refunds = await (await calls()).refunds(mapped.of);
        return refunds
          ? this.#observeRefunds(refunds, ours, provenance)
          : this.recordUnreadable(object, { ...named(object), path: 'refunds' }, provenance);
      }
      case 'statement': {
        const { statement } = mapped;
        if (!mapped.partsUnknown || (await this.#isAsExpected(statement, ours))) return this.#observe(object, statement, ours, provenance);
        const session = await (await calls()).sessionOfIntent(statement.payment.id);
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
    if (!isPaid(fact)) return true;
    const { knownOrder, knownOrderOf } = this.#parts.ledger.forAdapters;
    const order = (await knownOrderOf(payment.id)) ?? (orderId === undefined ? undefined : await knownOrder(orderId));
    return order !== undefined && fact.amount.totalMinor === order.expected.amountMinor && fact.amount.currency === order.expected.currency;
  }

  /**
   * A refund fails also because a dispute took the money first. The disputes are observed before it, so that access does not
   * come back between the two.
   */
  async #observeDisputes({ payment, fact }: Statement, ours: Ours, provenance: Provenance): Promise<void> {
    if (fact.kind !== 'refund' || fact.status !== 'failed' || !payment.id.startsWith('pi_')) return;
    const { accounts, log, ourLedger } = this.#parts;
    const answer = await (await accounts.calls(provenance.account)).disputes(payment.id).catch((error: unknown) => {
      if (!isNotAllowed(error)) throw error;
      log.warn({ err: error, objectId: fact.id }, 'our key may not list the disputes of a payment whose refund failed');
      return undefined;
    });
    for (const dispute of answer?.object.objects ?? []) {
      const read = readProvenance(answer as Answer, provenance);
      const mapped = toObservation(dispute, read, ourLedger.scope);
      if (mapped.kind === 'statement') await this.#observe(dispute, mapped.statement, ours, read);
    }
  }

  async #observe(object: unknown, statement: Statement, ours: Ours, provenance: Provenance): Promise<IntakeResult> {
    await this.#observeDisputes(statement, ours, provenance);
    const { ledger, siblings, subscriptions, log } = this.#parts;
    // 5
    try {
      const moneyBack = await subscriptions?.takeMoneyBack(statement, object, provenance);
      if (moneyBack) return moneyBack;
      const result = await ledger.observePayment({ ...statement, ...defined({ orderId: ours.orderId }), source: provenance.source });
      if ('orderId' in result && (result.outcome === 'granted' || result.outcome === 'restored')) siblings.expireSoon(result.orderId);
      return result;
    } catch (error) {
      // 6: What the ledger refuses now, it would refuse at each retry.
      if (!(error instanceof LedgerError && error.code === 'invalid_input')) throw error;
      const { objectId } = statement.evidence;
      log.error({ err: error, objectId }, 'the ledger cannot take what Stripe says; it is kept by id');
      return this.recordUnreadable(object, { objectId, type: statement.fact.kind, path: 'observation' }, provenance);
    }
  }
}
