// A subscription as Stripe has it now, for who imports or compares: its state, its invoices with their payments, and what of the
// money went back where access may rest on it. A look, so it may say that something is over.
import type { PaidInvoice, SubscriptionReference, SubscriptionStatement } from '@paidonce/ledger/adapter';
import { mapWhole, type ReadTime, readContext } from '../intake/map-whole.ts';
import type { BegunLook } from '../intake/subscription-look.ts';
import { toObservation } from '../mapping/to-observation.ts';
import { moneyBackOf } from '../mapping/to-subscription-observation.ts';
import type { StripeCalls } from '../stripe/stripe-calls.ts';
import type { BatchContext } from './batch-context.ts';
import { refundsAndDisputesOf } from './refresh-payment.ts';

/** A subscription that was read in full. */
export interface WholeSubscription {
  readonly subscription: SubscriptionReference;
  readonly statements: readonly SubscriptionStatement[];
  /** The time of its first read, by Stripe's clock. ISO 8601 UTC. */
  readonly look: string;
}

export type ReadSubscription = WholeSubscription | { readonly problem: string };

/** Why a subscription cannot be judged. One cause has one sentence. */
export const unread: Readonly<Record<'missing' | 'ignored', string>> = {
  missing: 'Stripe has no such subscription. Is it of another account, or of the other mode?',
  ignored: 'it belongs to a test clock of Stripe, which is ignored',
};

/** Longer than the longest grace of any policy. */
const longestGraceMs = 60 * 24 * 3_600_000;

/** Makes the first read. Undefined: Stripe has no such subscription. @throws LedgerError `provider_unavailable` */
export async function beginById(id: string, account: string, work: BatchContext): Promise<BegunLook | undefined> {
  const answer = await (await work.accounts.calls(account)).billing.object('subscription', id);
  return answer && begunWith(answer.object, answer, account, work);
}

/** The same, of a subscription that was listed with its newest invoice. */
export async function begunWith(object: unknown, read: ReadTime, account: string, work: BatchContext): Promise<BegunLook> {
  const { billing } = await work.accounts.calls(account);
  const { mapped, reads } = await mapWhole(object, readContext(read, { account }), work.ourLedger.scope, billing);
  return { mapped, reads: [read, ...reads] };
}

/**
 * Reads the rest: all invoices, or with `newest` only what the newest one leaves open.
 *
 * @throws LedgerError `provider_unavailable`
 */
export async function readWhole(begun: BegunLook, work: BatchContext, how: 'whole' | 'newest' = 'whole'): Promise<ReadSubscription> {
  const { subscription, unreadable } = begun.mapped;
  if (subscription === undefined || work.subscriptions === undefined) return { problem: problemOf(unreadable) };
  const seen = await work.subscriptions.read(subscription, { whole: how === 'whole', begun });
  if (seen === undefined) return { problem: unread.missing };
  if (seen.look === undefined || seen.unreadable.length > 0) return { problem: problemOf(seen.unreadable) };
  const { look } = seen;
  if (how === 'newest') return { subscription, statements: seen.statements, look };
  const calls = await work.accounts.calls(subscription.account);
  const back = await moneyBack(seen.statements, { subscription, look, calls, scope: work.ourLedger.scope });
  return 'problem' in back ? back : { subscription, statements: [...seen.statements, ...back.statements], look };
}

function problemOf(unreadable: readonly { readonly objectId?: string; readonly path: string }[]): string {
  const [first] = unreadable;
  if (first === undefined) return unread.ignored;
  return `${first.objectId ?? 'an object of it'} cannot be read (${first.path}). Is the package of Stripe older than its API version?`;
}

interface MoneyBackParts {
  readonly subscription: SubscriptionReference;
  readonly look: string;
  readonly calls: StripeCalls;
  readonly scope: string;
}

type MoneyBack = { readonly statements: readonly SubscriptionStatement[] } | { readonly problem: string };

/** What of the invoices that pay for now, or did until lately, went back: three calls for each. */
async function moneyBack(statements: readonly SubscriptionStatement[], parts: MoneyBackParts): Promise<MoneyBack> {
  const from = new Date(Date.parse(parts.look) - longestGraceMs).toISOString();
  const found: SubscriptionStatement[] = [];
  for (const { fact } of statements) {
    if (fact.kind !== 'invoice' || fact.status !== 'paid' || !reaches(fact, from)) continue;
    const parted = statements.flatMap(({ fact: other }) => (other.kind === 'allocation' && other.invoice === fact.id ? other : []));
    const intents = parted.flatMap(({ status, payment }) => (status === 'paid' && payment.startsWith('pi_') ? payment : []));
    for (const back of [...(await Promise.all(intents.map((id) => ofIntent(id, parts)))), await ofInvoice(fact.id, parts)]) {
      if ('problem' in back) return back;
      found.push(...back.statements);
    }
  }
  return { statements: found };
}

function reaches({ lines }: PaidInvoice, from: string): boolean {
  return lines.some(({ role, to }) => role !== 'credit' && to > from);
}

async function ofIntent(intent: string, { subscription: { account, livemode }, calls, scope }: MoneyBackParts): Promise<MoneyBack> {
  const found: SubscriptionStatement[] = [];
  for (const { object, provenance } of await refundsAndDisputesOf(intent, { source: 'poll', account, livemode }, calls)) {
    const mapped = toObservation(object, provenance, scope);
    if (mapped.kind === 'not_understood') return { problem: problemOf([mapped]) };
    const statement = mapped.kind === 'statement' ? moneyBackOf(mapped.statement, provenance) : undefined;
    if (statement) found.push(statement);
  }
  return { statements: found };
}

async function ofInvoice(invoice: string, { subscription: { account, livemode }, calls, scope }: MoneyBackParts): Promise<MoneyBack> {
  const notes = await calls.billing.creditNotesOf(invoice);
  const found: SubscriptionStatement[] = [];
  for (const object of notes?.object.objects ?? []) {
    const { mapped } = await mapWhole(object, { account, livemode, asOf: notes?.asOf ?? '' }, scope, calls.billing);
    if (mapped.unreadable.length > 0) return { problem: problemOf(mapped.unreadable) };
    found.push(...mapped.statements);
  }
  return { statements: found };
}
