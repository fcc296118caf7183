// The subscriptions of the ledger, from the log itself: which are active, and whose they are.
import { type EventStore, readSubscriptionEvent } from '@paidonce/ledger';
import type { SubscriptionReference } from '@paidonce/ledger/adapter';

export interface LogSubscription {
  readonly subscriptionId: string;
  /** Placed by this member, with this kind. Absent: it is not placed. */
  readonly placed?: { readonly memberId: string; readonly kind: string };
  /** The provider's subscription. Absent: nothing was reported of it. */
  readonly reference?: SubscriptionReference;
  readonly isActive: boolean;
}

type Changes = Partial<LogSubscription>;

/** Key: its id in the ledger. @throws LedgerError of the store; `corrupt` for an event that cannot be read. */
export async function subscriptionsInLog(
  store: EventStore,
  onProgress?: (what: string, count: number) => void,
): Promise<ReadonlyMap<string, LogSubscription>> {
  const found = new Map<string, LogSubscription>();
  let events = 0;
  for await (const page of store.readLog({ prefixes: [prefix] })) {
    for (const stored of page.events) {
      const subscriptionId = stored.stream.slice(prefix.length);
      const before = found.get(subscriptionId) ?? { subscriptionId, isActive: false };
      found.set(subscriptionId, { ...before, ...changesBy(readSubscriptionEvent(stored), before) });
    }
    events += page.events.length;
    onProgress?.('events of subscriptions', events);
  }
  return found;
}

const prefix = 'subscription-';

function changesBy(event: ReturnType<typeof readSubscriptionEvent>, { reference }: LogSubscription): Changes {
  switch (event.type) {
    case 'SubscriptionPlaced': {
      const { memberId, kind } = event.data;
      return { placed: { memberId, kind } };
    }
    case 'SubscriptionObserved':
      return { reference: reference ?? event.data.subscription };
    case 'SubscriptionGranted':
    case 'SubscriptionRestored':
      return { isActive: true };
    case 'SubscriptionSuspended':
    case 'SubscriptionEnded':
    case 'SubscriptionRevoked':
      return { isActive: false };
    default:
      return {};
  }
}
