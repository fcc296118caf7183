// What a payment intent without our marks has paid for: one that an invoice made bears none, and only its allocation leads to it.
import type { PaymentLedger } from '@paidonce/ledger';
import type { Provenance } from '../mapping/provenance.ts';
import type { Accounts } from '../stripe/accounts.ts';
import { readProvenance } from './answer-provenance.ts';
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
  const answer = subscriptions && (await (await accounts.calls(account)).billing.paymentsOfIntent(intentId));
  if (!answer) return false;
  const provenance = readProvenance(answer, { source, account, asOf: answer.asOf });
  for (const paid of answer.object.objects) await subscriptions.take(paid, provenance);
  return (await ledger.forAdapters.subscriptions.ownerOf(intentId)) !== undefined;
}
