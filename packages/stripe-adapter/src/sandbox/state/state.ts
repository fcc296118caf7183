// Everything that the sandbox knows, in memory, written through to a file where there is one. A change is one
// transaction: all of it, or, after an error, none of it.
import type Stripe from 'stripe';
import type { StoredAnswer } from '../api/idempotency.ts';
import type { CheckoutRecord } from '../objects/checkout-record.ts';
import type { CatalogPrice } from '../objects/prices.ts';
import type { Settlement } from '../objects/settlement.ts';
import type { WebhookDelivery } from '../webhooks/delivery.ts';
import type { Endpoint } from '../webhooks/endpoint.ts';
import { type ChangeListener, Collection, type Row } from './collection.ts';
import type { StateFile } from './state-file.ts';

/** What the sandbox keeps beside Stripe's objects. */
export interface Setting extends Row {
  readonly value: number;
}

interface Undo {
  readonly collection: Collection<Row>;
  readonly id: string;
  readonly before: Row | undefined;
}

export class State {
  readonly #file: StateFile | undefined;
  readonly #collections: Collection<Row>[] = [];
  #undo: Undo[] | undefined;

  readonly sessions: Collection<CheckoutRecord> = this.#collection('checkout.session', ({ session }) => idOf(session.payment_intent));
  readonly intents: Collection<Stripe.PaymentIntent> = this.#collection('payment_intent');
  readonly charges: Collection<Stripe.Charge> = this.#collection('charge', (charge) => idOf(charge.payment_intent));
  readonly refunds: Collection<Stripe.Refund> = this.#collection('refund', (refund) => idOf(refund.charge));
  readonly disputes: Collection<Stripe.Dispute> = this.#collection('dispute', (dispute) => idOf(dispute.charge));
  readonly balanceTransactions: Collection<Stripe.BalanceTransaction> = this.#collection('balance_transaction');
  readonly coupons: Collection<Stripe.Coupon> = this.#collection('coupon');
  readonly promotionCodes: Collection<Stripe.PromotionCode> = this.#collection('promotion_code');
  readonly products: Collection<Stripe.Product> = this.#collection('product');
  readonly prices: Collection<CatalogPrice> = this.#collection('price');
  readonly events: Collection<Stripe.Event> = this.#collection('event');
  readonly endpoints: Collection<Endpoint> = this.#collection('webhook_endpoint');
  readonly deliveries: Collection<WebhookDelivery> = this.#collection('webhook_delivery', ({ event }) => event);
  readonly settlements: Collection<Settlement> = this.#collection('settlement');
  readonly answers: Collection<StoredAnswer> = this.#collection('idempotent_answer');
  readonly settings: Collection<Setting> = this.#collection('setting');

  constructor(file?: StateFile) {
    this.#file = file;
    const byKind = new Map(this.#collections.map((collection) => [collection.kind, collection]));
    for (const { kind, place, row } of file?.load() ?? []) byKind.get(kind)?.restore(row.id, row, place);
  }

  /** Runs `change` whole or not at all. Inside another transaction it is a part of that one. */
  transaction<T>(change: () => T): T {
    if (this.#undo) return change();
    const undo: Undo[] = [];
    this.#undo = undo;
    try {
      const result = change();
      this.#write(undo);
      return result;
    } catch (error) {
      for (const { collection, id, before } of undo.reverse()) collection.restore(id, before);
      throw error;
    } finally {
      this.#undo = undefined;
    }
  }

  close(): void {
    this.#file?.close();
  }

  #write(undo: readonly Undo[]): void {
    if (!this.#file || undo.length === 0) return;
    const touched = new Map(undo.map(({ collection, id }) => [`${collection.kind} ${id}`, { collection, id }]));
    this.#file.write(
      [...touched.values()].map(({ collection, id }) => {
        return { kind: collection.kind, id, place: collection.place(id) ?? 0, row: collection.get(id) };
      }),
    );
  }

  #collection<T extends Row>(kind: string, keyOf?: (row: T) => string | null): Collection<T> {
    const changed: ChangeListener = (change) => {
      if (!this.#undo)
        throw new Error(`${kind} ${change.id} was changed outside a transaction. This is a bug of the sandbox: please report it.`);
      this.#undo.push(change);
    };
    const collection = new Collection<T>(kind, changed, keyOf);
    this.#collections.push(collection as unknown as Collection<Row>);
    return collection;
  }
}

/** A reference, expanded or not; objects are stored with ids only. */
function idOf(reference: string | { readonly id: string } | null): string | null {
  return typeof reference === 'object' ? (reference?.id ?? null) : reference;
}
