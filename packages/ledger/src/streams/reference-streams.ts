// The reference stream, `reference-{id}`: who owns a payment (law 3), and what was said of it before anyone
// did (law 7). The first `ReferenceLinked` wins, by the expected revision of its append.
import * as z from 'zod';
import { invariant, LedgerError } from '../errors.ts';
import type { StoredEvent } from '../event-store/event-store.ts';
import { idSchema } from '../observation.ts';
import { readOrderEvent, versionOf } from '../order/event-schemas.ts';
import type { PaymentObserved } from '../order/events.ts';
import { factContentKey } from '../order/order.ts';
import type { Aggregate, Proposal, Transactions } from './transact.ts';

export type ReferenceEvent =
  /** Said while the payment had no owner. */
  { readonly type: 'PaymentHeld'; readonly data: PaymentObserved } | { readonly type: 'ReferenceLinked'; readonly data: ReferenceLinked };

export interface ReferenceLinked {
  readonly orderId: string;
  /** Of the link that ends, where a person moved the payment. Absent: it had no owner. */
  readonly endsRevision?: number;
}

export interface Link {
  readonly orderId: string;
  readonly revision: number;
}

export interface ReferenceState {
  readonly id: string;
  readonly revision: number;
  /** Oldest first; the last one is the owner. */
  readonly links: readonly Link[];
  readonly held: readonly PaymentObserved[];
}

const linkedSchema: z.ZodType<ReferenceLinked> = z.strictObject({
  orderId: idSchema,
  endsRevision: z.exactOptional(z.number().int().min(0)),
});

function read(stored: StoredEvent): ReferenceEvent {
  const { type, stream, revision, data, metadata } = stored;
  if (type === 'PaymentHeld') {
    // Held observations have the shape, the version and the upcasters of recorded ones.
    return { type, data: readOrderEvent({ ...stored, type: 'PaymentObserved' }).data as PaymentObserved };
  }
  if (type !== 'ReferenceLinked' || Number(metadata['version']) > 1) {
    throw new LedgerError('file_newer', `${stream}@${revision} (${type}) was written by a newer release. Upgrade @paidonce/ledger`);
  }
  const parsed = linkedSchema.safeParse(data);
  invariant(parsed.success, `${stream}@${revision}: not a link`);
  return { type, data: parsed.data };
}

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
  read,
  evolve,
  versionOf: (type) => (type === 'PaymentHeld' ? versionOf('PaymentObserved') : 1),
};

/** Whose a payment is, and whose it was. */
export interface Ownership {
  readonly owner: string;
  /** Orders that a person moved the payment away from: a claim for one of these is overruled. */
  readonly formerOwners: readonly string[];
  /** What was held before the first link. */
  readonly held: readonly PaymentObserved[];
}

/** The one way to ask and to change who owns a payment. */
export interface References {
  ownerOf(reference: string): Promise<string | undefined>;
  /** The first of them that has an owner speaks for all. */
  ownerOfAny(references: readonly string[]): Promise<string | undefined>;
  /** Strong. Oldest first. */
  links(reference: string): Promise<readonly Link[]>;
  /**
   * Claims the reference for the order. The append is the only commit point; what follows is idempotent roll-forward.
   * Answers its owner, which may be another order.
   */
  link(reference: string, orderId: string): Promise<Ownership>;
  /** After `PaymentMoved`: the next owner, only while the last link is the one that ends. */
  relink(reference: string, orderId: string, endsRevision: number): Promise<void>;
  /** Keeps the observation until the reference has an owner; answers the owner where it has one already. */
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

  // "Is linked" may come from the cache, although a person may have moved the payment since: the stream of a former
  // owner says so, and sends whoever comes there on.
  const ownerOf = (reference: string): Promise<string | undefined> =>
    decideOn(reference, 'read', (state) => ({ events: [], answer: ownerIn(state), lasting: state.links.length > 0 }));

  return {
    ownerOf,
    ownerOfAny: async (references) => {
      for (const reference of references) {
        const owner = await ownerOf(reference);
        if (owner !== undefined) return owner;
      }
      return undefined;
    },
    links: async (reference) => (await transactions.read(referenceAggregate, reference)).links,
    link: (reference, orderId) =>
      decideOn(reference, `order ${orderId}`, (state) => {
        const { links, held } = state;
        const owner = ownerIn(state);
        if (owner === undefined) {
          return { events: [{ type: 'ReferenceLinked', data: { orderId } }], answer: { owner: orderId, formerOwners: [], held } };
        }
        return { events: [], answer: { owner, formerOwners: links.slice(0, -1).map((link) => link.orderId), held }, lasting: true };
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
        if (owner !== undefined) return { events: [], answer: owner, lasting: true };
        return { events: isHeld(state, observed) ? [] : [{ type: 'PaymentHeld', data: observed }], answer: undefined };
      }),
  };
}

function ownerIn({ links }: ReferenceState): string | undefined {
  return links.at(-1)?.orderId;
}

/** Law 5 for what is held: once per source, fact and content. */
function isHeld(reference: ReferenceState, observed: PaymentObserved): boolean {
  const said = factContentKey(observed);
  return reference.held.some((each) => each.source === observed.source && factContentKey(each) === said);
}
