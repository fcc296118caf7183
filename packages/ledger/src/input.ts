// Checks what callers pass: one clear error that names the field.

import * as z from 'zod';
import { LedgerError } from './errors.ts';
import {
  idSchema,
  knownCurrencySchema,
  minorSchema,
  type Observation,
  observationSchema,
  type PaymentReference,
  paymentReferenceSchema,
  referenceName,
  timeSchema,
} from './observation.ts';
import type { OrderPlaced, Resolution } from './order/events.ts';
import { type Policy, policySchema, withDefaults } from './order/policy.ts';
import type { PageRequest } from './page.ts';
import type { PaymentLedgerOptions, PlaceOrder } from './payment-ledger.ts';
import type { RecheckResult, Seen, SeenBoth } from './seen.ts';
import { policyProblems, type SubscriptionPolicy, subscriptionPolicySchema, withSubscriptionDefaults } from './subscription/policy.ts';
import type { PlaceSubscription, SubscriptionSettings } from './subscription-ledger.ts';

/** The parts of the total that a caller allows. Also the schema of the adapters, so that there is one. */
export const allowSchema: z.ZodType<NonNullable<PlaceOrder['allow']>> = z.strictObject({
  discount: z.exactOptional(z.boolean()),
  tax: z.exactOptional(z.boolean()),
  shipping: z.exactOptional(z.boolean()),
  more: z.exactOptional(z.boolean()),
});
const orderShape = {
  orderId: idSchema,
  memberId: idSchema,
  plan: idSchema,
  amountMinor: minorSchema,
  currency: knownCurrencySchema,
  account: idSchema,
  livemode: z.boolean(),
  allow: z.exactOptional(allowSchema),
};
export const placeOrderSchema: z.ZodType<PlaceOrder> = z.strictObject(orderShape);
export const importOrderSchema: z.ZodType<PlaceOrder & { readonly placedAt: string }> = z.strictObject({
  ...orderShape,
  placedAt: timeSchema,
});
const subscriptionShape = {
  subscriptionId: idSchema,
  memberId: idSchema,
  plan: idSchema,
  kind: z.exactOptional(idSchema),
  currency: z.exactOptional(knownCurrencySchema),
  account: idSchema,
  livemode: z.boolean(),
};
export const placeSubscriptionSchema: z.ZodType<PlaceSubscription> = z.strictObject(subscriptionShape);
export const importSubscriptionSchema: z.ZodType<PlaceSubscription & { readonly placedAt: string }> = z.strictObject({
  ...subscriptionShape,
  placedAt: timeSchema,
});
export const attachSubscriptionSchema: z.ZodType<{ readonly expiresAt?: string }> = z.strictObject({
  expiresAt: z.exactOptional(timeSchema),
});
/** Observations of one payment, for a dry run. */
export const observationsSchema: z.ZodType<readonly [Observation, ...Observation[]]> = z.tuple([observationSchema], observationSchema);
export const resolveSchema: z.ZodType<{ resolution: Resolution; seenRevision: number }> = z.strictObject({
  resolution: z.enum(['grant', 'revoke', 'dismiss']),
  seenRevision: z.number().int().min(0),
});
const seenRevisionSchema = z.exactOptional(z.number().int().min(0));
export const seenSchema: z.ZodType<Seen> = z.strictObject({ seenRevision: seenRevisionSchema });
export const seenBothSchema: z.ZodType<SeenBoth> = z.strictObject({
  fromOrderId: z.exactOptional(idSchema),
  fromRevision: seenRevisionSchema,
  toRevision: seenRevisionSchema,
});
export const recheckSchema: z.ZodType<RecheckResult> = z.strictObject({
  looked: z.number().int().min(0),
  recorded: z.number().int().min(0),
});
/** Milliseconds that a timer can wait; beyond 2³¹ − 1 it would fire at once. */
export const timeoutSchema: z.ZodType<number> = z
  .number()
  .min(0)
  .max(2 ** 31 - 1);
export const attachOptionsSchema: z.ZodType<{ readonly expiresAt?: string; readonly recoverableUntil?: string }> = z.strictObject({
  expiresAt: z.exactOptional(timeSchema),
  recoverableUntil: z.exactOptional(timeSchema),
});
export const pageSchema: z.ZodType<PageRequest> = z.strictObject({
  after: z.exactOptional(z.string()),
  limit: z.exactOptional(z.number().int().min(1).max(1_000)),
});
const optionNames: readonly string[] = [
  'eventStore',
  'policy',
  'deliver',
  'deliverTimeoutMs',
  'shadow',
  'subscriptions',
  'readModels',
  'background',
  'checkpoints',
  'duplicateWithinHours',
  'log',
  'onAlert',
  'runtime',
] satisfies readonly (keyof PaymentLedgerOptions)[];

/** Checks a value that a caller passed. @throws LedgerError `invalid_input`: the message names each wrong field, after `name`. */
export function parse<T>(schema: z.ZodType<T>, value: unknown, name: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${[name, ...path].join('.')}: ${message}`);
  throw new LedgerError('invalid_input', problems.join('; '));
}

/** Checks the options, and answers the policy with its defaults filled in. @throws LedgerError `invalid_input`: names the option. */
export function checkOptions(options: PaymentLedgerOptions): Policy {
  for (const name of Object.keys(options)) {
    if (!optionNames.includes(name))
      throw new LedgerError('invalid_input', `createPaymentLedger knows no option ${name}; it knows ${optionNames.join(', ')}`);
  }
  if (typeof options.eventStore?.append !== 'function') {
    throw new LedgerError(
      'invalid_input',
      'eventStore: is no event store. Pass openMemoryEventStore(), or await openSqliteEventStore(path)',
    );
  }
  checkShadow(options);
  subscriptionPolicyIn(options);
  const { deliverTimeoutMs = 1, background = true, duplicateWithinHours = 24 } = options;
  if (typeof background !== 'boolean') {
    throw new LedgerError('invalid_input', `background is ${JSON.stringify(background)}; it must be true or false`);
  }
  if (!(typeof deliverTimeoutMs === 'number' && deliverTimeoutMs > 0 && deliverTimeoutMs < 2 ** 31)) {
    throw new LedgerError('invalid_input', `deliverTimeoutMs is ${deliverTimeoutMs}; it must be a number of milliseconds above 0`);
  }
  if (!(typeof duplicateWithinHours === 'number' && duplicateWithinHours >= 0 && duplicateWithinHours <= 720)) {
    throw new LedgerError('invalid_input', `duplicateWithinHours is ${duplicateWithinHours}; it must be a number of hours from 0 to 720`);
  }
  const policy = parse(policySchema, withDefaults(options.policy ?? {}), 'policy');
  if (policy.fullRefund === 'keep' && policy.partialRefund === 'revoke') {
    throw new LedgerError(
      'invalid_input',
      "policy: fullRefund 'keep' with partialRefund 'revoke' would give access back once all is refunded",
    );
  }
  return policy;
}

function checkShadow({ shadow, deliver }: PaymentLedgerOptions): void {
  if (shadow === undefined) return;
  if (typeof shadow?.compare !== 'function' || Object.keys(shadow).some((name) => name !== 'compare')) {
    throw new LedgerError('invalid_input', "shadow must be { compare }, a function that answers 'same' or 'differs'");
  }
  if (deliver !== undefined) {
    throw new LedgerError(
      'invalid_input',
      'deliver and shadow are both given. Keep shadow while your old handler gives access, and deliver once it does not',
    );
  }
}

/** The policy of subscriptions with its defaults. Undefined: this ledger keeps none. @throws LedgerError `invalid_input`. */
export function subscriptionPolicyIn({ subscriptions }: Pick<PaymentLedgerOptions, 'subscriptions'>): SubscriptionPolicy | undefined {
  if (subscriptions === undefined) return undefined;
  const known = ['policy', 'deliver'] satisfies readonly (keyof SubscriptionSettings)[];
  const isSettings = typeof subscriptions === 'object' && subscriptions !== null;
  if (!isSettings || Object.keys(subscriptions).some((name) => !(known as readonly string[]).includes(name))) {
    throw new LedgerError('invalid_input', 'subscriptions must be { policy, deliver }, of which deliver may be absent');
  }
  if (subscriptions.deliver !== undefined && typeof subscriptions.deliver !== 'function') {
    throw new LedgerError('invalid_input', 'subscriptions.deliver is no function');
  }
  const policy = parse(subscriptionPolicySchema, withSubscriptionDefaults(subscriptions.policy ?? {}), 'subscriptions.policy');
  const [problem] = policyProblems(policy);
  if (problem !== undefined) throw new LedgerError('invalid_input', `subscriptions.policy: ${problem}`);
  return policy;
}

/** The event's data for an order that a caller places. Parts that `allow` does not name are allowed; more than that is not. */
export function orderPlaced({ allow, amountMinor, currency, ...order }: PlaceOrder, placedAt: string): OrderPlaced {
  const { more, ...parts } = { discount: true, tax: true, shipping: true, ...allow };
  return { ...order, expected: { amountMinor, currency, allow: { ...parts, ...(more ? { more } : {}) } }, placedAt };
}

/**
 * The reference name of a payment that a caller passed, or the id of one. An id alone is Stripe's, or that of money by hand.
 *
 * @throws LedgerError `invalid_input`
 */
export function readReference(reference: string | PaymentReference): string {
  if (typeof reference === 'object') return referenceName(parse(paymentReferenceSchema, reference, 'reference'));
  return parse(idSchema, reference, 'reference');
}
