// A credit note as the sandbox keeps it.
import type Stripe from 'stripe';
import { firstOf } from '../../api/lists.ts';
import type { CreditNoteRecord } from '../../state/billing-records.ts';

export function renderCreditNote({ id, note, lines }: CreditNoteRecord): Stripe.CreditNote {
  return { ...note, lines: firstOf(lines, `/v1/credit_notes/${id}/lines`) as Stripe.ApiList<Stripe.CreditNoteLineItem> };
}
