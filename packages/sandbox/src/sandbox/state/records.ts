// The records that the sandbox stores, and the values in them. A record knows no behaviour: objects/, webhooks/ and api/ import this file, never the other way.

import type Stripe from 'stripe';
import type { Fate } from '../fate.ts';
import type { CardName } from '../test-cards.ts';
import type { CheckoutSubscription } from './billing-records.ts';
import type { Row } from './collection.ts';

export interface StoredAnswer extends Row {
  /** The key. */
  readonly id: string;
  /** Method, path and parameters in one text. */
  readonly request: string;
  readonly requestId: string;
  readonly status: number;
  readonly body: string;
  readonly created: number;
}

export interface Challenge extends Row {
  /** The payment intent. */
  readonly id: string;
  readonly option: CardName;
  /** Where the customer goes on, if the intent was confirmed over the API. */
  readonly returnUrl: string | null;
}

export interface CheckoutRecord extends Row {
  /** Without what depends on the server's address (`url`), which may change with a restart. */
  readonly session: Stripe.Checkout.Session;
  readonly lineItems: readonly Stripe.LineItem[];
  readonly intentData: IntentData;
  /** Null: nobody chose one, and the metadata names none. */
  readonly fate: Fate | null;
  /** True: the shop has named the currency. Else Stripe charges in the customer's, where the prices have it. */
  readonly isCurrencyNamed?: boolean;
  /** What a session of mode `subscription` will begin. */
  readonly subscription?: CheckoutSubscription;
  /** The payment intent of such a session, which the session does not show. */
  readonly intent?: string;
}

/** `payment_intent_data`, kept until the customer confirms: only then there is an intent. */
export interface IntentData {
  readonly metadata: Record<string, string>;
  readonly captureMethod: (typeof CAPTURE_METHODS)[number];
  readonly description: string | null;
  readonly receiptEmail: string | null;
  readonly statementDescriptor: string | null;
  readonly statementDescriptorSuffix: string | null;
  readonly setupFutureUsage: (typeof FUTURE_USAGES)[number] | null;
  /** More than was authorized may be captured. */
  readonly overcapture: boolean;
}

export const CAPTURE_METHODS = ['automatic', 'automatic_async', 'manual'] as const;

export const FUTURE_USAGES = ['on_session', 'off_session'] as const;

export interface PaymentLinkRecord extends Row {
  /** Without `url`, which depends on the server's address. */
  readonly link: Stripe.PaymentLink;
  readonly lineItems: readonly Stripe.LineItem[];
  readonly intentData: IntentData;
  readonly shippingMinor: number;
}

export interface PaymentMethodRecord extends Row {
  readonly method: Stripe.PaymentMethod;
  readonly option: CardName;
}

/** A price as it goes over the wire: the decimal is text there, where the package makes an object of it. */
export type CatalogPrice = Omit<Stripe.Price, 'unit_amount_decimal' | 'currency_options' | 'tiers'> & {
  readonly unit_amount_decimal: string | null;
};

/** What a price costs in further currencies, which its answers show only where they are asked for. */
export interface PriceOptions extends Row {
  /** The price. */
  readonly id: string;
  /** Minor units. Key: the currency. */
  readonly unitAmounts: Readonly<Record<string, number>>;
}

export interface RefundSettlement extends Row {
  /** The refund. */
  readonly id: string;
  readonly outcome: 'succeeded' | 'failed';
  readonly dueMs: number;
}

export interface Settlement extends Row {
  /** The payment intent. */
  readonly id: string;
  readonly option: string;
  readonly outcome: 'succeeded' | 'failed';
  readonly dueMs: number;
}

export interface Endpoint extends Row {
  /** Without the secret, which Stripe shows once, in the answer to its creation. */
  readonly object: Stripe.WebhookEndpoint;
  readonly secrets: readonly string[];
  /** Since when every try has failed; null: the last one did not. */
  readonly failingSinceMs: number | null;
  readonly payload: EventPayload;
  /** True: it gets only the events of connected accounts. */
  readonly connect: boolean;
  /** What `/v2/core/event_destinations` shows beside it. */
  readonly name: string;
  readonly updatedMs: number;
}

/** - `snapshot`: the event carries the object as it was. - `thin`: it only names it. */
export type EventPayload = 'snapshot' | 'thin';

export interface MissedEvent extends Row {
  readonly type: string;
  readonly related: RelatedObject | null;
}

export interface ThinEvent extends Row {
  readonly type: string;
  readonly createdMs: number;
  /** The snapshot event that is its twin. */
  readonly snapshot: string | null;
  readonly related: RelatedObject | null;
  readonly request: { readonly id: string; readonly idempotencyKey: string | null } | null;
  /** In the event only, not in what is sent. */
  readonly data: object | null;
}

export interface RelatedObject {
  readonly id: string;
  readonly type: string;
  readonly url: string;
}
