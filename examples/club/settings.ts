// What the club is started with, and what its pages ask of it.
import type { PaymentLedgerOptions, SubscriptionPolicyOptions } from '@paidonce/ledger';
import type { StripePaymentsOptions } from '@paidonce/stripe-adapter';
import type Stripe from 'stripe';
import type { PlanName, Prices } from './plans.ts';

export interface ClubSettings {
  readonly stripe: Stripe;
  readonly webhookSecret: string;
  readonly prices: Prices;
  /** The folder of its two files. */
  readonly dataDir: string;
  /** Default 0: any free one. */
  readonly port?: number;
  /** The origin of the pages on which customers pay. */
  readonly paymentOrigin: string;
  /** Default: on. False: only `sweep` polls. */
  readonly poll?: StripePaymentsOptions['poll'];
  /** Default: that of the machine. At a sandbox whose months are skipped: the sandbox's. */
  readonly runtime?: NonNullable<PaymentLedgerOptions['runtime']>;
  readonly policy?: Omit<SubscriptionPolicyOptions, 'plans'>;
  /** Lets time pass. Absent: at Stripe itself, where nobody can. */
  readonly advance?: (months: number, days: number) => Promise<void>;
}

/** What a customer wants. */
export interface Wish {
  readonly memberId: string;
  readonly plan: PlanName;
  readonly quantity?: number;
  readonly trialDays?: number;
}

/** Places a subscription. Returns the page at Stripe that the customer is sent to. */
export type Begin = (wish: Wish) => Promise<{ readonly subscriptionId: string; readonly sessionId: string; readonly url: string }>;
