// What Stripe made for an order: a session or a payment intent, and what the order's checkout needs to know of it.
import { LedgerError, type Runtime } from '@paidonce/ledger';
import type { CreatedIntent, CreatedSession } from '../stripe/created-objects.ts';
import type { StripeLineItem } from '../stripe/line-items.ts';
import type { StripeCalls } from '../stripe/stripe-calls.ts';
import type { Answer } from '../stripe/stripe-request.ts';
import type { CheckedStart } from './checkout-terms.ts';
import { checkAmount } from './open-ends.ts';
import { type Started, startedOf } from './started.ts';

export interface Made {
  readonly id: string;
  readonly livemode: boolean;
  /** Stripe repeated an earlier answer. */
  readonly isReplayed: boolean;
  readonly until: { readonly expiresAt: string; readonly recoverableUntil?: string };
  /** What is bought. An intent has no lines. */
  lines(calls: StripeCalls): Promise<readonly StripeLineItem[]>;
  /** @throws LedgerError `amount_differs`: it costs something else than the order. `invalid_input`: it has no page and no secret. */
  accepted(lines: readonly StripeLineItem[]): Started;
}

/** The order stays open this long after its session ends: the poll may be down that long, and still finds the payment. */
const pollGraceMs = 24 * 3_600_000;
/** How long a recovery link of Stripe lives; it makes a session that nobody attached. */
const recoveryMs = 30 * 24 * 3_600_000;
/** A day like a session's: an intent never expires, and an abandoned one must not keep the poll looking for ever. */
const intentMs = 24 * 3_600_000;

export function madeSession({ object: session, isReplayed }: Answer<CreatedSession>, { ui, order }: CheckedStart): Made {
  const { id, livemode, url, client_secret: clientSecret, line_items: shown } = session;
  return {
    id,
    livemode,
    isReplayed: isReplayed === true,
    until: openUntil(session),
    lines: async (calls) => (shown && showsAll(shown) ? shown.data : calls.lineItems(id)),
    accepted: (all) => {
      checkAmount(session, all, order);
      if (ui === 'hosted' && url !== null) return startedOf(id, { ui, url });
      if ((ui === 'embedded' || ui === 'elements') && clientSecret !== null) return startedOf(id, { ui, clientSecret });
      const lacks = ui === 'hosted' ? 'page' : 'client secret';
      throw new LedgerError('invalid_input', `Stripe made session ${id} of order ${order.orderId} without a ${lacks}`);
    },
  };
}

/** How long a session of the order may still be paid, with the grace of the poll. */
export function openUntil({
  expires_at: expiresAt,
  after_expiration: after,
}: Pick<CreatedSession, 'expires_at' | 'after_expiration'>): Made['until'] {
  const expiresMs = expiresAt * 1_000 + pollGraceMs;
  return {
    expiresAt: new Date(expiresMs).toISOString(),
    ...(after?.recovery?.enabled === true ? { recoverableUntil: new Date(expiresMs + recoveryMs).toISOString() } : {}),
  };
}

/** The answer has ten lines at most, and in older versions not whether their quantity is adjustable: then our own release shows it. */
function showsAll({ data, has_more: hasMore }: NonNullable<CreatedSession['line_items']>): boolean {
  return !hasMore && data.every((line) => line.adjustable_quantity !== undefined);
}

export function madeIntent({ object: intent, isReplayed }: Answer<CreatedIntent>, { order }: CheckedStart, runtime: Runtime): Made {
  const { id, livemode, amount, currency, client_secret: clientSecret } = intent;
  return {
    id,
    livemode,
    isReplayed: isReplayed === true,
    until: { expiresAt: new Date(runtime.now().getTime() + intentMs + pollGraceMs).toISOString() },
    lines: async () => [],
    accepted: () => {
      if (amount !== order.amountMinor || currency !== order.currency) {
        throw new LedgerError(
          'amount_differs',
          `Order ${order.orderId} is ${order.amountMinor} ${order.currency}, but payment intent ${id} is ${amount} ${currency}`,
        );
      }
      if (clientSecret !== null) return startedOf(id, { ui: 'intent', clientSecret });
      throw new LedgerError('invalid_input', `Stripe made payment intent ${id} of order ${order.orderId} without a client secret`);
    },
  };
}
