// The reference stream, `reference-{id}`: who owns a payment (law 3), and what was said of it before anyone
// did (law 7). The first `ReferenceLinked` wins, by the expected revision of its append.
import * as z from 'zod';
import { invariant, LedgerError } from './errors.ts';
import type { StoredEvent } from './event-store/event-store.ts';
import { idSchema } from './observation.ts';
import { readOrderEvent, versionOf } from './order/event-schemas.ts';
import type { PaymentObserved } from './order/events.ts';
import { saidKey } from './order/order.ts';
import type { Aggregate, Decision, Transactions } from './transact.ts';

export type ReferenceEvent =
  /** Said while the payment had no owner. */
  | { readonly type: 'PaymentHeld'; readonly data: PaymentObserved }
  | { readonly type: 'ReferenceLinked'; readonly data: { readonly orderId: string } };

export interface ReferenceState {
  readonly id: string;
  readonly revision: number;
  readonly owner?: string;
  readonly held: readonly PaymentObserved[];
}

const linkedSchema: z.ZodType<{ readonly orderId: string }> = z.strictObject({ orderId: idSchema });

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
      invariant(reference.owner === undefined, `reference ${reference.id} holds a payment after its link`);
      return { ...reference, held: [...reference.held, event.data] };
    case 'ReferenceLinked':
      invariant(
        reference.owner === undefined,
        `law 3: reference ${reference.id} is linked to ${reference.owner} and ${event.data.orderId}`,
      );
      return { ...reference, owner: event.data.orderId };
  }
}

export const referenceAggregate: Aggregate<ReferenceState, ReferenceEvent> = {
  stream: (id) => `reference-${id}`,
  initial: (id) => ({ id, revision: -1, held: [] }),
  read,
  evolve,
  versionOf: (type) => (type === 'PaymentHeld' ? versionOf('PaymentObserved') : 1),
};

/** The one way to ask and to change who owns a payment. */
export interface References {
  ownerOf(reference: string): Promise<string | undefined>;
  /** The first of them that has an owner speaks for all. */
  ownerOfAny(references: readonly string[]): Promise<string | undefined>;
  /**
   * Claims the reference for the order. The append is the only commit point; what follows is idempotent roll-forward.
   * Answers its owner, which may be another order, and what was held before the link.
   */
  link(reference: string, orderId: string): Promise<{ readonly owner: string; readonly held: readonly PaymentObserved[] }>;
  /** Keeps the observation until the reference has an owner; answers the owner where it has one already. */
  hold(reference: string, observed: PaymentObserved, cause: string): Promise<string | undefined>;
}

export function openReferences(transactions: Transactions): References {
  async function decideOn<Answer>(
    reference: string,
    cause: string,
    decide: (state: ReferenceState) => Decision<ReferenceEvent, Answer>,
  ): Promise<Answer> {
    const { answer } = await transactions.transact(referenceAggregate, reference, { cause }, decide);
    return answer;
  }

  const ownerOf = (reference: string): Promise<string | undefined> =>
    decideOn(reference, 'read', ({ owner }) => ({ events: [], answer: owner, lasting: owner !== undefined }));

  return {
    ownerOf,
    ownerOfAny: async (references) => {
      for (const reference of references) {
        const owner = await ownerOf(reference);
        if (owner !== undefined) return owner;
      }
      return undefined;
    },
    link: (reference, orderId) =>
      decideOn(reference, `order ${orderId}`, ({ owner, held }) =>
        owner === undefined
          ? { events: [{ type: 'ReferenceLinked', data: { orderId } }], answer: { owner: orderId, held } }
          : { events: [], answer: { owner, held }, lasting: true },
      ),
    hold: (reference, observed, cause) =>
      decideOn(reference, cause, (state) => {
        if (state.owner !== undefined) return { events: [], answer: state.owner, lasting: true };
        return { events: isHeld(state, observed) ? [] : [{ type: 'PaymentHeld', data: observed }], answer: undefined };
      }),
  };
}

/** Law 5 for what is held: once per source, fact and content. */
function isHeld(reference: ReferenceState, observed: PaymentObserved): boolean {
  const said = saidKey(observed);
  return reference.held.some((each) => each.source === observed.source && saidKey(each) === said);
}
