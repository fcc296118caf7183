// Dry runs of the one write path: what an observation, a resolution or a move would add. The decider decides on the newest
// state and nothing is written, so reports and forms need no second set of rules.
import type { AdapterLedger, ObservationPreview } from '../adapter-ledger.ts';
import { observationsSchema, parse, resolveSchema } from '../input.ts';
import {
  factKey,
  idSchema,
  type ManualAction,
  type Observation,
  type PaymentReference,
  paymentKey,
  paymentReferenceSchema,
  referenceName,
  referenceNamesOf,
} from '../observation.ts';
import { counts, isInEffect, refundedMinor } from '../order/access.ts';
import { decide, type OrderCommand } from '../order/decide.ts';
import { isDecision, type OrderEvent, outcomeOf, type PaymentObserved } from '../order/events.ts';
import type { PaymentFacts } from '../order/facts.ts';
import { evolve, moveOf, type OrderState } from '../order/order.ts';
import { isReported } from '../order/payment-names.ts';
import type { Policy } from '../order/policy.ts';
import type { Preview } from '../order/view.ts';
import type { PaymentLedger } from '../payment-ledger.ts';
import type { Runtime } from '../runtime.ts';
import type { OrderStreams } from './order-streams.ts';
import { paymentNamed, refuseSubscriptions } from './payment-owner.ts';
import { type References, subscriptionIn } from './reference-streams.ts';

export interface PreviewParts {
  readonly orders: OrderStreams;
  readonly references: References;
  readonly policy: Policy;
  readonly runtime: Runtime;
}

export type Previews = Pick<PaymentLedger, 'previewResolution' | 'previewMove'> & Pick<AdapterLedger, 'wouldObserve'>;

/** A dry run writes nothing, so nobody is named in it. */
const nobody: ManualAction = { actor: 'preview', reason: 'preview' };

export function openPreviews(parts: PreviewParts): Previews {
  const { orders, policy, runtime } = parts;
  const now = (): string => runtime.now().toISOString();
  return {
    wouldObserve: async (observations) => wouldObserve(parts, parse(observationsSchema, observations, 'observations'), now()),
    previewResolution: async (orderId, reviewId, how) => {
      const order = await orders.read(parse(idSchema, orderId, 'orderId'));
      const command = { type: 'resolve', reviewId, ...parse(resolveSchema, how, 'how'), by: nobody, at: now() } as const;
      const run = dryRun(order, [command], policy);
      return run.events.length > 0 ? { outcome: 'resolved', ...previewOf(run) } : { outcome: 'stale' };
    },
    previewMove: async (payment, toOrderId) => {
      const target = await orders.requirePlaced(parse(idSchema, toOrderId, 'toOrderId'));
      return previewMove(parts, parse(paymentReferenceSchema, payment, 'payment'), target, now());
    },
  };
}

/** A state that nobody has written, and the events that lead to it. */
interface DryRun {
  readonly state: OrderState;
  readonly events: readonly OrderEvent[];
}

/** Decides the commands one after another, without writing. @throws LedgerError `invalid_input`, as `decide` does. */
function dryRun(before: OrderState, commands: readonly OrderCommand[], policy: Policy): DryRun {
  let state = before;
  const events: OrderEvent[] = [];
  for (const command of commands) {
    const decided = decide(state, command, policy);
    events.push(...decided);
    state = decided.reduce((to, event) => evolve(to, event), state);
  }
  return { state, events };
}

/** The shape of a dry run for callers outside. */
function previewOf({ state, events }: DryRun): Preview {
  const decision = events.findLast(isDecision);
  return {
    orderId: state.orderId,
    membership: state.membership,
    ...(decision ? { decision: outcomeOf[decision.type] } : {}),
    reviews: events.flatMap((event) => (event.type === 'ReviewOpened' ? [event.data.kind] : [])),
  };
}

/** What observations of one payment would add, in their order. @param at the time that they would be observed. ISO 8601 UTC. */
async function wouldObserve(
  { orders, references, policy }: PreviewParts,
  observations: readonly [Observation, ...Observation[]],
  at: string,
): Promise<ObservationPreview> {
  const observed = observations.map((each): PaymentObserved => ({ ...each, observedAt: at, factKey: factKey(each.payment, each.fact) }));
  const { payment } = observations[0];
  const names = [...new Set(observed.flatMap(referenceNamesOf))];
  const named = observed.find(({ orderId }) => orderId !== undefined)?.orderId;
  const owner = (await references.ownerOfAny(names)) ?? named;
  if (owner === undefined) return { outcome: 'held' };
  const subscriptionId = subscriptionIn(owner);
  if (subscriptionId !== undefined) return { outcome: 'of_subscription', subscriptionId };

  const before = await ownerNow(orders, owner, payment);
  // What the references hold would be forwarded first.
  const held = await Promise.all(names.map((reference) => references.heldOf(reference)));
  const claims = await Promise.all(names.slice(1).map((alias) => references.ownerOf(alias)));
  const claimedByAnother = claims.some((claim) => claim !== undefined && claim !== owner && claim !== before.orderId);
  const after = dryRun(
    before,
    [...held.flat(), ...observed].map((each) => ({ type: 'observe', observed: each, claimedByAnother })),
    policy,
  );
  const facts = after.state.payments[paymentKey(payment)];
  const known = before.payments[paymentKey(payment)];
  return {
    outcome: 'recorded',
    ...previewOf(after),
    isNew: known?.attempt?.status !== 'paid',
    changesReversals: reversalsText(known) !== reversalsText(facts),
    openReviews: after.state.reviews.filter(({ resolution }) => resolution === undefined).map(({ kind }) => kind),
    payment:
      facts === undefined || !counts(after.state, facts, policy)
        ? 'does_not_count'
        : isInEffect(after.state, facts, policy)
          ? 'in_effect'
          : 'undone',
  };
}

/** What went back of a payment, and what of it is disputed, as text. */
function reversalsText(payment: PaymentFacts | undefined): string {
  if (payment === undefined) return '0';
  const disputes = payment.disputes.filter(({ status }) => status === 'open' || status === 'lost');
  return [refundedMinor(payment), ...disputes.map(({ id, status }) => `${id} ${status}`).sort()].join(', ');
}

/** The order that has the payment now: a link may name a former owner, whose stream names the next. */
async function ownerNow(orders: OrderStreams, owner: string, payment: PaymentReference): Promise<OrderState> {
  let state = await orders.read(owner);
  for (let moved = moveOf(state, payment); moved; moved = moveOf(state, payment)) state = await orders.read(moved.toOrderId);
  return state;
}

/** What a move would do now: to the order that has the payment, and to the other one. */
async function previewMove(
  { orders, references, policy }: PreviewParts,
  named: PaymentReference,
  target: OrderState,
  at: string,
): ReturnType<PaymentLedger['previewMove']> {
  const toOrderId = target.orderId;
  const payment = await paymentNamed({ orders, references }, named);
  refuseSubscriptions(payment, await references.ownerOf(referenceName(payment)));
  const links = await references.links(referenceName(payment));
  const last = links.at(-1);
  if (last?.orderId === toOrderId) return { outcome: 'exists' };
  if (links.some(({ orderId }) => orderId === toOrderId)) return { outcome: 'left_before' };
  const arriving = (observations: readonly PaymentObserved[]): Preview =>
    previewOf(
      dryRun(
        target,
        observations.map(({ orderId: _, ...observed }) => ({ type: 'observe', observed: observed as PaymentObserved })),
        policy,
      ),
    );
  if (last === undefined) {
    const held = await references.heldOf(referenceName(payment));
    return held.length === 0 ? { outcome: 'unknown_payment' } : { outcome: 'moved', to: arriving(held) };
  }
  const command = { type: 'move', payment, toOrderId, linkRevision: last.revision, by: nobody, at } as const;
  const order = await orders.read(last.orderId);
  const from = dryRun(order, [command], policy);
  if (from.events.length === 0) return { outcome: isReported(order, payment) ? 'already_granted' : 'unknown_payment' };
  return { outcome: 'moved', from: previewOf(from), to: arriving(await orders.observationsOf(last.orderId, payment)) };
}
