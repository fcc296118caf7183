// The reference stream, `reference-{name}`: who owns a payment (law 3), and what was reported about it before it had
// an owner (law 7). `referenceName` in `observation.ts` makes the name. The owner is an order or a subscription: the first
// `ReferenceLinked` or `SubscriptionLinked` wins, by the expected revision of its append. Only an order may lose a payment again.
import * as z from 'zod';
import { invariant } from '../errors.ts';
import { eventReader } from '../event-store/event-versions.ts';
import { idSchema, type PaymentReference } from '../observation.ts';
import { orderEventVersions } from '../order/event-schemas.ts';
import type { PaymentObserved } from '../order/events.ts';
import { factContentKey } from '../order/order.ts';
import type { Aggregate, Proposal, Transaction } from './aggregate.ts';
import type { Transactions } from './transact.ts';

export type ReferenceEvent =
  /** Observed while the payment had no owner. */
  | { readonly type: 'PaymentHeld'; readonly data: PaymentObserved }
  | { readonly type: 'ReferenceLinked'; readonly data: ReferenceLinked }
  | { readonly type: 'SubscriptionLinked'; readonly data: SubscriptionLinked };

type LinkEvent = Exclude<ReferenceEvent, { type: 'PaymentHeld' }>;

export interface ReferenceLinked {
  /** The owner from now on. */
  readonly orderId: string;
  /** Revision of the link that this one ends, where a person moved the payment. Absent: the payment had no owner. */
  readonly endsRevision?: number;
}

/** A session, an invoice, a payment or the provider's subscription belongs to a subscription of the shop, for good. */
export interface SubscriptionLinked {
  readonly subscriptionId: string;
  /** The provider's subscription, whose facts name the reference. Absent: a session, of which it is not known yet. */
  readonly of?: string;
}

export interface Link {
  readonly orderId: string;
  /** The revision of its `ReferenceLinked` in the reference stream. */
  readonly revision: number;
}

export interface ReferenceState {
  /** The reference name of a payment or an alias. */
  readonly id: string;
  readonly revision: number;
  /** The orders, oldest first; the last one is the owner. */
  readonly links: readonly Link[];
  /** The subscription that owns it. Absent: none does. */
  readonly subscription?: SubscriptionLinked;
  /** What was observed before the first link, oldest first. */
  readonly held: readonly PaymentObserved[];
}

const linkedSchema: z.ZodType<ReferenceLinked> = z.strictObject({
  orderId: idSchema,
  endsRevision: z.exactOptional(z.number().int().min(0)),
});
const subscriptionLinkedSchema: z.ZodType<SubscriptionLinked> = z.strictObject({ subscriptionId: idSchema, of: z.exactOptional(idSchema) });
const reader = eventReader<ReferenceEvent>({
  PaymentHeld: orderEventVersions.PaymentObserved,
  ReferenceLinked: [linkedSchema],
  SubscriptionLinked: [subscriptionLinkedSchema],
});

function evolve(before: ReferenceState, event: ReferenceEvent): ReferenceState {
  const reference = { ...before, revision: before.revision + 1 };
  const { id, subscription } = before;
  invariant(subscription === undefined, `law 3: reference ${id} is linked to subscription ${subscription?.subscriptionId}, for good`);
  switch (event.type) {
    case 'PaymentHeld':
      invariant(reference.links.length === 0, `reference ${reference.id} holds a payment after its link`);
      return { ...reference, held: [...reference.held, event.data] };
    case 'SubscriptionLinked':
      invariant(reference.links.length === 0, `law 3: reference ${id} is linked to order ${ownerIn(before)}, and to a subscription`);
      return { ...reference, subscription: event.data };
    case 'ReferenceLinked':
      return { ...reference, links: [...reference.links, linkAfter(reference, event.data)] };
  }
}

function linkAfter({ id, links, revision }: ReferenceState, { orderId, endsRevision }: ReferenceLinked): Link {
  const last = links.at(-1);
  invariant(endsRevision === last?.revision, `law 3: reference ${id} is linked to ${last?.orderId} and to ${orderId}`);
  invariant(!links.some((link) => link.orderId === orderId), `law 3: reference ${id} comes back to ${orderId}`);
  return { orderId, revision };
}

export const referenceAggregate: Aggregate<ReferenceState, ReferenceEvent> = {
  stream: (id) => `reference-${id}`,
  initial: (id) => ({ id, revision: -1, links: [], held: [] }),
  ...reader,
  evolve,
};

/** Who owns a reference: the id of an order, or `subscription/{id}`, since the two may have one id. No id contains a `/`. */
export type Owner = string;

const subscriptionPrefix = 'subscription/';

export function subscriptionOwner(subscriptionId: string): Owner {
  return subscriptionPrefix + subscriptionId;
}

/** The id of the subscription that owns a reference. Undefined: an order does. */
export function subscriptionIn(owner: Owner): string | undefined {
  return owner.startsWith(subscriptionPrefix) ? owner.slice(subscriptionPrefix.length) : undefined;
}

/** The owner of a payment, and its former owners. */
export interface Ownership {
  readonly owner: Owner;
  /** The orders that a person moved the payment away from, oldest first. Claims for these are overruled. */
  readonly formerOwners: readonly string[];
  /** What was held before the first link. */
  readonly held: readonly PaymentObserved[];
}

export type FirstClaim = Transaction<ReferenceState, ReferenceEvent, undefined>;

/**
 * The only interface that reads and changes who owns a payment. A `reference` is a reference name. All methods throw LedgerError: `contention`, `corrupt`,
 * `file_newer`, and what the event store throws.
 */
export interface References {
  /** May come from the cache, and so name a former owner: that order's stream names the next. Undefined: no owner yet. */
  ownerOf(reference: string): Promise<Owner | undefined>;
  /** The owner of the first reference that has one. Undefined: none has. */
  ownerOfAny(references: readonly string[]): Promise<Owner | undefined>;
  /**
   * The order of the payment's own name, else of its first alias, as far as this process has them in memory. Undefined: ask
   * `ownerOfAny`. What a later alias says counts only where the earlier ones have no owner, and a memory cannot know that.
   */
  knownOrder(references: readonly string[]): string | undefined;
  /**
   * The claim of the payment's own name, for a commit together with what rests on it. It links a name that nobody has heard of, and
   * nothing else. Undefined: as far as this process has them in memory, the name is known, or an alias is not the order's alone,
   * or one has held something. Then link each name, and forward what it held.
   */
  firstClaim(references: readonly string[], orderId: string): FirstClaim | undefined;
  /** The link to a subscription. Undefined: it has none. */
  subscriptionLink(reference: string): Promise<SubscriptionLinked | undefined>;
  /** Strong: what the reference holds; empty where it has an owner. */
  heldOf(reference: string): Promise<readonly PaymentObserved[]>;
  /** Strong: all links to orders, oldest first. The last one is the owner. */
  links(reference: string): Promise<readonly Link[]>;
  /** Strong: the payments that were observed under the reference before its first link, each observation one. */
  heldPayments(reference: string): Promise<readonly PaymentReference[]>;
  /**
   * Claims the reference for the order, or for the subscription. The append is the only commit point; what follows is idempotent
   * roll-forward. Answers its owner, which may be another one.
   */
  link(reference: string, orderId: string): Promise<Ownership>;
  /** As `link`, for a reference that nobody should have heard of yet: nothing is read before the append. */
  linkNew(reference: string, orderId: string): Promise<Ownership>;
  linkSubscription(reference: string, link: SubscriptionLinked): Promise<Ownership>;
  /** Strong: what `linkSubscription` would answer. Nothing is written. */
  wouldLinkSubscription(reference: string, link: SubscriptionLinked): Promise<Ownership>;
  /** Links the next owner after a `PaymentMoved`. Does nothing where the link at `endsRevision` is no longer the last. */
  relink(reference: string, orderId: string, endsRevision: number): Promise<void>;
  /** Holds the observation until the reference has an owner. If it has one already, holds nothing and answers that owner. */
  hold(reference: string, observed: PaymentObserved, cause: string): Promise<Owner | undefined>;
}

export function openReferences(transactions: Transactions): References {
  async function decideOn<Answer>(
    reference: string,
    cause: string,
    decide: (state: ReferenceState) => Proposal<ReferenceEvent, Answer>,
  ): Promise<Answer> {
    const { answer } = await transactions.transact(referenceAggregate, reference, { cause }, decide);
    return answer;
  }

  // "Is linked" may come from the cache, although a person may have moved the payment since: the stream of the former
  // owner records that, and names the next one.
  const read = <Answer>(reference: string, answer: (state: ReferenceState) => Answer): Promise<Answer> =>
    decideOn(reference, 'read', (state) => ({ events: [], answer: answer(state), final: ownerIn(state) !== undefined }));
  const ownerOf = (reference: string): Promise<Owner | undefined> => read(reference, ownerIn);

  const link = (reference: string, cause: string, linked: LinkEvent): Promise<Ownership> =>
    decideOn(reference, cause, (state) => {
      const { links, held } = state;
      const owner = ownerIn(state);
      if (owner === undefined) return { events: [linked], answer: { owner: ownerBy(linked), formerOwners: [], held } };
      return { events: [], answer: { owner, formerOwners: links.slice(0, -1).map(({ orderId }) => orderId), held }, final: true };
    });
  const causeOf = (orderId: string): string => `order ${orderId}`;
  const linkedTo = (orderId: string): LinkEvent => ({ type: 'ReferenceLinked', data: { orderId } });
  const linkOrder = (reference: string, orderId: string): Promise<Ownership> => link(reference, causeOf(orderId), linkedTo(orderId));
  const known = (reference: string): ReferenceState | undefined => transactions.known(referenceAggregate, reference);

  return {
    ownerOf,
    ownerOfAny: async (references) => {
      for (const reference of references) {
        const owner = await ownerOf(reference);
        if (owner !== undefined) return owner;
      }
      return undefined;
    },
    knownOrder: (references) => {
      const states = references.slice(0, 2).map(known);
      const linked = states.find((state) => state !== undefined && ownerIn(state) !== undefined);
      return linked?.links.at(-1)?.orderId;
    },
    firstClaim: ([reference = '', ...aliases], orderId) => {
      const isOurs = (state: ReferenceState | undefined) => state !== undefined && ownerIn(state) === orderId && state.held.length === 0;
      if ((known(reference)?.revision ?? -1) >= 0 || !aliases.every((alias) => isOurs(known(alias)))) return undefined;
      transactions.assumeNew(referenceAggregate, reference);
      const decide = ({ revision }: ReferenceState) => ({ events: revision === -1 ? [linkedTo(orderId)] : [], answer: undefined });
      return { aggregate: referenceAggregate, id: reference, metadata: { cause: causeOf(orderId) }, decide };
    },
    subscriptionLink: (reference) => read(reference, ({ subscription }) => subscription),
    heldOf: async (reference) => {
      const state = await transactions.read(referenceAggregate, reference);
      return ownerIn(state) === undefined ? state.held : [];
    },
    links: async (reference) => (await transactions.read(referenceAggregate, reference)).links,
    heldPayments: async (reference) => (await transactions.read(referenceAggregate, reference)).held.map(({ payment }) => payment),
    link: linkOrder,
    linkNew: (reference, orderId) => {
      transactions.assumeNew(referenceAggregate, reference);
      return linkOrder(reference, orderId);
    },
    linkSubscription: (reference, data) => link(reference, `subscription ${data.subscriptionId}`, { type: 'SubscriptionLinked', data }),
    wouldLinkSubscription: async (reference, { subscriptionId }) => {
      const state = await transactions.read(referenceAggregate, reference);
      return { owner: ownerIn(state) ?? subscriptionOwner(subscriptionId), formerOwners: [], held: state.held };
    },
    relink: (reference, orderId, endsRevision) =>
      decideOn(reference, `move to ${orderId}`, ({ links }) => {
        const events: ReferenceEvent[] =
          links.at(-1)?.revision === endsRevision ? [{ type: 'ReferenceLinked', data: { orderId, endsRevision } }] : [];
        return { events, answer: undefined };
      }),
    hold: (reference, observed, cause) =>
      decideOn(reference, cause, (state) => {
        const owner = ownerIn(state);
        if (owner !== undefined) return { events: [], answer: owner, final: true };
        return { events: holds(state, observed) ? [] : [{ type: 'PaymentHeld', data: observed }], answer: undefined };
      }),
  };
}

function ownerIn({ links, subscription }: ReferenceState): Owner | undefined {
  return subscription ? subscriptionOwner(subscription.subscriptionId) : links.at(-1)?.orderId;
}

/** The owner that a link names. */
export function ownerBy(event: LinkEvent): Owner {
  return event.type === 'SubscriptionLinked' ? subscriptionOwner(event.data.subscriptionId) : event.data.orderId;
}

/** Law 5 for what is held: an observation is held once per source, fact and content. */
function holds(reference: ReferenceState, observed: PaymentObserved): boolean {
  const content = factContentKey(observed);
  // The fact key is compared first: it is stored, and the content of each would be text made anew.
  const { source, factKey } = observed;
  return reference.held.some((each) => each.factKey === factKey && each.source === source && factContentKey(each) === content);
}
