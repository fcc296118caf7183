// What you or your support do in Stripe's dashboard.
import { deliver, type Member } from '../member.ts';
import type { Stage } from '../stage.ts';

/** An invoice of something beside the plan, of the same subscription, is made and paid. */
export async function payFee(stage: Stage, { id: subscription, customer }: Member, amount: number): Promise<void> {
  await stage.stripe.invoiceItems.create({ customer, amount, currency: 'usd', description: 'A fee' });
  const made = { customer, subscription, auto_advance: false, pending_invoice_items_behavior: 'include' as const };
  const { id: invoice = '' } = await stage.stripe.invoices.create(made);
  const { status } = await stage.stripe.invoices.finalizeInvoice(invoice);
  if (status === 'open') await stage.stripe.invoices.pay(invoice);
  stage.did(`An invoice of ${amount} (minor unit) beside the plan is made and paid.`);
  await deliver(stage);
}
