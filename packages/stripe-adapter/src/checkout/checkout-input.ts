// What the caller of `startCheckout` gives, refused before anything is asked of Stripe.

import { LedgerError } from '@paidonce/ledger';
import { allowSchema, defined, idSchema, knownCurrencySchema, minorSchema } from '@paidonce/ledger/adapter';
import * as z from 'zod';
import { stripeAccountSchema } from '../stripe/stripe-objects.ts';
import {
  type CheckedStart,
  type IntentOptions,
  intentParameters,
  type SessionOptions,
  type StartCheckout,
  type StartEmbeddedCheckout,
  type StartPaymentIntent,
  sessionParameters,
} from './checkout-terms.ts';
import { refuseOpenEnds } from './open-ends.ts';
import { refuseUnpayable } from './payable-amount.ts';
import { withSessionId } from './success-url.ts';

export const urlSchema: z.ZodType<string> = z
  .string()
  .refine((text) => /^https?:\/\//i.test(text) && URL.canParse(text), 'must be an absolute http or https URL');

/** Parameters of Stripe's, which Stripe checks, without those that are set here. */
export function parametersWithout<T>(own: readonly string[]): z.ZodType<T> {
  return z.custom<T>(
    (value) => typeof value === 'object' && value !== null && own.every((name) => !(name in value)),
    `must be an object without ${own.join(', ')}: these are set here`,
  );
}

const anyShape = {
  orderId: idSchema,
  memberId: idSchema,
  plan: idSchema,
  amountMinor: minorSchema,
  currency: knownCurrencySchema,
  allow: z.exactOptional(allowSchema),
  connectedAccount: z.exactOptional(stripeAccountSchema),
  ifDuplicate: z.exactOptional(z.enum(['allow', 'refuse'])),
};
const session = z.exactOptional(parametersWithout<SessionOptions>(sessionParameters));

const startSchema = z.discriminatedUnion('ui', [
  z.strictObject({ ...anyShape, ui: z.literal('hosted'), successUrl: urlSchema, cancelUrl: z.exactOptional(urlSchema), session }),
  z.strictObject({ ...anyShape, ui: z.enum(['embedded', 'elements']), returnUrl: z.exactOptional(urlSchema), session }),
  z.strictObject({ ...anyShape, ui: z.literal('intent'), intent: z.exactOptional(parametersWithout<IntentOptions>(intentParameters)) }),
]);

/** @throws LedgerError `invalid_input`: names each bad field. `amount_differs`: a line item has another currency than the order. */
export function readStart(input: StartCheckout | StartEmbeddedCheckout | StartPaymentIntent): CheckedStart {
  const parsed = startSchema.safeParse({ ui: 'hosted', ...input });
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `${['order', ...path].join('.')}: ${message}`);
    throw new LedgerError('invalid_input', problems.join('; '));
  }
  const { orderId, memberId, plan, amountMinor, currency, allow, ...rest } = parsed.data;
  const checked: CheckedStart = {
    order: { orderId, memberId, plan, amountMinor, currency, ...defined({ allow }) },
    ...rest,
    ...('successUrl' in rest ? { successUrl: withSessionId(rest.successUrl) } : {}),
    ...('returnUrl' in rest && rest.returnUrl !== undefined ? { returnUrl: withSessionId(rest.returnUrl, 'returnUrl') } : {}),
  };
  refuseMissingReturn(checked);
  refuseOpenEnds(checked);
  refuseUnpayable(checked);
  return checked;
}

/** Stripe wants the URL, or no redirect at all. */
function refuseMissingReturn({ ui, returnUrl, session: options }: CheckedStart): void {
  if (ui !== 'embedded' && ui !== 'elements') return;
  const isNever = ui === 'embedded' && options?.redirect_on_completion === 'never';
  if (isNever === (returnUrl === undefined)) return;
  throw new LedgerError(
    'invalid_input',
    isNever
      ? "order.returnUrl: the session has redirect_on_completion 'never', so that nobody is sent there. Leave one of them out"
      : "order.returnUrl: is missing. Only an embedded session with redirect_on_completion 'never' needs none",
  );
}
