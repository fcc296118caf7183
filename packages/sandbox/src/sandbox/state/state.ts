// Everything that the sandbox knows of one account, in memory, written through to a file where there is one.
import type Stripe from 'stripe';
import type { WebhookDelivery } from '../webhooks/delivery.ts';
import type { CreditNoteRecord, InvoiceItemRecord, InvoicePayment, InvoiceRecord, SubscriptionRecord } from './billing-records.ts';
import { Collection, type Row } from './collection.ts';
import type { Journal } from './journal.ts';
import type {
  CatalogPrice,
  Challenge,
  CheckoutRecord,
  Endpoint,
  MissedEvent,
  PaymentLinkRecord,
  PaymentMethodRecord,
  PriceOptions,
  RefundSettlement,
  Settlement,
  StoredAnswer,
  ThinEvent,
} from './records.ts';

/** What the sandbox keeps beside Stripe's objects. */
export interface Setting extends Row {
  readonly value: number;
}

export class State {
  readonly #journal: Journal;
  /** Before the names of the account's tables; empty for the sandbox's own account. */
  readonly #prefix: string;

  readonly accounts: Collection<Stripe.Account>;
  readonly sessions: Collection<CheckoutRecord>;
  readonly intents: Collection<Stripe.PaymentIntent>;
  readonly charges: Collection<Stripe.Charge>;
  readonly refunds: Collection<Stripe.Refund>;
  readonly disputes: Collection<Stripe.Dispute>;
  readonly balanceTransactions: Collection<Stripe.BalanceTransaction>;
  readonly coupons: Collection<Stripe.Coupon>;
  readonly promotionCodes: Collection<Stripe.PromotionCode>;
  readonly products: Collection<Stripe.Product>;
  readonly prices: Collection<CatalogPrice>;
  readonly priceOptions: Collection<PriceOptions>;
  readonly customers: Collection<Stripe.Customer>;
  readonly deletedCustomers: Collection<Stripe.DeletedCustomer>;
  readonly paymentMethods: Collection<PaymentMethodRecord>;
  readonly paymentLinks: Collection<PaymentLinkRecord>;
  readonly subscriptions: Collection<SubscriptionRecord>;
  readonly discounts: Collection<Stripe.Discount>;
  readonly invoices: Collection<InvoiceRecord>;
  readonly invoiceItems: Collection<InvoiceItemRecord>;
  readonly invoicePayments: Collection<InvoicePayment>;
  readonly creditNotes: Collection<CreditNoteRecord>;
  readonly balanceEntries: Collection<Stripe.CustomerBalanceTransaction>;
  readonly portalSessions: Collection<Stripe.BillingPortal.Session>;
  readonly events: Collection<Stripe.Event>;
  readonly thinEvents: Collection<ThinEvent>;
  readonly missedEvents: Collection<MissedEvent>;
  readonly endpoints: Collection<Endpoint>;
  readonly deliveries: Collection<WebhookDelivery>;
  readonly settlements: Collection<Settlement>;
  readonly refundSettlements: Collection<RefundSettlement>;
  readonly challenges: Collection<Challenge>;
  readonly answers: Collection<StoredAnswer>;
  readonly settings: Collection<Setting>;

  /** `account`: null for the sandbox's own, a connected one's id otherwise. */
  constructor(journal: Journal, account: string | null) {
    this.#journal = journal;
    this.#prefix = account === null ? '' : `${account}/`;
    this.accounts = this.#collection('account');
    this.sessions = this.#collection('checkout.session', ({ session, intent }) => idOf(session.payment_intent) ?? intent ?? null);
    this.intents = this.#collection('payment_intent');
    this.charges = this.#collection('charge', (charge) => idOf(charge.payment_intent));
    this.refunds = this.#collection('refund', (refund) => idOf(refund.charge));
    this.disputes = this.#collection('dispute', (dispute) => idOf(dispute.charge));
    this.balanceTransactions = this.#collection('balance_transaction');
    this.coupons = this.#collection('coupon');
    this.promotionCodes = this.#collection('promotion_code');
    this.products = this.#collection('product');
    this.prices = this.#collection('price');
    this.priceOptions = this.#collection('price_options');
    this.customers = this.#collection('customer');
    this.deletedCustomers = this.#collection('deleted_customer');
    this.paymentMethods = this.#collection('payment_method');
    this.paymentLinks = this.#collection('payment_link');
    this.subscriptions = this.#collection('subscription', ({ subscription }) => idOf(subscription.customer));
    this.discounts = this.#collection('discount');
    // By the subscription that they bill.
    this.invoices = this.#collection('invoice', ({ invoice }) => idOf(invoice.parent?.subscription_details?.subscription ?? null));
    this.invoiceItems = this.#collection('invoiceitem', ({ item }) => idOf(item.customer));
    this.invoicePayments = this.#collection('invoice_payment', ({ payment }) => payment.payment_intent);
    this.creditNotes = this.#collection('credit_note', ({ note }) => idOf(note.invoice));
    this.balanceEntries = this.#collection('customer_balance_transaction');
    this.portalSessions = this.#collection('billing_portal.session');
    this.events = this.#collection('event');
    this.thinEvents = this.#collection('v2.core.event', ({ snapshot }) => snapshot);
    this.missedEvents = this.#collection('missed_event');
    this.endpoints = this.#collection('webhook_endpoint');
    this.deliveries = this.#collection('webhook_delivery', ({ event }) => event);
    this.settlements = this.#collection('settlement');
    this.refundSettlements = this.#collection('refund_settlement');
    this.challenges = this.#collection('challenge');
    this.answers = this.#collection('idempotent_answer');
    this.settings = this.#collection('setting');
  }

  /** Runs `change` whole or not at all, in this account and in all others. */
  transaction<T>(change: () => T): T {
    return this.#journal.transaction(change);
  }

  #collection<T extends Row>(kind: string, keyOf?: (row: T) => string | null): Collection<T> {
    const collection = new Collection<T>(kind, this.#prefix + kind, this.#journal.changed, keyOf);
    this.#journal.load(collection as unknown as Collection<Row>);
    return collection;
  }
}

/** A reference, expanded or not; objects are stored with ids only. */
function idOf(reference: string | { readonly id: string } | null): string | null {
  return typeof reference === 'object' ? (reference?.id ?? null) : reference;
}
