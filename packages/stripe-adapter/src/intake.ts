// From an object of Stripe into the ledger, the same way for webhook, poll and status query: map it, find out whose
// it is, read what it leaves open, then observe. What cannot be read is kept by id; what Stripe or the store could
// not answer is thrown, so that the source comes again.
import { createHash } from 'node:crypto';
import { LedgerError, type Log, type ObserveResult, type PaymentLedger, type Statement } from '@paidonce/ledger';
import type { SiblingSessions } from './sibling-sessions.ts';
import type { Answer, ListPage, StripeCalls } from './stripe-calls.ts';
import { type Mapped, type Seen, toObservation } from './to-observation.ts';
import { type Ownership, whatIsOurs } from './what-is-ours.ts';

export type StripeSource = 'webhook' | 'poll' | 'status_query';
export type Taken = ObserveResult | { readonly outcome: 'not_ours' | 'ignored' | 'unreadable' };

export interface IntakeParts {
  readonly ledger: PaymentLedger;
  readonly calls: StripeCalls;
  readonly siblings: SiblingSessions;
  readonly scope: string;
  readonly log: Log;
}

type Ours = Extract<Ownership, { ours: true }>;
/** How an object came to us. */
type Way = Seen & { readonly source: StripeSource };
type Unreadable = { readonly objectId?: string; readonly type: string; readonly path: string };

export class Intake {
  readonly #parts: IntakeParts;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  /** @throws LedgerError of the ledger, and `provider_unavailable`: then nothing is known, and the source must come again. */
  async take(object: unknown, way: Way): Promise<Taken> {
    const { scope, log } = this.#parts;
    const mapped = toObservation(object, way, scope);
    if (mapped.kind === 'ignored') {
      log.info({ because: mapped.because, eventId: way.eventId }, 'an object of Stripe was ignored');
      return { outcome: 'ignored' };
    }
    const ownership = await whatIsOurs(mapped.claim, this.#parts);
    if (ownership.ours) return this.#takeOurs(object, mapped, ownership, way);
    // Without an id nobody can tell whose it is, so nobody else would keep it.
    if (mapped.kind === 'not_understood' && mapped.objectId === undefined) return this.keep(object, mapped, way);
    return { outcome: 'not_ours' };
  }

  /** By id and digest, never the body: it may hold personal data. */
  async keep(
    object: unknown,
    { objectId, type, path }: Unreadable,
    { account, livemode, eventId, apiVersion }: Partial<Seen>,
  ): Promise<Taken> {
    const sha256 = createHash('sha256')
      .update(JSON.stringify(object) ?? '')
      .digest('hex');
    await this.#parts.ledger.recordUnreadable({
      objectId: objectId ?? eventId ?? `sha256:${sha256}`,
      type,
      path,
      sha256,
      ...(account === undefined ? {} : { account }),
      ...(livemode === undefined ? {} : { livemode }),
      ...(eventId === undefined ? {} : { eventId }),
      ...(apiVersion === undefined ? {} : { apiVersion }),
    });
    return { outcome: 'unreadable' };
  }

  async #takeOurs(object: unknown, mapped: Exclude<Mapped, { kind: 'ignored' }>, ours: Ours, way: Way): Promise<Taken> {
    const { calls } = this.#parts;
    switch (mapped.kind) {
      case 'not_understood':
        return this.keep(object, mapped, way);
      case 'read_session': {
        const session = await calls.session(mapped.sessionId);
        if (session) return this.#takeSession(session, ours, way);
        return this.keep(object, { objectId: mapped.sessionId, type: 'checkout.session', path: 'payment_intent' }, way);
      }
      case 'list_refunds':
        return this.#takeRefunds(await calls.refunds(mapped.of), ours, way);
      case 'statement': {
        const { statement } = mapped;
        if (!mapped.partsUnknown || (await this.#isAsExpected(statement, ours))) return this.#observe(object, statement, ours, way);
        const session = await calls.sessionOfIntent(statement.payment.id);
        return session ? this.#takeSession(session, ours, way) : this.#observe(object, statement, ours, way);
      }
    }
  }

  /** Read with its payment intent, where an event left a question. */
  async #takeSession(answer: Answer, ours: Ours, way: Way): Promise<Taken> {
    const mapped = toObservation(answer.object, seenByRead(answer, way), this.#parts.scope);
    switch (mapped.kind) {
      case 'statement':
        return this.#observe(answer.object, mapped.statement, namingOrder(ours, mapped.claim.orderId), way);
      case 'ignored':
        return { outcome: 'ignored' };
      case 'not_understood':
        return this.keep(answer.object, mapped, way);
      default: // It cannot ask for its payment intent again.
        return this.keep(answer.object, { type: 'checkout.session', path: 'payment_intent' }, way);
    }
  }

  async #takeRefunds(answer: Answer<ListPage>, ours: Ours, way: Way): Promise<Taken> {
    let best: Taken = { outcome: 'ignored' };
    for (const refund of answer.object.objects) {
      const mapped = toObservation(refund, seenByRead(answer, way), this.#parts.scope);
      if (mapped.kind === 'statement') best = stronger(best, await this.#observe(refund, mapped.statement, ours, way));
      if (mapped.kind === 'not_understood') best = stronger(best, await this.keep(refund, mapped, way));
    }
    return best;
  }

  /** A payment intent knows no discount, tax or shipping: alone it is judged only where its total leaves no question. */
  async #isAsExpected({ payment, fact }: Statement, { orderId }: Ours): Promise<boolean> {
    if (fact.kind !== 'attempt' || fact.status !== 'paid') return true;
    const { ledger } = this.#parts;
    const order = (await ledger.orderOf(payment.id)) ?? (orderId === undefined ? undefined : await ledger.order(orderId));
    return order !== undefined && fact.amount.totalMinor === order.expected.amountMinor && fact.amount.currency === order.expected.currency;
  }

  async #observe(object: unknown, statement: Statement, { orderId }: Ours, way: Way): Promise<Taken> {
    const { ledger, siblings, log } = this.#parts;
    const { source } = way;
    try {
      const result = await ledger.observePayment({ ...statement, ...(orderId === undefined ? {} : { orderId }), source });
      if (result.outcome === 'granted' || result.outcome === 'restored') siblings.expireSoon(result.orderId);
      return result;
    } catch (error) {
      // What the ledger refuses now, it would refuse at each retry.
      if (!(error instanceof LedgerError && error.code === 'invalid_input')) throw error;
      const { objectId } = statement.evidence;
      log.error({ err: error, objectId }, 'the ledger cannot take what Stripe says; it is kept by id');
      return this.keep(object, { objectId, type: statement.fact.kind, path: 'observation' }, way);
    }
  }
}

function seenByRead({ asOf, apiVersion }: Answer, { account, livemode, eventId, happenedAt }: Seen): Seen {
  return {
    account,
    asOf,
    ...(livemode === undefined ? {} : { livemode }),
    ...(eventId === undefined ? {} : { eventId }),
    ...(happenedAt === undefined ? {} : { happenedAt }),
    ...(apiVersion === undefined ? {} : { apiVersion }),
  };
}

function namingOrder(ours: Ours, orderId: string | undefined): Ours {
  return ours.orderId === undefined && orderId !== undefined ? { ours: true, orderId } : ours;
}

const weakest: readonly Taken['outcome'][] = ['ignored', 'not_ours', 'unreadable', 'duplicate', 'held'];

/** Of several objects behind one event, the one that changed most answers for it. */
function stronger(a: Taken, b: Taken): Taken {
  const rank = ({ outcome }: Taken) => (weakest.includes(outcome) ? weakest.indexOf(outcome) : weakest.length);
  return rank(b) > rank(a) ? b : a;
}
