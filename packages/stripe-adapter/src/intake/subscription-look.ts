// A look: the subscription and its invoices, read at Stripe now. Only a look may end what was paid for, so its time is that of its
// first read, by Stripe's clock: whatever was paid before it is then known, whichever object was read first.
import {
  type CoverLine,
  defined,
  type KnownSubscription,
  type PaidInvoice,
  type SubscriptionPolicy,
  type SubscriptionReference,
  type SubscriptionStatement,
  subscriptionFactContent,
} from '@paidonce/ledger/adapter';
import type { Unread } from '../mapping/billing-reading.ts';
import { type SubscriptionClaim, subscriptionClaimOf } from '../mapping/subscription-claim.ts';
import type { MappedSubscription } from '../mapping/to-subscription-observation.ts';
import type { BillingCalls } from '../stripe/billing-calls.ts';
import { identityOf } from '../stripe/stripe-objects.ts';
import { mapWhole, paidIn, type ReadTime, readContext } from './map-whole.ts';
import { isOfPlan } from './plan-lines.ts';

export interface LookedAt {
  readonly subscription: SubscriptionReference;
  readonly plans: SubscriptionPolicy['plans'];
  /** What the ledger holds as paid for. ISO 8601 UTC. Absent: nothing. */
  readonly paidThrough?: string;
  /** The invoices that the ledger holds. Default: none. */
  readonly invoices?: KnownSubscription['invoices'];
  /** True: all invoices are read, whatever the newest one shows. Default false. */
  readonly whole?: boolean;
}

/** `missing`: Stripe has no such subscription in the account and mode, and nothing follows from that. */
export type Look = { readonly outcome: 'missing' } | SeenSubscription;

export interface SeenSubscription {
  readonly outcome: 'seen';
  readonly claim: SubscriptionClaim;
  readonly statements: readonly SubscriptionStatement[];
  /** What was read and not understood: kept by its id. */
  readonly unreadable: readonly Unread[];
  /**
   * The time of the look, ISO 8601 UTC. Absent: the state of the subscription or an invoice was not understood, or Stripe did
   * not say when it answered. Then it says what it says, and may end nothing.
   */
  readonly look?: string;
  /**
   * True: some answers have a `Date`, and others have none. The next look may have its time, and this one must not be recorded: as
   * words it would let in who is over.
   */
  readonly isPartlyDated: boolean;
}

/** Invoices are listed by their creation, and one may be made before its period begins. */
const beforeBeginSeconds = 3 * 24 * 3_600;
/** The ledger takes no more at once. Invoices come newest first. */
const mostStatements = 1_000;

/** A read of the subscription with its newest invoice. */
export interface BegunLook {
  readonly mapped: MappedSubscription;
  /** In the order in which they were made. Never empty. */
  readonly reads: readonly ReadTime[];
}

/**
 * One read of Stripe; another one where the newest invoice does not show by itself that the period was paid.
 *
 * @param begun the first read, where it was made already: just now, by who asks.
 * @throws LedgerError as `StripeCalls`.
 */
export async function lookAtSubscription(at: LookedAt, scope: string, calls: BillingCalls, begun?: BegunLook): Promise<Look> {
  const first = begun ?? (await begin(at, scope, calls));
  if (first === undefined) return { outcome: 'missing' };
  const { id } = at.subscription;
  const statements = [...first.mapped.statements];
  const unreadable = [...first.mapped.unreadable];
  const reads = [...first.reads];
  if (at.whole === true || !statements.some(({ fact }) => fact.kind === 'invoice' && fact.status === 'paid' && paysBeyond(fact, at))) {
    const list = await calls.invoicesOf(id, createdFrom(at));
    if (list === undefined) return { outcome: 'missing' };
    reads.push(list);
    const told = new Set(statements.map(({ fact }) => subscriptionFactContent(fact)));
    const known = new Set([...list.objects.map((invoice) => identityOf(invoice).id), ...paidIn(at.invoices)]);
    for (const invoice of list.objects) {
      // A gateway that drops the filter must not make another member's invoices this one's.
      if (subscriptionClaimOf(invoice, scope).subscription !== id) continue;
      const { mapped, reads: more } = await mapWhole(invoice, readContext(list, at.subscription), scope, calls, known);
      // What was open in the first read may be paid by now.
      const news = mapped.statements.filter(({ fact }) => !told.has(subscriptionFactContent(fact)));
      if (statements.length + news.length > mostStatements) break;
      statements.push(...news);
      unreadable.push(...mapped.unreadable);
      reads.push(...more);
    }
  }
  const { claim } = first.mapped;
  const undated = reads.filter(({ isUndated }) => isUndated === true).length;
  const isPartlyDated = 0 < undated && undated < reads.length;
  return { outcome: 'seen', claim, statements, unreadable, isPartlyDated, ...defined({ look: timeOf(reads, statements, unreadable) }) };
}

async function begin(at: LookedAt, scope: string, calls: BillingCalls): Promise<BegunLook | undefined> {
  const answer = await calls.object('subscription', at.subscription.id);
  if (answer === undefined) return undefined;
  const { mapped, reads } = await mapWhole(answer.object, readContext(answer, at.subscription), scope, calls, paidIn(at.invoices));
  return { mapped, reads: [answer, ...reads] };
}

/** A trial or a free month may count for nothing, and hide an older invoice that was paid with money. */
function paysBeyond({ lines, reason, totalMinor, writtenOffMinor }: PaidInvoice, { paidThrough, plans }: LookedAt): boolean {
  if (totalMinor <= writtenOffMinor) return false;
  // Where an anchor lies ahead, the first stretch is a proration.
  const isBase = ({ role }: CoverLine): boolean => role === 'base' || (role === 'proration' && reason === 'create');
  const pays = (line: CoverLine): boolean => isBase(line) && line.netMinor > 0 && isOfPlan(line, plans);
  return lines.some((line) => pays(line) && (paidThrough === undefined || line.to > paidThrough));
}

/**
 * An invoice may be paid weeks after it was made, as that of a change of plan while the card fails, and pay for a year from then on.
 * So the list begins with the period that runs out; undefined: with the first one, where one that the ledger holds is not paid yet.
 */
function createdFrom({ paidThrough, plans, invoices = [] }: LookedAt): number | undefined {
  if (paidThrough === undefined || invoices.some(({ fact }) => fact.status === 'open' || fact.status === 'uncollectible')) return undefined;
  const lines = invoices.flatMap(({ fact }) => (fact.status === 'paid' ? fact.lines : []));
  const running = lines.filter((line) => isOfPlan(line, plans) && line.from < paidThrough && paidThrough <= line.to);
  const begun = [...running.map(({ from }) => from), paidThrough].toSorted()[0] ?? paidThrough;
  return Math.floor(Date.parse(begun) / 1_000) - beforeBeginSeconds;
}

function timeOf(
  reads: readonly ReadTime[],
  statements: readonly SubscriptionStatement[],
  unreadable: readonly Unread[],
): string | undefined {
  const isUnderstood =
    statements.some(({ fact }) => fact.kind === 'lifecycle') && unreadable.every(({ type }) => type === 'invoice_payment');
  if (!isUnderstood || reads.some(({ isUndated }) => isUndated === true)) return undefined;
  return reads.map(({ asOf }) => asOf).toSorted()[0];
}
