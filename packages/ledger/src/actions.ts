// What people do with an order: each is signed, checked at the door, and refused as stale where the order has news that the
// person did not see. The expected revision of the append repeats that check.

import type { AdapterLedger } from './adapter-ledger.ts';
import type { Delivery } from './delivery/delivery.ts';
import { LedgerError } from './errors.ts';
import { parse, recheckSchema, seenBothSchema, seenSchema } from './input.ts';
import {
  givenActionSchema,
  idSchema,
  type ManualAction,
  type Observation,
  observationSchema,
  type PaymentReference,
  paymentReferenceSchema,
} from './observation.ts';
import type { PaymentWriter } from './observe-payment.ts';
import type { ObserveResult, PaymentLedger } from './payment-ledger.ts';
import type { ProcessCounter } from './process-counts.ts';
import { resolveReview } from './resolve-review.ts';
import type { Runtime } from './runtime.ts';
import type { BelongsTo, MoveOutcome, RedeliverOutcome, Seen, SeenBoth, StaleAction } from './seen.ts';
import type { OrderStreams } from './streams/order-streams.ts';
import { traced } from './tracing.ts';

/** As the methods of a `PaymentLedger`, which documents them. Without `seen` no answer is `stale` or `belongs_to`: there, overloads say so. */
export interface Actions extends Pick<PaymentLedger, 'linkPayment' | 'resolveReview'>, Pick<AdapterLedger, 'recordRecheck'> {
  observePayment(observation: Observation, seen?: Seen): Promise<ObserveResult | BelongsTo | StaleAction>;
  movePayment(
    payment: PaymentReference,
    toOrderId: string,
    by: ManualAction,
    seen?: SeenBoth,
  ): Promise<{ readonly outcome: MoveOutcome } | BelongsTo | StaleAction>;
  withdrawOrder(orderId: string, by: ManualAction, seen?: Seen): Promise<{ readonly outcome: 'withdrawn' | 'exists' } | StaleAction>;
  redeliver(orderId: string, by: ManualAction, seen?: Seen): Promise<{ readonly outcome: RedeliverOutcome } | StaleAction>;
}

export interface ActionParts {
  readonly orders: OrderStreams;
  readonly writer: PaymentWriter;
  /** Undefined: this process delivers nothing. */
  readonly delivery: Delivery | undefined;
  readonly runtime: Runtime;
  readonly counter: ProcessCounter;
}

export function openActions({ orders, writer, delivery, runtime, counter }: ActionParts): Actions {
  const now = (): string => runtime.now().toISOString();
  return {
    observePayment: async (observation, seen) => {
      const observed = parse(observationSchema, observation, 'observation');
      const { seenRevision } = parse(seenSchema, seen ?? {}, 'seen');
      const { source, payment, evidence } = observed;
      if (seenRevision !== undefined && source !== 'manual')
        throw new LedgerError('invalid_input', `seen: only a person has seen an order, and the source is ${source}. Leave it out`);
      const about = { 'paidonce.source': source, 'paidonce.payment.id': payment.id, 'paidonce.event.id': evidence.eventId };
      return traced('paidonce.observe_payment', about, async (note) => {
        const result = await counter.observation(source, async () =>
          seenRevision === undefined ? writer.observe(observed) : writer.observeSeen(observed, seenRevision),
        );
        const ids = { 'paidonce.order.id': 'orderId' in result ? result.orderId : undefined };
        const ofSubscription = { 'paidonce.subscription.id': 'subscriptionId' in result ? result.subscriptionId : undefined };
        note({ 'paidonce.outcome': result.outcome, ...ids, ...ofSubscription });
        return result;
      });
    },
    movePayment: async (payment, toOrderId, by, seen) => {
      const reference = parse(paymentReferenceSchema, payment, 'payment');
      await orders.requirePlaced(parse(idSchema, toOrderId, 'toOrderId'));
      return writer.move(reference, toOrderId, parse(givenActionSchema, by, 'by'), parse(seenBothSchema, seen ?? {}, 'seen'));
    },
    linkPayment: async (payment, orderId, by, seen) => {
      const reference = parse(paymentReferenceSchema, payment, 'payment');
      await orders.requirePlaced(parse(idSchema, orderId, 'orderId'));
      const { seenRevision } = parse(seenSchema, seen ?? {}, 'seen');
      return writer.link(orderId, { payment: reference, attachedAt: now(), by: parse(givenActionSchema, by, 'by') }, seenRevision);
    },
    withdrawOrder: async (orderId, by, seen) => {
      const command = {
        type: 'withdraw',
        by: parse(givenActionSchema, by, 'by'),
        at: now(),
        ...parse(seenSchema, seen ?? {}, 'seen'),
      } as const;
      const { state, events } = await orders.command(parse(idSchema, orderId, 'orderId'), 'withdraw', command);
      if (events.length > 0) return { outcome: 'withdrawn' };
      return state.withdrawn ? { outcome: 'exists' } : { outcome: 'stale', orderId, revision: state.revision };
    },
    recordRecheck: async (orderId, by, result) => {
      const signed = { by: parse(givenActionSchema, by, 'by'), recheckedAt: now(), ...parse(recheckSchema, result, 'result') };
      const { events } = await orders.command(parse(idSchema, orderId, 'orderId'), 'recheck', { type: 'recheck', ...signed });
      return { outcome: events.length > 0 ? 'recorded' : 'exists' };
    },
    resolveReview: async (orderId, reviewId, how, by) => {
      const done = await resolveReview(orders, parse(idSchema, orderId, 'orderId'), { reviewId, how, by, at: now() });
      return done.outcome === 'stale' ? { ...done, orderId } : done;
    },
    redeliver: async (orderId, by, seen) => {
      if (!delivery)
        throw new LedgerError('invalid_input', 'This process has no `deliver`. Call redeliver where createPaymentLedger has one');
      const { seenRevision } = parse(seenSchema, seen ?? {}, 'seen');
      const outcome = await delivery.redeliver(parse(idSchema, orderId, 'orderId'), parse(givenActionSchema, by, 'by'), seenRevision);
      return outcome === 'stale' ? { outcome, orderId, revision: (await orders.read(orderId)).revision } : { outcome };
    },
  };
}
