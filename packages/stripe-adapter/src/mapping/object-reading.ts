// What one object of Stripe states by itself, before its owner and its provenance are known.

import type { Fact } from '@paidonce/ledger';
import type { RefundsOf } from '../stripe/money-objects.ts';

/** A fact about one payment. */
export interface PaymentReading {
  /** The payment intent; the session if there is none; the charge in old integrations. */
  readonly payment: string;
  /** Other ids of the same payment. */
  readonly aliases?: readonly string[];
  readonly livemode: boolean;
  readonly fact: Fact;
  /** When the money came, if it was paid. Absent: the object does not state it. */
  readonly received?: Received;
  /** A payment intent alone: it has a total, and states no discount, tax or shipping. */
  readonly partsUnknown?: true;
}

/**
 * Unix seconds. `at`: then. `by`: not later than that, and the object does not say when. An object's own creation is never
 * the time: a voucher is paid days after it was made.
 */
export type Received = { readonly at: number } | { readonly by: number };

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
