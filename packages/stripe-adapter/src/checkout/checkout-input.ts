// What the caller of `startCheckout` passes. Bad input is refused before Stripe is asked for anything.
import { LedgerError, type PlaceOrder } from '@paidonce/ledger';
import type Stripe from 'stripe';
import * as z from 'zod';

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
  /** More of Stripe's own parameters. Default for `line_items`: one item, the plan at the order's amount. */
  readonly session?: SessionOptions;
}

export interface CheckedStart extends Pick<StartCheckout, 'successUrl' | 'cancelUrl' | 'connectedAccount' | 'session'> {
  readonly order: OrderTerms;
}

const idSchema = z.string().regex(/^[A-Za-z0-9._:-]{1,128}$/, 'must be 1 to 128 of A-Z a-z 0-9 . _ : -');
const urlSchema = z.string().refine((text) => /^https?:\/\//i.test(text) && URL.canParse(text), 'must be an absolute http or https URL');
const currencies: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency').map((code) => code.toLowerCase()));
const ownParameters = ['mode', 'success_url', 'cancel_url', 'ui_mode', 'return_url'];

const startSchema: z.ZodType<StartCheckout> = z.strictObject({
  orderId: idSchema,
  memberId: idSchema,
  plan: idSchema,
  amountMinor: z.number().int('must be a whole number of minor units').min(0, 'must not be negative').max(Number.MAX_SAFE_INTEGER),
  currency: z.string().refine((code) => currencies.has(code), 'must be an ISO 4217 currency in lower case, like "usd"'),
  allow: z.exactOptional(
    z.strictObject({ discount: z.exactOptional(z.boolean()), tax: z.exactOptional(z.boolean()), shipping: z.exactOptional(z.boolean()) }),
  ),
  successUrl: urlSchema,
  cancelUrl: z.exactOptional(urlSchema),
  connectedAccount: z.exactOptional(z.string().regex(/^acct_[A-Za-z0-9_]{1,64}$/, 'must be an account of Stripe, like acct_1ABC')),
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
  const { successUrl, cancelUrl, connectedAccount, session, ...order } = parsed.data;
  return {
    order,
    successUrl,
    ...(cancelUrl === undefined ? {} : { cancelUrl }),
    ...(connectedAccount === undefined ? {} : { connectedAccount }),
    ...(session === undefined ? {} : { session }),
  };
}
