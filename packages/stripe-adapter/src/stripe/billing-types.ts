// The objects that report on a subscription, and how an id shows its type.

/** Objects of a subscription that can be read by id. */
export const billingTypes = ['subscription', 'invoice', 'invoice_payment', 'credit_note'] as const;
export type BillingType = (typeof billingTypes)[number];

const prefixes: readonly (readonly [prefix: RegExp, type: BillingType])[] = [
  [/^sub_/, 'subscription'],
  [/^in_/, 'invoice'],
  [/^inpay_/, 'invoice_payment'],
  [/^cn_/, 'credit_note'],
];

/** The type that the prefix of an id shows. Undefined: none of these types. */
export function billingTypeOf(id: string): BillingType | undefined {
  return prefixes.find(([prefix]) => prefix.test(id))?.[1];
}
