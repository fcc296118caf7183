// What objects of Stripe Billing state by themselves, before their owner and their provenance are known.
import type { SubscriptionFact } from '@paidonce/ledger/adapter';
import type * as z from 'zod';
import { failedPath } from '../stripe/stripe-objects.ts';

/** A fact, and the object that states it. */
export interface FactReading {
  readonly fact: SubscriptionFact;
  readonly objectId: string;
  /** When it happened, in Unix seconds. Null: the object does not say. */
  readonly at: number | null;
}

/** A list that the object carries in part alone. Until all of it is read, nothing follows from the object. */
export interface Incomplete {
  /** The lines of an invoice, or the items of a subscription. */
  readonly list: 'lines' | 'items';
  /** The id of the invoice or subscription. */
  readonly of: string;
}

/** An object, or a part of one, that could not be read: it is kept by its id. */
export interface Unread {
  readonly type: string;
  readonly objectId?: string;
  /** The path in that object. */
  readonly path: string;
}

export interface BillingReading {
  readonly facts: readonly FactReading[];
  readonly incomplete: readonly Incomplete[];
  readonly unreadable: readonly Unread[];
  /** Why there is no fact, where the object was understood. */
  readonly ignored?: string;
}

const none: BillingReading = { facts: [], incomplete: [], unreadable: [] };

export function stated(fact: SubscriptionFact, objectId: string, at: number | null = null): BillingReading {
  return { ...none, facts: [{ fact, objectId, at }] };
}

export function ignored(because: string): BillingReading {
  return { ...none, ignored: because };
}

export function incomplete(list: Incomplete['list'], of: string): BillingReading {
  return { ...none, incomplete: [{ list, of }] };
}

/** @param failure the path that could not be read, or the error of the schema, for what lies under `within`. */
export function unread(type: string, objectId: string | undefined, failure: string | z.ZodError, within = ''): BillingReading {
  const path = typeof failure === 'string' ? failure : failedPath(failure);
  return { ...none, unreadable: [{ type, path: `${within}${path}`, ...(objectId === undefined ? {} : { objectId }) }] };
}

/** What several objects state. It is ignored where all of them are, and the first of them says why. */
export function together(readings: readonly BillingReading[]): BillingReading {
  const [first] = readings;
  const because = readings.every((each) => each.ignored !== undefined) ? first?.ignored : undefined;
  return {
    facts: readings.flatMap(({ facts }) => facts),
    incomplete: readings.flatMap((each) => each.incomplete),
    unreadable: readings.flatMap(({ unreadable }) => unreadable),
    ...(because === undefined ? {} : { ignored: because }),
  };
}
