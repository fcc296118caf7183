// The sandbox and the app, connected and checked. An app that uses another Stripe is found here, in one sentence, and not
// in every scenario.

import Stripe from 'stripe';
import { defined } from '../defined.ts';
import type { Logger } from '../runtime.ts';
import { systemRuntime } from '../runtime.ts';
import { type StripeSandbox, startStripeSandbox } from '../sandbox/index.ts';
import type { Settings } from './options.ts';
import { makePrices } from './prices.ts';
import type { BootClub, BootShop, ClubUnderTest, PlacedOrder, SandboxAccess, ShopUnderTest } from './shop-under-test.ts';

export interface World extends AsyncDisposable {
  readonly sandbox: StripeSandbox;
  readonly stripe: Stripe;
  readonly access: SandboxAccess;
  readonly app: ShopUnderTest | ClubUnderTest;
  /** The URL that the app's webhooks go to now. */
  webhookUrl(): string;
  /** Makes the endpoint anew: one that was disabled is enabled. */
  moveWebhooksTo(url: string): void;
  /** Stripe disables an endpoint that only fails for three days. */
  isEndpointDisabled(): Promise<boolean>;
  /** The session of an order that nobody pays: an example of the app's sessions. Undefined: it has no orders. */
  readonly sample: Stripe.Checkout.Session | undefined;
  /** How far the app's clock is ahead of the time. */
  skewMs: number;
  /** Whether anything answers at its success_url. */
  readonly hasSuccessPage: boolean;
  /** The webhooks that the app did not answer with 2xx, each with the answer. */
  readonly refusals: string[];
}

const HOUR_MS = 3_600_000;
/** Longer than any run: the kit decides when a bank has decided. */
const neverByItselfMs = 24 * HOUR_MS;
const keys = { secretKey: 'sk_test_paidonce_conformance', webhookSecret: 'whsec_paidonce_conformance' };

/** @throws Error if the app does not start, or does not use the sandbox. */
export async function openWorld(boot: BootShop | BootClub, settings: Settings): Promise<World> {
  await using opened = new AsyncDisposableStack();
  const refusals: string[] = [];
  const log: Logger = {
    info: (_fields, message) => refusals.push(message),
    warn: () => undefined,
    error: (_fields, message) => refusals.push(message),
  };
  // Not automatic: the kit decides when webhooks are sent, and when they are tried again.
  const sandbox = opened.use(
    await startStripeSandbox({
      automatic: false,
      retryScheduleMs: [HOUR_MS, 6 * HOUR_MS, 24 * HOUR_MS],
      signedBy: settings.signedBy,
      dunning: { retryDays: [2, 3], end: 'canceled' },
      settleAfterMs: neverByItselfMs,
      secretKey: keys.secretKey,
      webhookTimeoutMs: settings.callTimeoutMs,
      log,
    }),
  );
  const stripe = new Stripe(keys.secretKey, { ...sandbox.clientConfig, maxNetworkRetries: 0 });
  const appClock = { skewMs: 0 };
  const access: SandboxAccess = {
    url: sandbox.url,
    clientConfig: sandbox.clientConfig,
    ...keys,
    clock: {
      now: () => new Date(sandbox.now().getTime() + appClock.skewMs),
      monotonicNowMs: () => sandbox.now().getTime(),
    },
    prices: await makePrices(stripe),
  };
  const app = opened.adopt(
    await inTime<World['app']>('Starting your app', settings.bootTimeoutMs, () => boot(access)),
    async (running) => void (await inTime('close', settings.callTimeoutMs, () => running.close())),
  );

  let webhookUrl = app.webhookUrl;
  const endpoint = () => ({
    url: webhookUrl,
    secret: keys.webhookSecret,
    ...defined({ enabledEvents: app.webhookEvents }),
  });
  const endpointId = sandbox.addWebhookEndpoint(endpoint());
  const sample = await checkApp(app, stripe, settings);
  const hasSuccessPage = sample !== undefined && (await answersAt(successPageOf(sample), settings));

  const running = opened.move();
  return {
    sandbox,
    stripe,
    access,
    app,
    webhookUrl: () => webhookUrl,
    moveWebhooksTo: (url) => {
      webhookUrl = url;
      sandbox.addWebhookEndpoint(endpoint(), endpointId);
    },
    sample,
    isEndpointDisabled: async () => (await stripe.webhookEndpoints.retrieve(endpointId)).status === 'disabled',
    get skewMs() {
      return appClock.skewMs;
    },
    set skewMs(ms) {
      appClock.skewMs = ms;
    },
    hasSuccessPage,
    refusals,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Checks the app with one order that nobody pays, and returns its session. */
async function checkApp(
  app: ShopUnderTest | ClubUnderTest,
  stripe: Stripe,
  { callTimeoutMs }: Settings,
): Promise<Stripe.Checkout.Session | undefined> {
  if (!app.startOrder) return undefined;
  const order = await inTime('startOrder', callTimeoutMs, () => app.startOrder());
  const session = await sessionOf(stripe, order);
  if (session.mode !== 'payment' || !session.amount_total || session.status !== 'open') {
    throw new Error(
      `Session ${session.id} of order ${order.orderId} is ${session.status}, of mode ${session.mode}, and costs ${session.amount_total}. startOrder must make an open session of mode "payment" that costs something.`,
    );
  }
  const [hasAccess, times] = [
    await inTime('hasAccess', callTimeoutMs, () => app.hasAccess(order)),
    await inTime('timesGranted', callTimeoutMs, () => app.timesGranted(order)),
  ];
  if (hasAccess !== false || times !== 0) {
    throw new Error(
      `Before anything was paid, hasAccess says ${hasAccess} and timesGranted ${times} for order ${order.orderId}. They must say false and 0: does startOrder make a new customer each time?`,
    );
  }
  return session;
}

/** The URL to which Stripe would send the customer. */
export function successPageOf({ id, success_url: url }: Stripe.Checkout.Session): string | undefined {
  return url?.replaceAll('{CHECKOUT_SESSION_ID}', id);
}

async function answersAt(url: string | undefined, { callTimeoutMs }: Settings): Promise<boolean> {
  if (url === undefined) return false;
  try {
    await (await fetch(url, { signal: AbortSignal.timeout(callTimeoutMs) })).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

/** @throws Error if the sandbox has no such session. */
export async function sessionOf(stripe: Stripe, { orderId, sessionId }: PlacedOrder): Promise<Stripe.Checkout.Session> {
  try {
    return await stripe.checkout.sessions.retrieve(sessionId);
  } catch (cause) {
    throw new Error(
      `startOrder answered the session ${sessionId} for order ${orderId}, and the sandbox has no such session. Does your app use the url (or clientConfig) and the secretKey that it was booted with?`,
      { cause },
    );
  }
}

/** @throws Error that names the call, if it fails or takes too long. */
export async function inTime<T>(what: string, timeoutMs: number, call: () => Promise<T>): Promise<T> {
  const answered = new AbortController();
  const late = systemRuntime.sleep(timeoutMs, answered.signal).then(() => {
    throw new Error(`no answer within ${timeoutMs} ms`);
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([call(), late]);
  } catch (cause) {
    throw new Error(`${what} failed: ${describe(cause)}`, { cause });
  } finally {
    answered.abort();
  }
}

/** The message with the code of the lower-level error: fetch itself only reports that it failed. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error && 'code' in cause ? `${error.message} (${String(cause.code)})` : error.message;
}
