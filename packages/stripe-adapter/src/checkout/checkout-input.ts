// What the caller of `startCheckout` gives, refused before anything is asked of Stripe.

import { LedgerError, type PlaceOrder } from '@paidonce/ledger';
import { defined, idSchema, knownCurrencySchema, minorSchema } from '@paidonce/ledger/adapter';
import type Stripe from 'stripe';
import * as z from 'zod';
import { stripeAccountSchema } from '../stripe/stripe-objects.ts';

/** Stripe's own parameters for a Checkout session, without those that `startCheckout` sets. */
export type SessionOptions = Omit<Stripe.Checkout.SessionCreateParams, 'mode' | 'success_url' | 'cancel_url' | 'ui_mode' | 'return_url'>;

/** The order without account and mode: those come from the session. */
export type OrderTerms = Omit<PlaceOrder, 'account' | 'livemode'>;

/** An order, and the pages that the customer returns to. */
export interface StartCheckout extends OrderTerms {
  /** An absolute http or https URL. `session_id={CHECKOUT_SESSION_ID}` is added if it has no such placeholder. */
  readonly successUrl: string;
  /** An absolute http or https URL. Default: Stripe's page shows no way back. */
  readonly cancelUrl?: string;
  /** For platforms: the connected account (`acct_…`) on which the session is made. Default: the key's own account. */
  readonly connectedAccount?: string;
  /**
   * `refuse`: throws `duplicate_order` while another order gives the member this plan and was paid within the ledger's
   * `duplicateWithinHours`. Default `allow`: the alert `same_plan_twice` tells of it once both are paid.
   */
  readonly ifDuplicate?: 'allow' | 'refuse';
  /** More of Stripe's own parameters. Default for `line_items`: one item, the plan at the order's amount. */
  readonly session?: SessionOptions;
}

export interface CheckedStart extends Pick<StartCheckout, 'successUrl' | 'cancelUrl' | 'connectedAccount' | 'session' | 'ifDuplicate'> {
  readonly order: OrderTerms;
}

const urlSchema = z.string().refine((text) => /^https?:\/\//i.test(text) && URL.canParse(text), 'must be an absolute http or https URL');
const ownParameters = ['mode', 'success_url', 'cancel_url', 'ui_mode', 'return_url'];

const startSchema: z.ZodType<StartCheckout> = z.strictObject({
  orderId: idSchema,
  memberId: idSchema,
  plan: idSchema,
  amountMinor: minorSchema,
  currency: knownCurrencySchema,
  allow: z.exactOptional(
    z.strictObject({ discount: z.exactOptional(z.boolean()), tax: z.exactOptional(z.boolean()), shipping: z.exactOptional(z.boolean()) }),
  ),
  successUrl: urlSchema,
  cancelUrl: z.exactOptional(urlSchema),
  connectedAccount: z.exactOptional(stripeAccountSchema),
  ifDuplicate: z.exactOptional(z.enum(['allow', 'refuse'])),
  session: z.exactOptional(
    z.custom<SessionOptions>(
      (value) => typeof value === 'object' && value !== null && ownParameters.every((name) => !(name in value)),
      `must be an object without ${ownParameters.join(', ')}: these are set here`,
    ),
  ),
});

/** @throws LedgerError `invalid_input`: names each bad field. */
export function readStart(input: StartCheckout): CheckedStart {
  const parsed = startSchema.safeParse(input);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `${['order', ...path].join('.')}: ${message}`);
    throw new LedgerError('invalid_input', problems.join('; '));
  }
  const { successUrl, cancelUrl, connectedAccount, session, ifDuplicate, ...order } = parsed.data;
  return {
    order,
    successUrl,
    ...defined({ cancelUrl, connectedAccount, session, ifDuplicate }),
  };
}
