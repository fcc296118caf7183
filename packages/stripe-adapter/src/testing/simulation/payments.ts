// The `stripePayments` that each life of a process has opened.
import type { PaymentLedger } from '@paidonce/ledger';
import { openMemoryEventStore } from '@paidonce/ledger/memory';
import type { Incarnation } from '@paidonce/ledger/simulation';
import { stripePayments } from '../../index.ts';
import { openBatchContext } from '../../operations/batch-context.ts';
import { type Reconciled, reconcile } from '../../operations/reconcile.ts';
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

  /** Runs `paidonce-stripe reconcile` in this process. */
  reconcile(by: Incarnation, parts: TransportParts, ledger: PaymentLedger, repair: boolean): Promise<Reconciled> {
    const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
    const work = openBatchContext({ ledger, stripe: stripeOver(parts, by), scope: 'paidonce', log, account });
    const since = new Date(ledger.runtime.now().getTime() - 30 * 24 * 3_600_000);
    return reconcile(work, openMemoryEventStore({ log: parts.world.log }), { since, repair });
  }

  open(
    ledger: PaymentLedger,
    by: Incarnation,
    parts: TransportParts,
    { polls, seed }: Pick<StripeSimulationOptions, 'polls' | 'seed'>,
  ): StripePayments {
    const stripe = stripeOver(parts, by);
    const given = seed % 3 === 0 ? {} : { account };
    const payments = stripePayments({ ledger, stripe, webhookSecrets, poll: polls ? {} : false, ...given });
    this.#opened.set(by, payments);
    return payments;
  }
}
