// The stream `slot-{memberId}`: which subscription of a kind a member is starting, or has. It gates what we start (S13), by the
// expected revision of its appends. A holder that has begun at the provider keeps the slot; one that is only an open checkout is
// taken over, for the customer went back and chose another plan. Who starts a subscription goes in this order; every other one
// lets two be paid:
//   1. `take` the slot, at the revision read.
//   2. Expire the sessions of all earlier holders at the provider. Where one of them is complete, `giveBack` the slot to it, and stop,
//      unless it has ended: else the member could never come back.
//   3. Make the session and attach it. Nobody has its URL yet.
//   4. Ask for the `holder`: where another one holds the slot by now, expire the own session, and stop. Else answer the URL.
// A crash at any point leaves a holder that the next one takes over.
import * as z from 'zod';
import { eventReader } from '../event-store/event-versions.ts';
import { idSchema } from '../observation.ts';
import { withEntry } from '../order/facts.ts';
import { isEndStatus } from '../subscription/facts.ts';
import type { SubscriptionState } from '../subscription/subscription.ts';
import type { Aggregate } from './aggregate.ts';
import type { SubscriptionStreams } from './subscription-streams.ts';
import type { Transactions } from './transact.ts';

export interface SlotTaken {
  readonly type: 'SlotTaken';
  readonly data: {
    /** A slot of each kind. */
    readonly kind: string;
    /** Who holds it from now on. */
    readonly subscriptionId: string;
  };
}

export interface SlotState {
  readonly revision: number;
  /** All holders of each kind, each once, the newest last. */
  readonly holders: Readonly<Record<string, readonly string[]>>;
}

export const memberSlotAggregate: Aggregate<SlotState, SlotTaken> = {
  stream: (memberId) => `slot-${memberId}`,
  initial: () => ({ revision: -1, holders: {} }),
  evolve: (slot, { data: { kind, subscriptionId } }) => {
    const others = holdersOf(slot, kind).filter((each) => each !== subscriptionId);
    return { revision: slot.revision + 1, holders: withEntry(slot.holders, kind, [...others, subscriptionId]) };
  },
  ...eventReader<SlotTaken>({ SlotTaken: [z.strictObject({ kind: idSchema, subscriptionId: idSchema })] }),
};

/** All who ever held the slot of the kind, the newest last. A kind may be named as a member of every object is. */
export function holdersOf({ holders }: SlotState, kind: string): readonly string[] {
  return Object.hasOwn(holders, kind) ? (holders[kind] ?? []) : [];
}

export type TakeSlotResult =
  /**
   * `earlier`: the other subscriptions that ever held it, whose sessions are to be expired before a new one is made. Without those
   * that were canceled, whose sessions are complete. `former`: all of them, the newest last.
   */
  | { readonly outcome: 'taken'; readonly earlier: readonly string[]; readonly former: readonly string[] }
  /** A subscription that held it has begun at the provider, and has not ended there. */
  | { readonly outcome: 'held'; readonly by: string };

export interface GiveSlotBackResult {
  readonly outcome: 'given' | 'ended';
}

/** All methods throw LedgerError `subscription_unknown`: it is not placed. Also what `transact` throws. */
export interface Slots {
  /** Takes the slot of the subscription's member and kind, unless a living one holds it. Taken again, it appends nothing. */
  take(subscriptionId: string): Promise<TakeSlotResult>;
  /** Gives the slot back to an earlier holder, whose session was complete. `ended`: it has ended since, so nothing was given back. */
  giveBack(subscriptionId: string, to: string): Promise<GiveSlotBackResult>;
  /** Strong: who holds the slot of the subscription's member and kind now. */
  holder(subscriptionId: string): Promise<string | undefined>;
  /** Strong: who lives of all that ever held the member's slot, so that nobody else can take it. Undefined: none does. */
  livingHolder(memberId: string, kind: string): Promise<string | undefined>;
}

export function openSlots(transactions: Transactions, subscriptions: Pick<SubscriptionStreams, 'read' | 'requirePlaced'>): Slots {
  async function slotOf(subscriptionId: string): Promise<{ readonly memberId: string; readonly kind: string }> {
    const { placed } = await subscriptions.requirePlaced(subscriptionId);
    return placed;
  }
  async function append(memberId: string, kind: string, subscriptionId: string, atRevision?: number): Promise<boolean> {
    const { answer } = await transactions.transact(memberSlotAggregate, memberId, { cause: 'slot' }, (slot) => {
      if (atRevision !== undefined && slot.revision !== atRevision) return { events: [], answer: false };
      if (holdersOf(slot, kind).at(-1) === subscriptionId) return { events: [], answer: true };
      return { events: [{ type: 'SlotTaken', data: { kind, subscriptionId } }], answer: true };
    });
    return answer;
  }

  return {
    take: async (subscriptionId) => {
      const { memberId, kind } = await slotOf(subscriptionId);
      for (;;) {
        const slot = await transactions.read(memberSlotAggregate, memberId);
        const former = holdersOf(slot, kind).filter((each) => each !== subscriptionId);
        const earlier: string[] = [];
        for (const each of former) {
          const state = await subscriptions.read(each);
          if (lives(state)) return { outcome: 'held', by: each };
          // The session of one that expired incomplete may be open still.
          if (state.facts.lifecycle?.fact.status !== 'canceled') earlier.push(each);
        }
        // Somebody else was faster: then the holder is another one.
        if (await append(memberId, kind, subscriptionId, slot.revision)) return { outcome: 'taken', earlier, former };
      }
    },
    giveBack: async (subscriptionId, to) => {
      const { memberId, kind } = await slotOf(subscriptionId);
      const { facts } = await subscriptions.read(to);
      if (isEndStatus(facts.lifecycle?.fact.status)) return { outcome: 'ended' };
      await append(memberId, kind, to);
      return { outcome: 'given' };
    },
    livingHolder: async (memberId, kind) => {
      for (const each of holdersOf(await transactions.read(memberSlotAggregate, memberId), kind))
        if (lives(await subscriptions.read(each))) return each;
      return undefined;
    },
    holder: async (subscriptionId) => {
      const { memberId, kind } = await slotOf(subscriptionId);
      return holdersOf(await transactions.read(memberSlotAggregate, memberId), kind).at(-1);
    },
  };
}

/** It has begun at the provider and has not ended there, whatever its access. */
function lives({ reference, facts }: SubscriptionState): boolean {
  return reference !== undefined && !isEndStatus(facts.lifecycle?.fact.status);
}
