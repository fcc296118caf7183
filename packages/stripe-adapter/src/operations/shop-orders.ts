// The shop's own books, as `backfill --orders` reads them: a line of JSON for each order.

import { LedgerError } from '@paidonce/ledger';
import { currencySchema, idSchema, minorSchema } from '@paidonce/ledger/adapter';
import * as z from 'zod';
import { stripeAccountSchema } from '../stripe/stripe-objects.ts';

export interface ShopOrder {
  readonly orderId: string;
  readonly memberId: string;
  readonly plan: string;
  /** Before discounts, tax and shipping, in Stripe's minor unit. */
  readonly amountMinor: number;
  readonly currency: string;
  /** ISO 8601. */
  readonly placedAt: string;
  /** `cs_…` or `pi_…`. */
  readonly paymentId: string;
  /** The connected account that has the payment. Default: the key's own. */
  readonly account?: string;
  /** The member has what they paid for: the shop must not be informed again. */
  readonly fulfilled: boolean;
}

const shopOrderSchema: z.ZodType<ShopOrder> = z.strictObject({
  orderId: idSchema,
  memberId: idSchema,
  plan: idSchema,
  amountMinor: minorSchema,
  currency: currencySchema,
  placedAt: z.iso.datetime({ offset: true }),
  paymentId: z.string().regex(/^(?:cs|pi)_[A-Za-z0-9_]+$/, 'must be cs_… or pi_… of Stripe'),
  account: z.exactOptional(stripeAccountSchema),
  fulfilled: z.boolean(),
});

/** @throws LedgerError `invalid_input`: names the line that cannot be read. */
export function readShopOrders(text: string): readonly ShopOrder[] {
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return [];
    return [checked(jsonIn(line), `Line ${index + 1} of the orders`)];
  });
}

/** @throws LedgerError `invalid_input`: names the order that cannot be read, counted from 0. */
export function checkShopOrders(orders: Iterable<ShopOrder>): readonly ShopOrder[] {
  return [...orders].map((order, index) => checked(order, `orders[${index}]`));
}

function checked(order: unknown, name: string): ShopOrder {
  const parsed = shopOrderSchema.safeParse(order);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'it'}: ${message}`).join('; ');
  throw new LedgerError('invalid_input', `${name} cannot be read: ${problems}`);
}

function jsonIn(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
