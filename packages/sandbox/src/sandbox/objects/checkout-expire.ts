// The end of an unpaid session: by its time, or by the shop. With recovery on, the customer may start again, in a session
// with another id.
import { invalidRequest } from '../api/stripe-error.ts';
import type { Model } from '../model.ts';
import type { CheckoutRecord } from '../state/records.ts';
import { releaseReordered } from '../webhooks/enqueue.ts';
import { fateOfSession } from './announcement.ts';
import { renderSession } from './checkout-record.ts';
import { DAY_SECONDS } from './empty-session.ts';
import { emit } from './events.ts';

const RECOVERABLE_SECONDS = 30 * DAY_SECONDS;

/** Call it within a transaction. @throws StripeApiError 400 if it is not open. */
export function expire(model: Model, record: CheckoutRecord): CheckoutRecord {
  const { status } = record.session;
  if (status !== 'open') {
    throw invalidRequest(
      `Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of ${status}.`,
    );
  }
  const recovery = record.session.after_expiration?.recovery;
  const expired = model.state.sessions.put({
    ...record,
    session: {
      ...record.session,
      status: 'expired',
      ...(recovery?.enabled
        ? { after_expiration: { recovery: { ...recovery, expires_at: model.clock.nowSeconds() + RECOVERABLE_SECONDS } } }
        : {}),
    },
  });
  const about = { group: record.id, fate: fateOfSession(record) };
  emit(model, 'checkout.session.expired', renderSession(model, expired), about);
  releaseReordered(model, about);
  return expired;
}

/** Called by the clock. Expires the session if it is still open. Call it within a transaction. */
export function expireByTime(model: Model, id: string): void {
  const record = model.state.sessions.get(id);
  if (record?.session.status === 'open' && record.session.expires_at <= model.clock.nowSeconds()) expire(model, record);
}

/**
 * Follows the recovery link: the same cart in a new session, which only `recovered_from` connects with the old one. Call it
 * within a transaction.
 *
 * @throws StripeApiError 400 if the session is unknown or cannot be recovered.
 */
export function recover(model: Model, id: string): CheckoutRecord {
  const record = model.state.sessions.get(id);
  const recovery = record?.session.after_expiration?.recovery;
  const now = model.clock.nowSeconds();
  if (record?.session.status !== 'expired' || !recovery?.enabled || (recovery.expires_at ?? 0) <= now) {
    throw invalidRequest(`Checkout session ${id} cannot be recovered: it is not expired, recovery is off, or its 30 days are over.`);
  }
  const newId = model.newId('cs_test_', 58);
  const { session, intent: _ofTheOldOne, ...cart } = record;
  const expiresAt = now + DAY_SECONDS;
  model.agenda.add(expiresAt * 1_000, { kind: 'session_expires', id: newId });
  return model.state.sessions.put({
    ...cart,
    id: newId,
    session: {
      ...session,
      id: newId,
      created: now,
      expires_at: expiresAt,
      status: 'open',
      payment_intent: null,
      recovered_from: id,
      after_expiration: { recovery: { ...recovery, expires_at: null, url: null } },
    },
  });
}
