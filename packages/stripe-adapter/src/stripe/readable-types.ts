// The objects that can be read by their id, and how an id shows its type.

/** Objects that report on a payment and can be read by id. */
export const readableTypes = ['checkout.session', 'payment_intent', 'charge', 'refund', 'dispute'] as const;
export type ReadableType = (typeof readableTypes)[number];

const prefixes: readonly (readonly [prefix: RegExp, type: ReadableType])[] = [
  [/^cs_/, 'checkout.session'],
  [/^pi_/, 'payment_intent'],
  [/^(?:re|pyr)_/, 'refund'],
  [/^(?:dp|du)_/, 'dispute'],
  [/^(?:ch|py)_/, 'charge'],
];

/** The type that the prefix of an id shows. Undefined: none of these types. */
export function readableTypeOf(id: string): ReadableType | undefined {
  return prefixes.find(([prefix]) => prefix.test(id))?.[1];
}
