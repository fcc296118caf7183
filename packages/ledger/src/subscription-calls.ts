// What a ledger does for subscriptions: each call is checked at the door, then handed to the write path or the streams.
import type { Delivery } from './delivery/delivery.ts';
import { LedgerError } from './errors.ts';
import { attachSubscriptionSchema, importSubscriptionSchema, parse, placeSubscriptionSchema, readReference, seenSchema } from './input.ts';
import { givenActionSchema, idSchema, paymentReferenceSchema } from './observation.ts';
import type { SubscriptionWriter } from './observe-subscription.ts';
import type { ProcessCounter } from './process-counts.ts';
import { resolveReview } from './resolve-review.ts';
import type { Runtime } from './runtime.ts';
import type { LedgerIdentity } from './streams/ledger-stream.ts';
import type { SubscriptionStreams } from './streams/subscription-streams.ts';
import type { SubscriptionPlaced } from './subscription/events.ts';
import type { SubscriptionObservation } from './subscription/observation.ts';
import { subscriptionObservationSchema } from './subscription/observation-schemas.ts';
import type { SubscriptionPolicy } from './subscription/policy.ts';
import { subscriptionViewOf } from './subscription/view.ts';
import type { PlaceSubscription, SubscriptionLedger, SubscriptionPlacedOtherwise } from './subscription-ledger.ts';
import { traced } from './tracing.ts';

export interface SubscriptionCallParts {
  readonly subscriptions: SubscriptionStreams;
  readonly writer: SubscriptionWriter;
  /** Undefined: this process delivers no subscriptions. */
  readonly delivery: Delivery | undefined;
  readonly policy: SubscriptionPolicy;
  readonly identity: LedgerIdentity;
  readonly runtime: Pick<Runtime, 'now'>;
  readonly counter: ProcessCounter;
}

export function openSubscriptionCalls(parts: SubscriptionCallParts): SubscriptionLedger {
  const { subscriptions, writer, delivery, policy, identity, runtime, counter } = parts;
  const now = (): string => runtime.now().toISOString();
  const viewed = async (subscriptionId: string) => subscriptionViewOf(await subscriptions.read(subscriptionId), policy);

  return {
    placeSubscription: async (subscription) => {
      const placed = placedOn(parse(placeSubscriptionSchema, subscription, 'subscription'), 'started', now());
      refuseUnknownPlan(placed, policy);
      await identity.ensure();
      const command = { type: 'place', subscription: placed } as const;
      const { state, events } = await subscriptions.command(placed.subscriptionId, 'place', command);
      if (events.length > 0) return { outcome: 'placed' };
      return differing(state.placed, placed) ?? { outcome: 'exists' };
    },
    attachSubscription: async (subscriptionId, session, options) => {
      const payment = parse(paymentReferenceSchema, session, 'session');
      const checkout = { payment, attachedAt: now(), ...parse(attachSubscriptionSchema, options ?? {}, 'options') };
      await subscriptions.requirePlaced(parse(idSchema, subscriptionId, 'subscriptionId'));
      return writer.attach(subscriptionId, checkout);
    },
    observeSubscription: async (observation) => {
      const said = parse(subscriptionObservationSchema, observation, 'observation');
      const about = { 'paidonce.source': said.source, 'paidonce.subscription.provider_id': said.subscription.id };
      return traced('paidonce.observe_subscription', about, async (note) => {
        const result = await counter.observation(said.source, () => writer.observe(said));
        const id = 'subscriptionId' in result ? result.subscriptionId : undefined;
        note({ 'paidonce.outcome': result.outcome, 'paidonce.subscription.id': id });
        return result;
      });
    },
    importSubscription: async (subscription, read, by) => {
      const { placed, said } = readImport(subscription, read, policy);
      const signed = parse(givenActionSchema, by, 'by');
      await identity.ensure();
      return writer.import(placed, said, signed);
    },
    resolveSubscriptionReview: async (subscriptionId, reviewId, how, by) => {
      const id = parse(idSchema, subscriptionId, 'subscriptionId');
      const done = await resolveReview(subscriptions, id, { reviewId, how, by, at: now() });
      return done.outcome === 'stale' ? { ...done, subscriptionId } : done;
    },
    redeliverSubscription: async (subscriptionId, by, seen) => {
      if (!delivery) {
        const message = 'This process has no `subscriptions.deliver`. Call redeliverSubscription where createPaymentLedger has one';
        throw new LedgerError('invalid_input', message);
      }
      const { seenRevision } = parse(seenSchema, seen ?? {}, 'seen');
      const signed = parse(givenActionSchema, by, 'by');
      const outcome = await delivery.redeliver(parse(idSchema, subscriptionId, 'subscriptionId'), signed, seenRevision);
      if (outcome !== 'stale') return { outcome };
      return { outcome, subscriptionId, revision: (await subscriptions.read(subscriptionId)).revision };
    },
    subscription: async (subscriptionId) => viewed(parse(idSchema, subscriptionId, 'subscriptionId')),
    subscriptionOf: async (reference) => {
      const link = await writer.linkOf(readReference(reference));
      return link && viewed(link.subscriptionId);
    },
  };
}

/** What an import places and observes. @throws LedgerError `invalid_input`. */
export function readImport(
  subscription: Parameters<SubscriptionLedger['importSubscription']>[0],
  read: Parameters<SubscriptionLedger['importSubscription']>[1],
  policy: SubscriptionPolicy,
): { readonly placed: SubscriptionPlaced; readonly said: SubscriptionObservation } {
  const { placedAt, ...given } = parse(importSubscriptionSchema, subscription, 'subscription');
  const placed = placedOn(given, 'imported', placedAt);
  refuseUnknownPlan(placed, policy);
  return { placed, said: parse(subscriptionObservationSchema, { ...read, source: 'poll' }, 'read') };
}

/** A ledger without subscriptions refuses each call. */
export function refusedSubscriptionCalls(): SubscriptionLedger {
  const refuse = async (): Promise<never> => {
    throw new LedgerError('invalid_input', 'This ledger keeps no subscriptions. Give createPaymentLedger the option `subscriptions`');
  };
  return {
    placeSubscription: refuse,
    attachSubscription: refuse,
    observeSubscription: refuse,
    importSubscription: refuse,
    resolveSubscriptionReview: refuse,
    redeliverSubscription: refuse,
    subscription: refuse,
    subscriptionOf: refuse,
  };
}

function placedOn(
  { kind = 'membership', ...subscription }: PlaceSubscription,
  origin: SubscriptionPlaced['origin'],
  placedAt: string,
): SubscriptionPlaced {
  return { ...subscription, kind, origin, placedAt };
}

function refuseUnknownPlan({ plan }: SubscriptionPlaced, { plans }: SubscriptionPolicy): void {
  const known = Object.keys(plans);
  if (known.length === 0 || known.includes(plan)) return;
  const message = `subscription.plan: the policy has no plan ${plan}; it has ${known.join(', ')}. Name its prices in subscriptions.policy.plans`;
  throw new LedgerError('invalid_input', message);
}

const terms = ['memberId', 'plan', 'kind', 'currency', 'account', 'livemode'] as const;

/** Undefined: it was placed on the same terms, or not yet. */
function differing(placed: SubscriptionPlaced | undefined, given: SubscriptionPlaced): SubscriptionPlacedOtherwise | undefined {
  if (placed === undefined) return undefined;
  const found = terms.filter((term) => placed[term] !== given[term]);
  if (found.length === 0) return undefined;
  const of = (term: (typeof terms)[number], key: 'placed' | 'given', { [term]: value }: SubscriptionPlaced) =>
    value === undefined ? {} : { [key]: value };
  return { outcome: 'differs', terms: found.map((term) => ({ term, ...of(term, 'placed', placed), ...of(term, 'given', given) })) };
}
