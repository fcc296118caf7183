// What one object of Stripe says by itself, before it is known whose it is and how we came to see it.

import type { Fact } from '@paidonce/ledger';
import type { RefundsOf } from '../stripe/stripe-objects.ts';

/** A fact about one payment. */
export interface PaymentReading {
  /** The payment intent; the session where there is none; the charge of old integrations. */
  readonly payment: string;
  readonly aliases?: readonly string[];
  readonly livemode: boolean;
  readonly fact: Fact;
  /** When the payment was made, in Stripe's seconds, where the object tells. */
  readonly madeAt?: number;
  /** A payment intent alone: it has a total, and knows no discount, tax or shipping. */
  readonly partsUnknown?: true;
}

export type ObjectReading =
  | PaymentReading
  /** Its payment intent decides, and was not expanded. */
  | { readonly readSession: string }
  /** Only a hint that refunds exist. */
  | { readonly listRefunds: RefundsOf }
  | { readonly ignored: string }
  /** The path in the object that could not be read. */
  | { readonly failedAt: string };
