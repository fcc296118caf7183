// What a payment intent without our marks has paid for: one that an invoice made bears none, and only its allocation leads to it.
import type { PaymentLedger } from '@paidonce/ledger';
import type { Provenance } from '../mapping/provenance.ts';
import type { Accounts } from '../stripe/accounts.ts';
import type { StripeCalls } from '../stripe/stripe-calls.ts';
import { readProvenance } from './answer-provenance.ts';
import { type IntakeResult, stronger } from './intake-result.ts';
import type { SubscriptionIntake } from './subscription-intake.ts';

export interface PaidInvoiceParts {
  readonly ledger: PaymentLedger;
  readonly accounts: Accounts;
  /** Absent: the ledger keeps no subscriptions, and Stripe is not asked. */
  readonly subscriptions?: Pick<SubscriptionIntake, 'take'>;
}

/**
 * Whether the intent paid for an invoice of ours, which links it. One read of Stripe.
 *
 * @throws LedgerError as `Intake.take`.
 */
export async function paidInvoice(
  intentId: string,
  { source, account }: Pick<Provenance, 'source' | 'account'>,
  { ledger, accounts, subscriptions }: PaidInvoiceParts,
): Promise<boolean> {
  if (!subscriptions) return false;
  const result = await takePaidInvoices(intentId, { source, account }, await accounts.calls(account), subscriptions);
  return result !== undefined && (await ledger.forAdapters.subscriptions.ownerOf(intentId)) !== undefined;
}

/**
 * Takes in what the intent paid for. One read of Stripe. Undefined: Stripe has no such intent.
 *
 * @throws LedgerError as `Intake.take`.
 */
export async function takePaidInvoices(
  intentId: string,
  from: Pick<Provenance, 'source' | 'account' | 'livemode'>,
  { billing }: Pick<StripeCalls, 'billing'>,
  subscriptions: Pick<SubscriptionIntake, 'take'>,
): Promise<IntakeResult | undefined> {
  const answer = await billing.paymentsOfIntent(intentId);
  if (!answer) return undefined;
  const provenance = readProvenance(answer, { ...from, asOf: answer.asOf });
  let result: IntakeResult = { outcome: 'not_ours' };
  for (const paid of answer.object.objects) result = stronger(result, await subscriptions.take(paid, provenance));
  return result;
}
