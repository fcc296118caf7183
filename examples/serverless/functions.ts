// A shop on a serverless host, where a process may be frozen between two requests, or never come back. Nothing runs in the
// background here: each function does its work while it is called. On Next.js the same handlers are route handlers.
import { type PaymentHandlers, paymentHandlers } from '@paidonce/http/fetch';
import { createPaymentLedger, type PaymentLedger, type PaymentLedgerOptions } from '@paidonce/ledger';
import { openEventStore } from '@paidonce/ledger/store-url';
import { type StripePayments, stripePayments } from '@paidonce/stripe-adapter';
import type Stripe from 'stripe';

export interface ShopSettings {
  readonly ledgerUrl: string;
  readonly stripe: Stripe;
  readonly webhookSecret: string;
  readonly saveMembership: NonNullable<PaymentLedgerOptions['deliver']>;
  /** For tests. Default: the system's. */
  readonly runtime?: NonNullable<PaymentLedgerOptions['runtime']>;
}

export interface Shop {
  readonly ledger: PaymentLedger;
  readonly payments: StripePayments;
  readonly handlers: PaymentHandlers;
}

export interface RequestFunctions {
  webhook(request: Request): Promise<Response>;
  status(request: Request): Promise<Response>;
}

/** What the cron answers, for its log. */
export interface CronReport {
  readonly rescued: number;
  readonly undelivered: number;
  readonly abandoned: number;
  readonly openReviews: number;
}

// #region open
/** Call it once in a process, at its first request, and keep what it returns: the next request finds the connections open. */
export async function openShop({ ledgerUrl, stripe, webhookSecret, saveMembership, runtime = {} }: ShopSettings): Promise<Shop> {
  const ledger = createPaymentLedger({
    eventStore: await openEventStore(ledgerUrl), // postgres://…?clients=2: one log for all instances.
    deliver: saveMembership, // Your own transaction, around `once`.
    background: false, // Work is done in `settle`, not between two requests.
    runtime,
  });
  const payments = stripePayments({ ledger, stripe, webhookSecrets: [webhookSecret], poll: false }); // The cron polls.
  return { ledger, payments, handlers: paymentHandlers({ payments, log: console }) };
}
// #endregion open

// #region requests
/** @param later does the work after the answer: `after` of Next.js, or `(work) => waitUntil(work())` of your host. */
export function requestFunctions({ ledger, handlers }: Shop, later: (work: () => Promise<unknown>) => void): RequestFunctions {
  const thenDeliver =
    (handle: (request: Request) => Promise<Response>) =>
    async (request: Request): Promise<Response> => {
      const response = await handle(request); // What it acknowledges is stored: a freeze from here on loses nothing.
      // A refused request decides nothing, and anybody can send one. After a failure Stripe or the page comes again, and then it is done.
      if (!response.ok) return response;
      // Also after a status query: its look at Stripe may have granted. Three seconds, since Stripe may be waiting; the cron does the rest.
      later(() => ledger.settle({ timeoutMs: 3_000 }).catch((error: unknown) => console.error('The next cron delivers it instead', error)));
      return response;
    };
  return {
    webhook: thenDeliver(handlers.webhook),
    status: thenDeliver((request) => handlers.status(request)),
  };
}
// #endregion requests

// #region cron
/** Every five minutes: finds what webhooks have lost, and delivers what other instances have left. */
export async function everyFiveMinutes({ ledger, payments }: Shop): Promise<CronReport> {
  const [polled] = await Promise.allSettled([payments.sweep({ onlyDue: true })]);
  await ledger.settle(); // Also where Stripe did not answer.
  const { undelivered, abandoned, openReviews } = await ledger.backlog();
  if (polled.status === 'rejected') throw polled.reason; // The scheduler reports it. The next call reads the same again.
  return { rescued: polled.value.rescued, undelivered, abandoned, openReviews };
}
// #endregion cron
