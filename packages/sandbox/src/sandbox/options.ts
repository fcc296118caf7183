// How a sandbox is started, and what its webhook endpoints look like.
import type { Logger, Runtime } from '../runtime.ts';
import type { EventPayload } from './state/records.ts';
import type { SendWebhook } from './webhooks/send.ts';

/** A webhook endpoint, to which the sandbox sends signed events. */
export interface WebhookEndpointOptions {
  /** http or https, absolute. */
  readonly url: string;
  /** `whsec_…`; several during a rotation: each signs. */
  readonly secret: string | readonly string[];
  /** Event types; default all (`*`). */
  readonly enabledEvents?: readonly string[];
  /** What the events sent there say as their `api_version`; default the account's. */
  readonly apiVersion?: string;
  /** Default `snapshot`. `thin`: the notification only names the object, which is then fetched. */
  readonly payload?: EventPayload;
  /** true: events of connected accounts, and none of the sandbox's own. Default false: its own only. */
  readonly connect?: boolean;
}

/** What the sandbox does where a renewal cannot be collected. */
export interface Dunning {
  /** Days from one try to the next, after the first. */
  readonly retryDays: readonly number[];
  /** The status of the subscription after the last try; `past_due`: it stays. Its metadata `sandbox_dunning` names another. */
  readonly end: 'canceled' | 'unpaid' | 'past_due' | 'paused';
}

/** Options of `startStripeSandbox`. Each has a default. */
export interface StripeSandboxOptions {
  /** On 127.0.0.1. Default 0: any free one. */
  readonly port?: number;
  /**
   * Names by which others reach it, as through a load balancer; without a port. Requests for any name but these and those of
   * this machine get 421. Default: none.
   */
  readonly hosts?: readonly string[];
  /** The account's API version, for requests and events that name none. Default: the one of `stripe@23.1`. */
  readonly apiVersion?: string;
  /** Default `acct_1SandboxPaidOnce`. */
  readonly account?: string;
  /** Accounts connected to it, each with objects of its own; more come by `POST /v1/accounts`. */
  readonly connectedAccounts?: readonly string[];
  /** Calls that are let through in each second, the rest get 429. Default: all. */
  readonly callsPerSecond?: number;
  /** Replaced at each start, by their place in this list: pending webhooks go to the new address. */
  readonly webhookEndpoints?: readonly WebhookEndpointOptions[];
  /** A SQLite file in which everything survives a restart. Default: memory. */
  readonly stateFile?: string;
  /** Clocks, chance and waiting. Default: the machine's. */
  readonly runtime?: Partial<Runtime>;
  /** Waits before each further try of a webhook. Default: half a second, doubling, up to a minute, eight tries more. */
  readonly retryScheduleMs?: readonly number[];
  /** How long an endpoint may take. Default 10,000. */
  readonly webhookTimeoutMs?: number;
  /** The only key that is accepted. Default: any test key. */
  readonly secretKey?: string;
  /** How long a debit or a voucher takes to be paid or to bounce. Default 20,000. */
  readonly settleAfterMs?: number;
  /** How unpaid renewals are tried again. Default: 3, 5 and 7 days after the try before; then the subscription is canceled. */
  readonly dunning?: Partial<Dunning>;
  /** What a completed session that costs nothing says as `payment_status`; both are seen. Default `paid`. */
  readonly zeroAmountStatus?: 'paid' | 'no_payment_required';
  /** Whether the refund that Stripe makes of what a partial capture releases names its row; both are seen. Default `without_row`. */
  readonly releasedPart?: 'without_row' | 'with_row';
  /** What the line of a proration names as its parent: the item of the subscription, or its invoice item. Default `subscription_item`. */
  readonly prorationParent?: 'subscription_item' | 'invoice_item';
  /**
   * Whose time webhooks are signed with: the machine's, which a shop's library compares it with, or the sandbox's own, which
   * `advance` moves, for a shop whose clock follows it. Default `machine`.
   */
  readonly signedBy?: 'machine' | 'sandbox';
  /** false: webhooks, expiries and settlements happen only in `deliverDue` and `advance`. Default true. */
  readonly automatic?: boolean;
  readonly log?: Logger;
}

/** Options with every default filled in. */
export interface Settings {
  readonly apiVersion: string;
  readonly account: string;
  readonly connectedAccounts: readonly string[];
  readonly callsPerSecond: number | undefined;
  readonly webhookEndpoints: readonly WebhookEndpointOptions[];
  readonly stateFile: string | undefined;
  readonly runtime: Runtime;
  readonly retryScheduleMs: readonly number[];
  readonly webhookTimeoutMs: number;
  readonly secretKey: string | undefined;
  readonly settleAfterMs: number;
  readonly dunning: Dunning;
  readonly prorationParent: 'subscription_item' | 'invoice_item';
  readonly zeroAmountStatus: 'paid' | 'no_payment_required';
  readonly releasedPart: 'without_row' | 'with_row';
  readonly signedBy: 'machine' | 'sandbox';
  readonly automatic: boolean;
  readonly log: Logger;
  readonly send: SendWebhook;
  /** Told the body of each answer and webhook as it goes out: our own tests check them all. */
  readonly witness: ((body: string) => void) | undefined;
}
