// The contract between the kit and an app: what the app gets instead of Stripe, and what the kit may ask of it. The app may
// be written in anything that speaks HTTP; its developer writes only this adapter.
import type { StripeSandbox } from '../sandbox/index.ts';

/** What the app uses in place of its own Stripe account. It must not reach Stripe itself in a run. */
export interface SandboxAccess {
  /** `http://127.0.0.1:PORT`, without a slash at its end: the address of the API, for clients in other languages. */
  readonly url: string;
  /** For the `stripe` package: `new Stripe(secretKey, { ...clientConfig })`. */
  readonly clientConfig: StripeSandbox['clientConfig'];
  /** The only key that the sandbox accepts. */
  readonly secretKey: string;
  /** The secret that signs the webhooks: `whsec_…`. */
  readonly webhookSecret: string;
  /**
   * The time in this run: the machine's, until the scenarios of subscriptions let months pass. An app that sells subscriptions takes
   * its time from here wherever it compares with `now`. The fields fit the `runtime` of `@paidonce/ledger`.
   */
  readonly clock: { readonly now: () => Date; readonly monotonicNowMs: () => number };
  /** The prices at Stripe of the three plans that an app with subscriptions sells: `price_…`. */
  readonly prices: Readonly<Record<SubscriptionPlan, string>>;
}

/** One customer's order, as the app names it. Add what your own functions need, such as the customer's id. */
export interface PlacedOrder {
  /** The app's own id of the order. */
  readonly orderId: string;
  /** The Checkout session that the customer is sent to: `cs_test_…`, made with `mode: 'payment'`. */
  readonly sessionId: string;
}

/**
 * A running app. Leave out an optional function that your app cannot offer: the scenarios that need it are reported as
 * skipped, never as passed. Each function is passed the very object that `startOrder` returned. If its promise rejects, or
 * is pending after `callTimeoutMs`, the app has failed, and the error is in the report.
 */
export interface RunningApp<Order extends PlacedOrder = PlacedOrder> {
  /** The absolute URL that Stripe sends webhooks to: `http://127.0.0.1:3000/webhooks/stripe`. */
  readonly webhookUrl: string;
  /** The event types that your endpoint is subscribed to. Default: all. */
  readonly webhookEvents?: readonly string[];
  /** The customer's browser, on the success page, asks for the state of the payment. Your app may ask Stripe then. */
  askStatus?(order: Order): Promise<unknown>;
  /** One pass of the job that asks Stripe for payments without a webhook. Resolves when it is done. */
  poll?(): Promise<unknown>;
  /** The customer starts the checkout of the same order again, after the first session has expired. Returns the new session's id. */
  checkoutAgain?(order: Order): Promise<string>;
  /** Stops the app as hard as you can, and starts it again on the same data. Returns its webhook URL, which may be new. */
  restart?(): Promise<{ readonly webhookUrl: string }>;
  /** Absent: your app sells no subscriptions. */
  readonly subscriptions?: SubscriptionShop;
  /** Resolves when the app has no work left: its queues are empty. Absent: the kit waits `quietMs`. */
  settled?(): Promise<unknown>;
  /** Called once at the end, whatever happened. */
  close(): Promise<unknown>;
}

/** What the kit's customers subscribe to: 10 a month, 30 a month, 100 a year. */
export type SubscriptionPlan = 'monthly' | 'plus' | 'yearly';

/** What a customer wants. */
export interface SubscriptionWish {
  /** The customer. The same one may come again. */
  readonly memberId: string;
  readonly plan: SubscriptionPlan;
  /** Seats. Absent: one. */
  readonly quantity?: number;
  readonly trialDays?: number;
}

/** A subscription that somebody is about to pay. Add what your own functions need. */
export interface StartedSubscription {
  /** The Checkout session that the customer is sent to: `cs_test_…`, made with `mode: 'subscription'`. */
  readonly sessionId: string;
}

/** What your app knows of a subscription now. Plan and quantity: where `tells` names them. */
export interface MemberState {
  /** Whether the customer can use it now. */
  readonly access: boolean;
  /** How often the customer was welcomed, as `timesGranted`. */
  readonly welcomed: number;
  readonly plan?: SubscriptionPlan;
  /** Seats. */
  readonly quantity?: number;
}

/** What the kit may ask of an app about subscriptions. What the customer does in Stripe's portal happens at the sandbox. */
export interface SubscriptionShop<Started extends StartedSubscription = StartedSubscription> {
  /** A customer chooses a plan and is sent to Stripe's page. Reject where your app refuses: a second subscription, a trial. */
  start(wish: SubscriptionWish): Promise<Started>;
  /** Which of the optional fields `stateOf` says. Absent: none. */
  readonly tells?: readonly ('plan' | 'quantity')[];
  /** Is passed the very object that `start` returned. */
  stateOf(started: Started): Promise<MemberState>;
}

/** An app that sells something that is paid once, and subscriptions, if it has them. */
export interface ShopUnderTest<Order extends PlacedOrder = PlacedOrder> extends RunningApp<Order> {
  /**
   * A new customer puts something that costs money into the cart and goes to Stripe's page. Each call is another customer
   * and another order; it may always be the same product.
   */
  startOrder(): Promise<Order>;
  /** Whether the customer can now use what the order is for. Check it as the app itself does, e.g. in its members' area. */
  hasAccess(order: Order): Promise<boolean>;
  /**
   * How often the goods have been handed over so far: welcome mails sent, licence keys created, credits added. Count these,
   * not a row that says "granted". Access that is restored after it was taken away does not count.
   */
  timesGranted(order: Order): Promise<number>;
}

/** An app that sells subscriptions alone. */
export interface ClubUnderTest extends RunningApp {
  readonly startOrder?: undefined;
  readonly subscriptions: SubscriptionShop;
}

/** Starts the app against the sandbox. Called once in a run. If it rejects, the run rejects. */
export type BootShop<Order extends PlacedOrder = PlacedOrder> = (stripe: SandboxAccess) => Promise<ShopUnderTest<Order>>;

/** The same of an app that sells subscriptions alone. */
export type BootClub = (stripe: SandboxAccess) => Promise<ClubUnderTest>;

export type Ability = 'askStatus' | 'poll' | 'checkoutAgain' | 'restart' | 'startOrder' | 'subscriptions';
