// A Payment Link as the sandbox keeps it, and as the API shows it.

import type Stripe from 'stripe';
import type { Model } from '../model.ts';
import type { PaymentLinkRecord } from '../state/records.ts';
import { emitOwn } from './events.ts';

export function renderLink({ baseUrl }: Model, { id, link }: PaymentLinkRecord): Stripe.PaymentLink {
  return { ...link, url: `${baseUrl}/b/${id}` };
}

/** One more session of the link was completed; at its limit it takes no more. Call it within a transaction. */
export function countCompleted(model: Model, link: Stripe.Checkout.Session['payment_link']): void {
  const record = typeof link === 'string' ? model.state.paymentLinks.get(link) : undefined;
  const completed = record?.link.restrictions?.completed_sessions;
  if (!record || !completed) return;
  const count = completed.count + 1;
  const active = record.link.active && count < completed.limit;
  const counted = { ...record, link: { ...record.link, active, restrictions: { completed_sessions: { ...completed, count } } } };
  model.state.paymentLinks.put(counted);
  if (!active && record.link.active) emitOwn(model, 'payment_link.updated', renderLink(model, counted), { active: true });
}
