// A local, stateful Stripe over HTTP that the real `stripe` package talks to, and that can lose, double, delay and
// reorder what it tells the shop. For development, demos and tests: loopback only, and no money.
import { type Runtime, silentLogger, systemRuntime } from '../runtime.ts';
import { shapesOf } from './api/answer-shape.ts';
import type { CallCounter } from './api/call-counter.ts';
import type { Fault } from './api/faults.ts';
import { BillingControls } from './billing-controls.ts';
import { Controls } from './controls.ts';
import { type Advance, SandboxCore } from './core.ts';
import { createHttpServer, listen } from './http-server.ts';
import { DEFAULT_ACCOUNT } from './objects/account.ts';
import type { Dunning, Settings, StripeSandboxOptions, WebhookEndpointOptions } from './options.ts';
import { sendOverHttp } from './webhooks/send.ts';

const RETRY_SCHEDULE_MS = [500, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000, 60_000];
const WEBHOOK_TIMEOUT_MS = 10_000;
const SETTLE_AFTER_MS = 20_000;
const RETRY_DAYS = [3, 5, 7];

/** A running sandbox: its address, and what a test makes happen there. `startStripeSandbox` starts one. */
export interface StripeSandbox
  extends AsyncDisposable,
    Pick<
      Controls,
      | 'pay'
      | 'payIntent'
      | 'authenticate'
      | 'setFate'
      | 'expire'
      | 'recover'
      | 'settle'
      | 'refund'
      | 'failRefund'
      | 'endRefund'
      | 'dispute'
      | 'updateDispute'
      | 'openPaymentLink'
    >,
    Pick<BillingControls, 'payInvoice' | 'changeCard'> {
  /** `http://127.0.0.1:PORT`. The hosted pages and `/_sandbox`, the page that shows the state, live there. */
  readonly url: string;
  readonly port: number;
  /** `new Stripe('sk_test_…', { ...sandbox.clientConfig })`. */
  readonly clientConfig: { readonly host: string; readonly port: number; readonly protocol: 'http' };
  /** The account's id, as `GET /v1/account` says it. */
  readonly account: string;
  /** API calls by method and path template, e.g. `GET /v1/checkout/sessions/:session`. */
  readonly calls: Pick<CallCounter, 'count' | 'byRoute' | 'reset'>;
  /**
   * Sends events there from now on; answers the endpoint's id. With the id of an earlier one it takes that one's
   * place, so that after a restart its pending webhooks go to the new address.
   */
  addWebhookEndpoint(endpoint: WebhookEndpointOptions, id?: string): string;
  /** Makes the next calls of the API fail, wait, or lose their answer. */
  injectFault(fault: Fault): void;
  clearFaults(): void;
  /**
   * Tells of the events that were `never_made`, as Stripe's health alerts do: one thin event each, of type
   * `v2.core.health.event_generation_failure.resolved`. Answers how many.
   */
  reportMissedEvents(): number;
  /** The sandbox's time, which the `Date` header tells. */
  now(): Date;
  /** Tries all webhooks that are due now; resolves with the number of tries when each is answered. */
  deliverDue(): Promise<number>;
  /**
   * Moves the clock on: sessions expire, debits settle, subscriptions renew and webhooks are tried, each at its time. By
   * milliseconds, or `{ days, months }`. A renewal is collected an hour after its period began: `{ months: 1, ms: 3_600_000 }`.
   */
  advance(by: number | Advance): Promise<void>;
  /** Stops listening and sending. With a state file, a new sandbox goes on from there. */
  close(): Promise<void>;
}

/**
 * Starts a sandbox on 127.0.0.1.
 * @throws Error if the port is taken, the state file belongs to something else or is in use, or an option is wrong.
 */
export function startStripeSandbox(options: StripeSandboxOptions = {}): Promise<StripeSandbox> {
  return startWitnessed(options, undefined);
}

/** `witness`: told the body of each answer and webhook. Not exported from the package: our tests check all of them. */
export async function startWitnessed(options: StripeSandboxOptions, witness: Settings['witness']): Promise<StripeSandbox> {
  const hosts = hostNames(options.hosts ?? []);
  const core = new SandboxCore({ ...withDefaults(options), witness });
  const controls = new Controls(core);
  const billing = new BillingControls(core);
  const closing = new AbortController();
  const app = createHttpServer(core, { controls, billing, closing: closing.signal, hosts });
  let port: number;
  try {
    port = await listen(app, options.port ?? 0);
  } catch (error) {
    await app.close();
    await core.close();
    throw error;
  }
  const url = `http://127.0.0.1:${port}`;
  core.start(url);

  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= (async () => {
      closing.abort();
      await app.close();
      await core.close();
    })();
    return closed;
  };
  return {
    url,
    port,
    clientConfig: { host: '127.0.0.1', port, protocol: 'http' },
    account: core.model.account,
    calls: core.calls,
    pay: (sessionId, pay) => controls.pay(sessionId, pay),
    payIntent: (paymentIntentId, pay) => controls.payIntent(paymentIntentId, pay),
    authenticate: (payment, outcome) => controls.authenticate(payment, outcome),
    setFate: (id, fate, type) => controls.setFate(id, fate, type),
    payInvoice: (invoiceId, pay) => billing.payInvoice(invoiceId, pay),
    changeCard: (customerId, card) => billing.changeCard(customerId, card),
    expire: (sessionId) => controls.expire(sessionId),
    recover: (sessionId) => controls.recover(sessionId),
    settle: (paymentIntentId, outcome) => controls.settle(paymentIntentId, outcome),
    refund: (payment, refund) => controls.refund(payment, refund),
    failRefund: (refundId, reason) => controls.failRefund(refundId, reason),
    endRefund: (refundId, end, reason) => controls.endRefund(refundId, end, reason),
    dispute: (payment, terms) => controls.dispute(payment, terms),
    updateDispute: (disputeId, status, fate, caseType) => controls.updateDispute(disputeId, status, fate, caseType),
    openPaymentLink: (linkId, visit) => controls.openPaymentLink(linkId, visit),
    addWebhookEndpoint: (endpoint, id) => core.putEndpoint(endpoint, id),
    injectFault: (fault) => core.faults.inject(fault),
    clearFaults: () => core.faults.clear(),
    reportMissedEvents: () => core.reportMissedEvents(),
    now: () => new Date(core.model.clock.nowMs()),
    deliverDue: () => core.deliverDue(),
    advance: (by) => core.advance(by),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** @throws Error naming the option that is wrong. */
function withDefaults(options: StripeSandboxOptions): Settings {
  const runtime: Runtime = { ...systemRuntime, ...options.runtime };
  const retryScheduleMs = options.retryScheduleMs ?? RETRY_SCHEDULE_MS;
  if (retryScheduleMs.some((wait) => !(Number.isFinite(wait) && wait >= 0))) {
    throw new Error(`retryScheduleMs must be milliseconds from 0 on, not ${retryScheduleMs.join(', ')}.`);
  }
  return {
    runtime,
    retryScheduleMs,
    apiVersion: options.apiVersion ?? shapesOf,
    account: options.account ?? DEFAULT_ACCOUNT,
    connectedAccounts: options.connectedAccounts ?? [],
    callsPerSecond: positive('callsPerSecond', options.callsPerSecond),
    webhookEndpoints: options.webhookEndpoints ?? [],
    stateFile: options.stateFile,
    webhookTimeoutMs: options.webhookTimeoutMs ?? WEBHOOK_TIMEOUT_MS,
    secretKey: options.secretKey,
    settleAfterMs: options.settleAfterMs ?? SETTLE_AFTER_MS,
    dunning: dunningOf(options.dunning),
    prorationParent: options.prorationParent ?? 'subscription_item',
    zeroAmountStatus: options.zeroAmountStatus ?? 'paid',
    releasedPart: options.releasedPart ?? 'without_row',
    signedBy: options.signedBy ?? 'machine',
    automatic: options.automatic ?? true,
    log: options.log ?? silentLogger,
    send: sendOverHttp,
    witness: undefined,
  };
}

function dunningOf({ retryDays = RETRY_DAYS, end = 'canceled' }: Partial<Dunning> = {}): Dunning {
  if (retryDays.some((days) => !(Number.isFinite(days) && days > 0))) {
    throw new Error(`dunning.retryDays must be days above 0, not ${retryDays.join(', ')}.`);
  }
  return { retryDays, end };
}

function hostNames(hosts: readonly string[]): readonly string[] {
  const wrong = hosts.find((name) => !/^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])$/.test(name));
  if (wrong === undefined) return hosts;
  throw new Error(`hosts must be names without a port, like sandbox.internal, not ${JSON.stringify(wrong)}.`);
}

function positive(name: string, value: number | undefined): number | undefined {
  if (value === undefined || (Number.isFinite(value) && value > 0)) return value;
  throw new Error(`${name} must be a number above 0, not ${value}.`);
}
