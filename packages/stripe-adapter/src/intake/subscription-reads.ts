// What is read at Stripe before a statement about a subscription is recorded, and whether its time is to be believed.
import { LedgerError } from '@paidonce/ledger';
import {
  defined,
  type LookOutcome,
  type SubscriptionObservation,
  type SubscriptionPolicy,
  type SubscriptionReference,
  type SubscriptionStatement,
} from '@paidonce/ledger/adapter';
import type { Unread } from '../mapping/billing-reading.ts';
import type { Provenance } from '../mapping/provenance.ts';
import type { MappedSubscription } from '../mapping/to-subscription-observation.ts';
import type { StripeCalls } from '../stripe/stripe-calls.ts';
import { readProvenance } from './answer-provenance.ts';
import type { OwnedSubscription, SubscriptionLedger } from './known-subscriptions.ts';
import { mapWhole, paidIn } from './map-whole.ts';
import type { OurLedger } from './our-ledger.ts';
import { inDoubt, type ProviderClock } from './provider-clock.ts';
import { isMoneyBack, news, readBefore, without } from './read-before.ts';
import { type BegunLook, lookAtSubscription, type SeenSubscription } from './subscription-look.ts';

export interface From {
  readonly owner: OwnedSubscription | undefined;
  readonly reference: SubscriptionReference;
  readonly provenance: Provenance;
  readonly calls: StripeCalls;
}

/** What is observed at once. */
export type Told = Omit<SubscriptionObservation, 'source'> & { readonly unreadable: readonly Unread[] };

export interface SubscriptionReadsParts {
  readonly subscriptions: SubscriptionLedger;
  readonly plans: SubscriptionPolicy['plans'];
  readonly ourLedger: OurLedger;
  readonly clock: ProviderClock;
}

export class SubscriptionReads {
  readonly #parts: SubscriptionReadsParts;

  constructor(parts: SubscriptionReadsParts) {
    this.#parts = parts;
  }

  /** The statements as they are recorded, after the reads that come first. */
  async before(begun: BegunLook, { owner, reference, provenance, calls }: From): Promise<Told> {
    const { plans, ourLedger } = this.#parts;
    const linked = owner?.reference?.id === reference.id ? owner : undefined;
    const mapped = { ...begun.mapped, statements: news(begun.mapped.statements, linked) };
    const isCopy = provenance.form === 'snapshot';
    const before = readBefore(mapped, linked && { ...linked, plans }, isCopy, await this.#nowFor(mapped, isCopy, calls));
    const has = (kind: 'lifecycle' | 'invoice'): boolean => mapped.statements.some(({ fact }) => fact.kind === kind);
    // Who asked for it by its session, or by its id, has made the first read of the look. A list shows no invoice, and the newest one
    // may be older than those that a look lists.
    const isBegun = !isCopy && has('lifecycle') && (linked === undefined || has('invoice'));
    const asked = before === 'look' ? await this.look(reference, linked, calls, isBegun ? begun : undefined) : undefined;
    const answer = before === 'subscription' ? await calls.billing.object('subscription', reference.id) : undefined;
    const known = paidIn(linked?.invoices);
    const now = answer && (await mapWhole(answer.object, readProvenance(answer, provenance), ourLedger.scope, calls.billing, known));
    // What was paid may be over by now, though it was not when the event was made.
    const isOver = now !== undefined && readBefore(now.mapped, linked && { ...linked, plans }, false) === 'look';
    const read =
      answer && isOver ? await this.look(reference, linked, calls, { mapped: now.mapped, reads: [answer, ...now.reads] }) : asked;
    if (read?.isPartlyDated) throw partlyDated();
    // Where Stripe has it no more, what the copy says is all that there is.
    const newer = read ?? now?.mapped;
    const kept = newer ? without(mapped.statements, newer.statements) : mapped.statements;
    const statements = [
      ...(await this.inTime(kept, isCopy ? 'event' : 'read', calls)),
      ...(await this.inTime(newer?.statements ?? [], 'read', calls)),
    ];
    const unreadable = [...mapped.unreadable, ...(newer?.unreadable ?? [])];
    return { subscription: reference, statements, unreadable, ...defined({ look: read?.look }) };
  }

  /** Stripe's time, where it decides: money back that an event tells may come after the end. Undefined: nobody can say. */
  async #nowFor({ statements }: Pick<MappedSubscription, 'statements'>, isCopy: boolean, calls: StripeCalls): Promise<string | undefined> {
    if (!isCopy || !statements.some(({ fact }) => isMoneyBack(fact))) return undefined;
    return (await this.#parts.clock.heard(() => calls.now()))?.toISOString();
  }

  /** Undefined: Stripe has no such subscription. */
  async look(
    reference: SubscriptionReference,
    known: OwnedSubscription | undefined,
    calls: StripeCalls,
    begun?: BegunLook,
  ): Promise<SeenSubscription | undefined> {
    const { plans, ourLedger, subscriptions } = this.#parts;
    const at = { subscription: reference, plans, ...defined({ paidThrough: known?.paidThrough, invoices: known?.invoices }) };
    let outcome: LookOutcome = 'failed';
    try {
      const seen = await lookAtSubscription(at, ourLedger.scope, calls.billing, begun);
      outcome = seen.outcome === 'seen' && seen.look === undefined ? 'undated' : seen.outcome;
      return seen.outcome === 'missing' ? undefined : seen;
    } finally {
      subscriptions.countLook(outcome);
    }
  }

  /** Those whose time is in doubt count, and move no time. @throws LedgerError `provider_unavailable`: a state of which that is so. */
  async inTime(
    statements: readonly SubscriptionStatement[],
    origin: 'event' | 'read',
    calls: StripeCalls,
  ): Promise<readonly SubscriptionStatement[]> {
    const taken: SubscriptionStatement[] = [];
    for (const statement of statements) {
      const isDoubtful = statement.doubtful ?? (await this.#parts.clock.isDoubtful(statement.asOf, origin, () => calls.now()));
      taken.push(...(isDoubtful ? inDoubt([statement]) : [statement]));
    }
    return taken;
  }
}

export function partlyDated(): LedgerError {
  const message = 'Stripe did not say of every answer when it gave it (no Date). Nothing was recorded; ask again';
  return new LedgerError('provider_unavailable', message);
}
