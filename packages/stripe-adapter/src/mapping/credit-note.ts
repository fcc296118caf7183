// Reads what a credit note gave back. Part of the pure mapping of subscriptions (`to-subscription-observation.ts`).
import { creditNoteSchema } from '../stripe/invoice-objects.ts';
import { identityOf } from '../stripe/stripe-objects.ts';
import { type BillingReading, ignored, stated, unread } from './billing-reading.ts';

export function readCreditNote(object: unknown): BillingReading {
  const parsed = creditNoteSchema.safeParse(object);
  if (!parsed.success) return unread('credit_note', identityOf(object).id, parsed.error);
  const { id, status, invoice, post_payment_amount: givenBack, refunds, created, voided_at: voidedAt } = parsed.data;
  if (status !== 'issued' && status !== 'void') return unread('credit_note', id, 'status');
  // The invoice itself says what was written off before it was paid.
  if (status === 'issued' && givenBack === 0) return ignored('a credit note from before the payment');
  // Refunds at Stripe are told by themselves. Those of money that came outside Stripe are told nowhere else.
  const refunded = refunds.reduce((sum, { amount_refunded: amount, type }) => (type === 'payment_record_refund' ? sum : sum + amount), 0);
  const amountMinor = Math.max(givenBack - refunded, 0);
  return stated({ kind: 'credit_note', id, invoice, status, amountMinor }, id, status === 'void' ? voidedAt : created);
}
