// What falls due by the clock: sessions expire, debits and refunds are decided, holds end, subscriptions renew, webhooks are sent. Each happens
// at its time, in the order of the times.
import type { Accounts } from './accounts.ts';
import type { AccountReminder, Agenda } from './agenda.ts';
import type { SandboxClock } from './clock.ts';
import type { Model } from './model.ts';
import { captureBefore, expireAuthorization } from './objects/authorization.ts';
import { followInvoice, followSubscription } from './objects/billing/billing-agenda.ts';
import { dueAtOf } from './objects/billing/invoice-record.ts';
import { boundaries } from './objects/billing/subscription-record.ts';
import { expireByTime } from './objects/checkout-expire.ts';
import { settleRefund } from './objects/refund-status.ts';
import { settle } from './objects/settlement.ts';

export interface DueWebhook {
  readonly model: Model;
  readonly id: string;
}

/** Milliseconds. After an error, e.g. a full disk, the work is tried again. */
export const AFTER_ERROR_MS = 1_000;

export class DueWork {
  readonly #accounts: Accounts;
  readonly #agenda: Agenda;
  readonly #clock: SandboxClock;
  #webhooks: DueWebhook[] = [];

  constructor(accounts: Accounts, agenda: Agenda, clock: SandboxClock) {
    this.#accounts = accounts;
    this.#agenda = agenda;
    this.#clock = clock;
  }

  /** Does all that is due now, except the webhooks. @throws if the state file cannot be written; the work then stays due. */
  run(): void {
    for (;;) {
      const now = this.#clock.nowMs(); // Read each time: a debit that settles has its webhook due a moment later.
      const reminder = this.#agenda.takeDue(now);
      if (!reminder) return;
      try {
        this.#follow(reminder, now);
      } catch (error) {
        // Nothing was changed, so it is still due.
        this.#agenda.add(now + AFTER_ERROR_MS, reminder);
        throw error;
      }
    }
  }

  get hasWebhooks(): boolean {
    return this.#webhooks.length > 0;
  }

  /** Removes and returns the webhooks that are due. */
  takeWebhooks(): readonly DueWebhook[] {
    const due = this.#webhooks;
    this.#webhooks = [];
    return due;
  }

  /** After a restart: schedules again what is still to happen. */
  remember(): void {
    for (const { state, agenda } of this.#accounts.all()) {
      for (const { id, session } of state.sessions.oldestFirst()) {
        if (session.status === 'open') agenda.add(session.expires_at * 1_000, { kind: 'session_expires', id });
      }
      for (const { id, dueMs } of state.settlements.oldestFirst()) agenda.add(dueMs, { kind: 'payment_settles', id });
      for (const { id, dueMs } of state.refundSettlements.oldestFirst()) agenda.add(dueMs, { kind: 'refund_settles', id });
      for (const { id, status, latest_charge: latest } of state.intents.oldestFirst()) {
        const heldUntil = status === 'requires_capture' ? captureBefore(state.charges.get(String(latest))) : undefined;
        if (heldUntil !== undefined) agenda.add(heldUntil * 1_000, { kind: 'authorization_expires', id });
      }
      for (const record of state.subscriptions.oldestFirst()) {
        const [next] = boundaries(record);
        if (next) agenda.add(next.at * 1_000, { kind: 'subscription_due', id: record.id });
      }
      for (const record of state.invoices.oldestFirst()) {
        const dueAt = dueAtOf(record);
        if (dueAt !== null) agenda.add(dueAt * 1_000, { kind: 'invoice_due', id: record.id });
      }
      for (const { id, dueMs, status } of state.deliveries.oldestFirst()) {
        if (status === 'pending') agenda.add(dueMs, { kind: 'webhook_due', id });
      }
    }
  }

  #follow({ kind, id, account }: AccountReminder, now: number): void {
    const model = this.#accounts.of(account);
    if (!model) return;
    const { state } = model;
    switch (kind) {
      case 'webhook_due':
        this.#webhooks.push({ model, id });
        return;
      case 'session_expires':
        state.transaction(() => expireByTime(model, id));
        return;
      case 'authorization_expires':
        state.transaction(() => expireAuthorization(model, id));
        return;
      case 'refund_settles':
        state.transaction(() => settleRefund(model, id));
        return;
      case 'subscription_due':
        state.transaction(() => followSubscription(model, id));
        return;
      case 'invoice_due':
        state.transaction(() => followInvoice(model, id));
        return;
      case 'payment_settles':
        if ((state.settlements.get(id)?.dueMs ?? Number.POSITIVE_INFINITY) <= now) state.transaction(() => settle(model, id));
    }
  }
}
