// The contract between the kit and an app: what the app is given instead of Stripe, and what the kit may ask of it.
// The app may be written in anything that speaks HTTP; this adapter to it is all that its developer writes.
import type { StripeSandbox } from '../sandbox/index.ts';

/** What the app uses in place of its own Stripe account. It must not reach Stripe itself in a run. */
export interface SandboxAccess {
  /** `http://127.0.0.1:PORT`, without a slash at its end: the address of the API, for clients in other languages. */
  readonly url: string;
  /** `new Stripe(secretKey, { ...clientConfig })`. */
  readonly clientConfig: StripeSandbox['clientConfig'];
  /** The only key that the sandbox takes. */
  readonly secretKey: string;
  /** What signs the webhooks: `whsec_…`. */
  readonly webhookSecret: string;
}

/** One customer's order, as the app names it. Add what your own functions need, such as the customer's id. */
export interface PlacedOrder {
  /** The app's own id of the order. */
  readonly orderId: string;
  /** The Checkout session that the customer is sent to: `cs_test_…`, made with `mode: 'payment'`. */
  readonly sessionId: string;
}

/**
 * A running app. The functions with a `?` are abilities: leave out what your app has not, and the scenarios that need
 * it are reported as skipped, never as passed. Each function is handed the very object that `startOrder` answered. A
 * promise that is rejected, or open after `callTimeoutMs`, counts as the app's failure, and is reported in its words.
 */
export interface ShopUnderTest<Order extends PlacedOrder = PlacedOrder> {
  /** Where Stripe sends its webhooks, absolute: `http://127.0.0.1:3000/webhooks/stripe`. */
  readonly webhookUrl: string;
  /** The event types that your endpoint is subscribed to. Default: all. */
  readonly webhookEvents?: readonly string[];
  /**
   * A customer who was never here before puts something that costs money into the cart and goes to Stripe's page.
   * Each call is another customer and another order; always the same thing to buy will do.
   */
  startOrder(): Promise<Order>;
  /** Whether the customer can use now what the order is for. Ask as the app itself asks, e.g. its members' area. */
  hasAccess(order: Order): Promise<boolean>;
  /**
   * How often what was bought has been handed over so far: welcome mails sent, licence keys made, credits added. Count
   * the deed itself, not a row that says "granted". Access that is given back after it was taken away is not counted.
   */
  timesGranted(order: Order): Promise<number>;
  /** The customer's browser, on the success page, asks how the payment stands. Your app may look at Stripe then. */
  askStatus?(order: Order): Promise<unknown>;
  /** One pass of the job that asks Stripe for payments of which no webhook came; resolves when it is done. */
  poll?(): Promise<unknown>;
  /** The customer starts the checkout of the same order again, after the first session has expired: the new session's id. */
  checkoutAgain?(order: Order): Promise<string>;
  /** Stops the app, as hard as you can, and starts it on the same data: where its webhooks go now. */
  restart?(): Promise<{ readonly webhookUrl: string }>;
  /** Resolves when nothing is under way in the app: its queues are empty. Without it the kit waits `quietMs`. */
  settled?(): Promise<unknown>;
  /** Called once at the end, whatever happened. */
  close(): Promise<unknown>;
}

/** Starts the app against the sandbox. Called once in a run. */
export type BootShop<Order extends PlacedOrder = PlacedOrder> = (stripe: SandboxAccess) => Promise<ShopUnderTest<Order>>;

export type Ability = 'askStatus' | 'poll' | 'checkoutAgain' | 'restart';
