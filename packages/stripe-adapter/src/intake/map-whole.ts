// Maps an object of Stripe Billing with all that it depends on: its lists, since of more than ten lines the first ten come along, and
// the one that pays for the period is the last; and the invoices whose time it credits, where nobody knows them as paid.
import { defined, type KnownSubscription } from '@paidonce/ledger/adapter';
import type { Incomplete, Unread } from '../mapping/billing-reading.ts';
import type { ObjectContext } from '../mapping/provenance.ts';
import { subscriptionClaimOf } from '../mapping/subscription-claim.ts';
import { type MappedSubscription, toSubscriptionObservation } from '../mapping/to-subscription-observation.ts';
import type { BillingCalls } from '../stripe/billing-calls.ts';
import type { Answer } from '../stripe/stripe-request.ts';

/** When an answer was read, by Stripe's clock, and in which version. */
export type ReadTime = Pick<Answer, 'asOf' | 'isUndated' | 'apiVersion'>;

export interface WholeSubscription {
  /** None of its lists is incomplete. */
  readonly mapped: MappedSubscription;
  /** The times of the reads that were made here. */
  readonly reads: readonly ReadTime[];
}

/** The context of what was read just now: no event speaks of it. */
export function readContext(
  { asOf, isUndated, apiVersion }: ReadTime,
  { account, livemode }: Partial<ObjectContext> & Pick<ObjectContext, 'account'>,
): ObjectContext {
  return { account, asOf, ...defined({ livemode, isUndated, apiVersion }) };
}

/**
 * @param known the ids of invoices that the caller reads anyway, or knows as paid.
 * @param holds whether the ledger holds an invoice as it is told: what it credits was read then. Default: no.
 * @throws LedgerError `provider_unavailable`: what it depends on could not be read, and without it nothing is known.
 */
export async function mapWhole(
  object: unknown,
  context: ObjectContext,
  scope: string,
  calls: BillingCalls,
  known: ReadonlySet<string | undefined> = new Set(),
  holds: KnownSubscription['holds'] = () => false,
): Promise<WholeSubscription> {
  const { mapped, reads } = await mapLists(object, context, scope, calls);
  const statements = [...mapped.statements];
  const unreadable = [...mapped.unreadable];
  const allReads = [...reads];
  for (const id of creditedBy(mapped, holds)) {
    if (known.has(id)) continue;
    const invoice = await calls.object('invoice', id);
    if (invoice === undefined || subscriptionClaimOf(invoice.object, scope).subscription !== mapped.claim.subscription) continue;
    const credited = await mapLists(invoice.object, readContext(invoice, context), scope, calls);
    statements.push(...credited.mapped.statements);
    unreadable.push(...credited.mapped.unreadable);
    allReads.push(invoice, ...credited.reads);
  }
  return { mapped: { ...mapped, statements, unreadable }, reads: allReads };
}

/**
 * The invoices whose time these credit, and that come not along. Stripe credits time of an invoice that is still open, too: then nobody
 * has paid for it, and only that invoice shows it. One that was paid gives access again where the other one is refunded.
 */
function creditedBy({ statements }: MappedSubscription, holds: KnownSubscription['holds']): ReadonlySet<string> {
  const along = new Set(statements.flatMap(({ fact }) => (fact.kind === 'invoice' ? [fact.id] : [])));
  const credited = statements.flatMap(({ fact }) =>
    fact.kind === 'invoice' && fact.status === 'paid' && !holds(fact) ? fact.lines.flatMap(({ credits }) => credits ?? []) : [],
  );
  return new Set(credited.filter((id) => !along.has(id)));
}

async function mapLists(object: unknown, context: ObjectContext, scope: string, calls: BillingCalls): Promise<WholeSubscription> {
  const first = toSubscriptionObservation(object, context, scope);
  if (first.incomplete.length === 0) return { mapped: first, reads: [] };
  const reads: ReadTime[] = [];
  const missing: Unread[] = [];
  let whole = object;
  for (const part of first.incomplete) {
    const list = await (part.list === 'lines' ? calls.invoiceLines(part.of) : calls.items(part.of));
    if (list === undefined) missing.push(unreadOf(part));
    else {
      reads.push(list);
      whole = withList(whole, part, list.objects);
    }
  }
  const mapped = toSubscriptionObservation(whole, context, scope);
  return { mapped: { ...mapped, incomplete: [], unreadable: [...mapped.unreadable, ...missing] }, reads };
}

/** Where an object that is meant may stand within the one that was read. */
const within = ['subscription', 'latest_invoice', 'invoice'] as const;

function withList(object: unknown, { list, of }: Incomplete, data: readonly unknown[]): unknown {
  if (typeof object !== 'object' || object === null) return object;
  const fields = object as Readonly<Record<string, unknown>>;
  if (fields['id'] === of) return { ...fields, [list]: { data, has_more: false } };
  const expanded = within.flatMap((name) => (typeof fields[name] === 'object' ? [[name, withList(fields[name], { list, of }, data)]] : []));
  return { ...fields, ...Object.fromEntries(expanded) };
}

function unreadOf({ list, of }: Incomplete): Unread {
  return { type: list === 'lines' ? 'invoice' : 'subscription', objectId: of, path: list };
}

/** The ids of those that the ledger holds as paid: that never changes. */
export function paidIn(invoices: KnownSubscription['invoices'] = []): ReadonlySet<string | undefined> {
  return new Set(invoices.flatMap(({ fact }) => (fact.status === 'paid' ? [fact.id] : [])));
}
