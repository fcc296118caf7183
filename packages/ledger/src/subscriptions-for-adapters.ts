// The part of a ledger for payment adapters that is about subscriptions, made of what the ledger opened.
import type { AdapterSubscriptions, KnownSubscription } from './adapter-subscriptions.ts';
import { defined } from './defined.ts';
import { LedgerError } from './errors.ts';
import type { WatchedStore } from './event-store/watched-store.ts';
import { parse, readReference, recheckSchema } from './input.ts';
import { givenActionSchema, idSchema, type PaymentReference, type Source } from './observation.ts';
import type { SubscriptionWriter } from './observe-subscription.ts';
import { sourcesOf } from './order/fact-reports.ts';
import type { ProcessCounter } from './process-counts.ts';
import type { Runtime } from './runtime.ts';
import type { SubscriptionLinked } from './streams/reference-streams.ts';
import type { Slots } from './streams/slot-streams.ts';
import { subscriptionAggregate } from './streams/subscription-aggregate.ts';
import type { SubscriptionDryRuns } from './streams/subscription-dry-run.ts';
import type { SubscriptionStreams } from './streams/subscription-streams.ts';
import { accessOf } from './subscription/access.ts';
import { subscriptionFactContent } from './subscription/fact-text.ts';
import type { SubscriptionFact, SubscriptionReference } from './subscription/observation.ts';
import type { SubscriptionPolicy } from './subscription/policy.ts';
import type { SubscriptionState } from './subscription/subscription.ts';

interface AdapterSubscriptionParts {
  readonly subscriptions: SubscriptionStreams;
  readonly writer: SubscriptionWriter;
  readonly dryRun: SubscriptionDryRuns;
  readonly slots: Slots;
  readonly policy: SubscriptionPolicy;
  readonly delivers: boolean;
  readonly store: Pick<WatchedStore, 'nextAppend'>;
  readonly runtime: Pick<Runtime, 'now'>;
  readonly counter: Pick<ProcessCounter, 'look'>;
}

/** @param call what the ledger does around each of its calls. */
export function openAdapterSubscriptions(
  { subscriptions, writer, dryRun, slots, policy, delivers, store, runtime, counter }: AdapterSubscriptionParts,
  call: <T>(work: () => Promise<T>) => Promise<T>,
): AdapterSubscriptions {
  const id = (subscriptionId: string): string => parse(idSchema, subscriptionId, 'subscriptionId');
  const now = (): string => runtime.now().toISOString();
  return {
    policy,
    delivers,
    takeSlot: (subscriptionId) => call(async () => slots.take(id(subscriptionId))),
    giveSlotBack: (subscriptionId, to) => call(async () => slots.giveBack(id(subscriptionId), parse(idSchema, to, 'to'))),
    slotHolder: (subscriptionId) => call(async () => slots.holder(id(subscriptionId))),
    livingHolder: (memberId, kind) =>
      call(async () => slots.livingHolder(parse(idSchema, memberId, 'memberId'), parse(idSchema, kind, 'kind'))),
    ownerOf: (reference) => call(async () => (await writer.linkOf(readReference(reference)))?.subscriptionId),
    known: (reference) =>
      call(async () => {
        const link = await writer.linkOf(readReference(reference));
        return link && knownIn(await subscriptions.read(link.subscriptionId), policy, linkedAs(link, reference));
      }),
    wouldObserve: (observation) => call(() => dryRun.wouldObserve(observation)),
    wouldImport: (...asked) => call(() => dryRun.wouldImport(...asked)),
    openReview: (subscriptionId, kind) =>
      call(async () => {
        const { events } = await subscriptions.command(id(subscriptionId), `review ${kind}`, { type: 'review', kind, at: now() });
        return { outcome: events.length > 0 ? 'opened' : 'exists' };
      }),
    countLook: (outcome) => counter.look(outcome),
    recordRecheck: (subscriptionId, by, result) =>
      call(async () => {
        const signed = { by: parse(givenActionSchema, by, 'by'), recheckedAt: now(), ...parse(recheckSchema, result, 'result') };
        await subscriptions.requirePlaced(id(subscriptionId));
        const { events } = await subscriptions.command(subscriptionId, 'recheck', { type: 'recheck', ...signed });
        return { outcome: events.length > 0 ? 'recorded' : 'exists' };
      }),
    changed: async (subscriptionId, signal) => store.nextAppend(subscriptionAggregate.stream(id(subscriptionId)), signal),
  };
}

function knownIn(state: SubscriptionState, policy: SubscriptionPolicy, linked: SubscriptionReference | undefined): KnownSubscription {
  const { subscriptionId, reference = linked, facts } = state;
  const { lifecycle, invoices } = facts;
  const { paidThrough, dueAt } = accessOf(state, policy);
  const sources = (fact: SubscriptionFact): readonly Source[] | undefined => sourcesOf(state, subscriptionFactContent(fact));
  return {
    subscriptionId,
    ...defined({ reference, lifecycle: lifecycle?.fact, paidThrough, dueAt }),
    holds: (fact) => sources(fact) !== undefined,
    invoices: invoices.map(({ fact }) => ({ fact, sources: sources(fact) ?? [] })),
  };
}

/** The link of a payment or an invoice names the provider's subscription, of which nothing else may stand in the log yet. */
function linkedAs({ of }: SubscriptionLinked, reference: string | PaymentReference): SubscriptionReference | undefined {
  return of === undefined || typeof reference === 'string' ? undefined : { ...reference, id: of };
}

/** A ledger without subscriptions owns nothing, and refuses every other call. */
export function refusedAdapterSubscriptions(): AdapterSubscriptions {
  const refuse = async (): Promise<never> => {
    throw new LedgerError('invalid_input', 'This ledger keeps no subscriptions. Give createPaymentLedger the option `subscriptions`');
  };
  return {
    policy: undefined,
    delivers: false,
    takeSlot: refuse,
    giveSlotBack: refuse,
    livingHolder: refuse,
    slotHolder: refuse,
    ownerOf: async () => undefined,
    known: async () => undefined,
    wouldObserve: refuse,
    wouldImport: refuse,
    openReview: refuse,
    countLook: () => undefined,
    recordRecheck: refuse,
    changed: refuse,
  };
}
