// Debits and vouchers: paid or bounced days after the session was completed. Here it takes seconds, or a call.
import type { Model } from '../model.ts';
import { paymentOption } from '../test-cards.ts';
import { releaseReordered } from '../webhooks/enqueue.ts';
import { announcementOf } from './announcement.ts';
import { intentEnded } from './billing/intent-ended.ts';
import { bouncedCharge, buildCharge, capturedCharge } from './charges.ts';
import { renderSession } from './checkout-record.ts';
import { disputeByItself } from './disputes.ts';
import { emit } from './events.ts';
import { failed, succeeded } from './intent-object.ts';

export function scheduleSettlement(model: Model, intentId: string, option: string, outcome: 'succeeded' | 'failed'): void {
  const dueMs = model.clock.nowMs() + model.settleAfterMs;
  model.state.settlements.put({ id: intentId, option, outcome, dueMs });
  model.agenda.add(dueMs, { kind: 'payment_settles', id: intentId });
}

/** The bank has decided. False: this payment waits for nothing. Call it within a transaction. */
export function settle(model: Model, intentId: string, chosen?: 'succeeded' | 'failed'): boolean {
  const { state } = model;
  const settlement = state.settlements.get(intentId);
  const intent = state.intents.get(intentId);
  if (!settlement || !intent) return false;
  state.settlements.remove(intentId);
  const outcome = chosen ?? settlement.outcome;
  const option = paymentOption(settlement.option);
  if (!option) return false;

  const about = announcementOf(model, intent);
  const failure = option.failure ?? { code: 'payment_method_provider_decline', message: 'The payment was not completed.' };
  const waiting = state.charges.get(String(intent.latest_charge)) ?? buildCharge(model, intent, option, 'pending');
  if (outcome === 'succeeded') {
    const charge = state.charges.put(capturedCharge(model, waiting));
    emit(model, 'charge.succeeded', charge, about);
    const paid = state.intents.put({ ...succeeded(intent), latest_charge: charge.id });
    emit(model, 'payment_intent.succeeded', paid, about);
    intentEnded(model, paid);
  } else {
    const charge = state.charges.put({
      ...bouncedCharge(model, waiting),
      status: 'failed',
      failure_code: failure.code,
      failure_message: failure.message,
    });
    emit(model, 'charge.failed', charge, about);
    const unpaid = state.intents.put({ ...failed(intent, failure, charge.id), latest_charge: charge.id });
    emit(model, 'payment_intent.payment_failed', unpaid, about);
    intentEnded(model, unpaid);
  }
  const record = state.sessions.withKey(intentId)[0];
  if (record) {
    const settled = state.sessions.put({
      ...record,
      session: { ...record.session, payment_status: outcome === 'succeeded' ? 'paid' : 'unpaid' },
    });
    const type = outcome === 'succeeded' ? 'checkout.session.async_payment_succeeded' : 'checkout.session.async_payment_failed';
    emit(model, type, renderSession(model, settled), about);
  }
  releaseReordered(model, about);
  const ended = state.intents.get(intentId);
  if (ended) disputeByItself(model, ended, option);
  return true;
}
