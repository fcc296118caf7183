// A credit note as the sandbox keeps it.
import type Stripe from 'stripe';
import { firstOf } from '../../api/lists.ts';
import type { Model } from '../../model.ts';
import type { CreditNoteRecord } from '../../state/billing-records.ts';

export function renderCreditNote({ baseUrl }: Model, { id, note, lines }: CreditNoteRecord): Stripe.CreditNote {
  const listed = firstOf(lines, `/v1/credit_notes/${id}/lines`) as Stripe.ApiList<Stripe.CreditNoteLineItem>;
  return { ...note, pdf: `${baseUrl}/i/${String(note.invoice)}`, lines: listed };
}
