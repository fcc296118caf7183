// The memberships that are active now, each with the payment that grants it: from the log itself, order by order.
import { type EventStore, type PaymentReference, readOrderEvent } from '@paidonce/ledger';

export interface GrantedPayment {
  readonly orderId: string;
  readonly payment: PaymentReference;
}

export interface GrantedSince {
  /** Memberships whose payment is older are left out. */
  readonly since: Date;
  readonly onProgress?: (what: string, count: number) => void;
}

/**
 * @param livemode the key's mode; it cannot read payments of the other. Undefined: both modes.
 * @throws LedgerError of the store; `corrupt` for an event that cannot be read.
 */
export async function activeMemberships(
  store: EventStore,
  livemode: boolean | undefined,
  { since, onProgress }: GrantedSince,
): Promise<readonly GrantedPayment[]> {
  const active = new Map<string, PaymentReference>();
  let events = 0;
  for await (const page of store.readLog({ prefixes: ['order-'] })) {
    for (const stored of page.events) {
      const event = readOrderEvent(stored);
      if (event.type === 'MembershipSuspended' || event.type === 'MembershipRevoked') active.delete(event.data.membershipId);
      if (event.type !== 'MembershipGranted' && event.type !== 'MembershipRestored') continue;
      const { membershipId, payment, paidAt } = event.data;
      if (paidAt < since.toISOString() || payment.livemode !== (livemode ?? payment.livemode)) continue;
      active.set(membershipId, payment);
    }
    events += page.events.length;
    onProgress?.('events of the ledger', events);
  }
  return [...active].map(([orderId, payment]) => ({ orderId, payment }));
}
