// What one object of Stripe states by itself, before its owner and its provenance are known.

import type { Fact } from '@paidonce/ledger';
import type { RefundsOf } from '../stripe/stripe-objects.ts';

/** A fact about one payment. */
export interface PaymentReading {
  /** The payment intent; the session if there is none; the charge in old integrations. */
  readonly payment: string;
  /** Other ids of the same payment. */
  readonly aliases?: readonly string[];
  readonly livemode: boolean;
  readonly fact: Fact;
  /** When the payment was made, in Unix seconds. Absent: the object does not state it. */
  readonly madeAt?: number;
  /** A payment intent alone: it has a total, and states no discount, tax or shipping. */
  readonly partsUnknown?: true;
}

/** A fact; or the read that leads to one; or why there is none. */
export type ObjectReading =
  | PaymentReading
  /** Read this session: its payment intent decides, and was not expanded. */
  | { readonly readSession: string }
  /** List the refunds: the object only shows that there are some. */
  | { readonly listRefunds: RefundsOf }
  | { readonly ignored: string }
  /** The path in the object that could not be read. */
  | { readonly failedAt: string };
