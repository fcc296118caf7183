// Which `stripePayments` each life of a process has opened.
import type { PaymentLedger } from '@paidonce/ledger';
import type { Incarnation } from '@paidonce/ledger/simulation';
import { stripePayments } from '../../index.ts';
import type { StripePayments } from '../../stripe-payments.ts';
import type { StripeSimulationOptions } from './options.ts';
import { account, webhookSecrets } from './simulated-stripe.ts';
import { stripeOver, type TransportParts } from './transport.ts';

export class Payments {
  readonly #opened = new WeakMap<Incarnation, StripePayments>();

  of(by: Incarnation): StripePayments {
    const payments = this.#opened.get(by);
    if (!payments) throw new Error(`${by.party.name} has no payments`);
    return payments;
  }

  open(ledger: PaymentLedger, by: Incarnation, parts: TransportParts, { polls, seed }: StripeSimulationOptions): StripePayments {
    const stripe = stripeOver(parts, by);
    const given = seed % 3 === 0 ? {} : { account };
    const payments = stripePayments({ ledger, stripe, webhookSecrets, poll: polls ? {} : false, ...given });
    this.#opened.set(by, payments);
    return payments;
  }
}
