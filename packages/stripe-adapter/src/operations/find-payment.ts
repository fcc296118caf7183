// Which payment a person means: by its own id, or by the session that it was made on. From the ledger's log alone.

import { type EventStore, type PaymentReference, readOrderEvent, type StoredEvent } from '@paidonce/ledger';
import { defined, referenceName, referenceNamesOf } from '@paidonce/ledger/adapter';

export interface FoundPayments {
  /** Empty: the ledger knows no such payment. */
  readonly payments: readonly PaymentReference[];
  /** The order that the name is linked to now. Absent: none. */
  readonly orderId?: string;
}

/** Strongly consistent: it reads the streams themselves, and finds orders that are not placed too. @throws LedgerError of the store. */
export async function findPayments(name: string, store: EventStore): Promise<FoundPayments> {
  const found = new Found(name);
  let orderId: string | undefined;
  for (const stored of await store.readStream(`reference-${name}`)) {
    if (stored.type === 'PaymentHeld') found.add({ ...stored, type: 'PaymentObserved' });
    if (stored.type === 'ReferenceLinked') {
      orderId = String((stored.data as { readonly orderId?: unknown }).orderId);
      for (const event of await store.readStream(`order-${orderId}`)) found.add(event);
    }
  }
  return { payments: found.payments(), ...defined({ orderId }) };
}

class Found {
  readonly #name: string;
  /** Payments with this id, and payments that were made on the session with this id. */
  readonly #itself = new Map<string, PaymentReference>();
  readonly #madeOnIt = new Map<string, PaymentReference>();

  constructor(name: string) {
    this.#name = name;
  }

  add(stored: StoredEvent): void {
    const event = readOrderEvent(stored);
    if (event.type !== 'PaymentObserved' && event.type !== 'CheckoutAttached') return;
    const { payment } = event.data;
    const key = JSON.stringify([payment.provider, payment.account, payment.livemode, payment.id]);
    if (referenceName(payment) === this.#name) this.#itself.set(key, payment);
    else if (event.type === 'PaymentObserved' && referenceNamesOf(event.data).includes(this.#name)) this.#madeOnIt.set(key, payment);
  }

  /** If money came on a session, its payment intent is the payment. */
  payments(): readonly PaymentReference[] {
    return [...(this.#madeOnIt.size > 0 ? this.#madeOnIt : this.#itself).values()];
  }
}
