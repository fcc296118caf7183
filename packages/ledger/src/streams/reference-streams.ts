// The reference stream, `reference-{name}`: who owns a payment (law 3), and what was reported about it before it had
// an owner (law 7). `referenceName` in `observation.ts` makes the name. The first `ReferenceLinked` wins, by the expected
// revision of its append.
import * as z from 'zod';
import { invariant } from '../errors.ts';
import { eventReader } from '../event-store/event-versions.ts';
import { idSchema, type PaymentReference } from '../observation.ts';
import { orderEventVersions } from '../order/event-schemas.ts';
import type { PaymentObserved } from '../order/events.ts';
import { factContentKey } from '../order/order.ts';
import type { Aggregate, Proposal, Transactions } from './transact.ts';

export type ReferenceEvent =
  /** Observed while the payment had no owner. */
  { readonly type: 'PaymentHeld'; readonly data: PaymentObserved } | { readonly type: 'ReferenceLinked'; readonly data: ReferenceLinked };

export interface ReferenceLinked {
  /** The owner from now on. */
  readonly orderId: string;
  /** Revision of the link that this one ends, where a person moved the payment. Absent: the payment had no owner. */
  readonly endsRevision?: number;
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
  /** Oldest first; the last one is the owner. */
  readonly links: readonly Link[];
  /** What was observed before the first link, oldest first. */
  readonly held: readonly PaymentObserved[];
}

const linkedSchema: z.ZodType<ReferenceLinked> = z.strictObject({
  orderId: idSchema,
  endsRevision: z.exactOptional(z.number().int().min(0)),
});
const reader = eventReader<ReferenceEvent>({ PaymentHeld: orderEventVersions.PaymentObserved, ReferenceLinked: [linkedSchema] });

function evolve(before: ReferenceState, event: ReferenceEvent): ReferenceState {
  const reference = { ...before, revision: before.revision + 1 };
  switch (event.type) {
    case 'PaymentHeld':
      invariant(reference.links.length === 0, `reference ${reference.id} holds a payment after its link`);
      return { ...reference, held: [...reference.held, event.data] };
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

/** The owner of a payment, and its former owners. */
export interface Ownership {
  readonly owner: string;
  /** The orders that a person moved the payment away from, oldest first. Claims for these are overruled. */
  readonly formerOwners: readonly string[];
  /** What was held before the first link. */
  readonly held: readonly PaymentObserved[];
}

/**
 * The only interface that reads and changes who owns a payment. A `reference` is a reference name. All methods throw LedgerError: `contention`, `corrupt`,
 * `file_newer`, and what the event store throws.
 */
export interface References {
  /** May come from the cache, and so name a former owner: that order's stream names the next. Undefined: no owner yet. */
  ownerOf(reference: string): Promise<string | undefined>;
  /** The owner of the first reference that has one. Undefined: none has. */
  ownerOfAny(references: readonly string[]): Promise<string | undefined>;
  /** Strong: what the reference holds; empty where it has an owner. */
  heldOf(reference: string): Promise<readonly PaymentObserved[]>;
  /** Strong: all links, oldest first. The last one is the owner. */
  links(reference: string): Promise<readonly Link[]>;
  /** Strong: the payments that were observed under the reference before its first link, each observation one. */
  heldPayments(reference: string): Promise<readonly PaymentReference[]>;
  /**
   * Claims the reference for the order. The append is the only commit point; what follows is idempotent roll-forward.
   * Answers its owner, which may be another order.
   */
  link(reference: string, orderId: string): Promise<Ownership>;
  /** Links the next owner after a `PaymentMoved`. Does nothing where the link at `endsRevision` is no longer the last. */
  relink(reference: string, orderId: string, endsRevision: number): Promise<void>;
  /** Holds the observation until the reference has an owner. If it has one already, holds nothing and answers that owner. */
  hold(reference: string, observed: PaymentObserved, cause: string): Promise<string | undefined>;
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
  const ownerOf = (reference: string): Promise<string | undefined> =>
    decideOn(reference, 'read', (state) => ({ events: [], answer: ownerIn(state), final: state.links.length > 0 }));

  return {
    ownerOf,
    ownerOfAny: async (references) => {
      for (const reference of references) {
        const owner = await ownerOf(reference);
        if (owner !== undefined) return owner;
      }
      return undefined;
    },
    heldOf: async (reference) => {
      const { links, held } = await transactions.read(referenceAggregate, reference);
      return links.length > 0 ? [] : held;
    },
    links: async (reference) => (await transactions.read(referenceAggregate, reference)).links,
    heldPayments: async (reference) => (await transactions.read(referenceAggregate, reference)).held.map(({ payment }) => payment),
    link: (reference, orderId) =>
      decideOn(reference, `order ${orderId}`, (state) => {
        const { links, held } = state;
        const owner = ownerIn(state);
        if (owner === undefined) {
          return { events: [{ type: 'ReferenceLinked', data: { orderId } }], answer: { owner: orderId, formerOwners: [], held } };
        }
        return { events: [], answer: { owner, formerOwners: links.slice(0, -1).map((link) => link.orderId), held }, final: true };
      }),
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

function ownerIn({ links }: ReferenceState): string | undefined {
  return links.at(-1)?.orderId;
}

/** Law 5 for what is held: an observation is held once per source, fact and content. */
function holds(reference: ReferenceState, observed: PaymentObserved): boolean {
  const content = factContentKey(observed);
  // The fact key is compared first: it is stored, and the content of each would be text made anew.
  const { source, factKey } = observed;
  return reference.held.some((each) => each.factKey === factKey && each.source === source && factContentKey(each) === content);
}
