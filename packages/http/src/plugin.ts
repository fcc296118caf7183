// The Fastify plugin: the webhook, the success page's status query and health, on the host's own server. What a route needs
// for itself (raw bodies, error handler, rate limit) stays in its own scope.
import type { PaymentLedger } from '@paidonce/ledger';
import type { StripePayments } from '@paidonce/stripe-adapter';
import type { FastifyInstance, FastifyPluginAsync } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { endConnectionsOnClose } from './closing.ts';
import { healthRoutes } from './health.ts';
import { type MetricsRegistry, openMetrics, type RouteMetrics } from './metrics.ts';
import { bodyTimeoutMs, demand, isPositive, refuseUnknown, webhookBodyLimit } from './option-check.ts';
import { paymentRoutes } from './routes.ts';
import { statusRoute } from './status.ts';
import { webhookRoute } from './webhook.ts';

/** Options of {@link paymentLedgerPlugin}. An unknown option or an unusable value is refused with `invalid_input`. */
export interface PaymentLedgerPluginOptions {
  /** What `stripePayments()` returned. Disposed on `app.close()`. */
  readonly payments: StripePayments;
  /** The ledger that readiness and metrics read. Default: the one that `payments` writes to. */
  readonly ledger?: PaymentLedger;
  /** Whether `app.close()` also disposes the ledger, after `payments`. Default true. */
  readonly closeLedger?: boolean;
  /** Path of the webhook. Default `/webhooks/stripe`. */
  readonly webhookPath?: string;
  /** Path of the status query; it must end in `/:sessionId`, which is a Checkout session (`cs_…`) or a payment intent (`pi_…`). Default `/payment/status/:sessionId`. */
  readonly statusPath?: string;
  /** Paths of the health checks. Default `/health/live` and `/health/ready`. false: the host has its own. */
  readonly healthPaths?: false | { readonly live: string; readonly ready: string };
  /** Largest body of a webhook, in bytes. Default 1 MiB. */
  readonly bodyLimit?: number;
  /**
   * Milliseconds that the body of a webhook may take, below 2 ** 31. Then it is answered with 408, and the connection is closed.
   * Default 20,000. For the host's own routes, set Fastify's `requestTimeout`, which has no default.
   */
  readonly bodyTimeoutMs?: number;
  /**
   * Requests for each client address (`request.ip`) on the status query. Behind a proxy set Fastify's `trustProxy` to the addresses
   * of the proxy: with `true`, or a number, a client names its own address and has no limit. Default 120 a minute (`{ max: 120, timeWindowMs: 60_000 }`). false: no limit.
   */
  readonly statusRateLimit?: false | { readonly max: number; readonly timeWindowMs: number };
  /**
   * The host's own registry of prom-client, which receives metrics named `paidonce_…`. The host decides where they are
   * served, and to whom. Default: no metrics.
   */
  readonly metrics?: MetricsRegistry;
}

type Settings = Required<Omit<PaymentLedgerPluginOptions, 'metrics'>> & { readonly metrics: RouteMetrics };

const defaults: Omit<Settings, 'payments' | 'ledger' | 'metrics'> = {
  closeLedger: true,
  webhookPath: '/webhooks/stripe',
  statusPath: '/payment/status/:sessionId',
  healthPaths: { live: '/health/live', ready: '/health/ready' },
  bodyLimit: webhookBodyLimit,
  bodyTimeoutMs,
  statusRateLimit: { max: 120, timeWindowMs: 60_000 },
};

/**
 * Mounts the webhook, the status query and health: `await app.register(paymentLedgerPlugin, { payments })`. The webhook
 * answers `{ outcome }`, the status query `{ state, stale, nextPollAfterMs }`. On `app.close()` it disposes `payments`,
 * then the ledger, after the requests in flight are answered; a connection then ends with its answer.
 *
 * @throws LedgerError `invalid_input`: an option is unknown, missing or unusable.
 */
export const paymentLedgerPlugin: FastifyPluginAsync<PaymentLedgerPluginOptions> = fastifyPlugin(mount, {
  fastify: '5.x',
  name: '@paidonce/http',
});

async function mount(app: FastifyInstance, options: PaymentLedgerPluginOptions): Promise<void> {
  const settings = checked(options);
  const { payments, ledger, closeLedger, healthPaths, bodyTimeoutMs } = settings;
  const routes = paymentRoutes({ ...settings, closing: endConnectionsOnClose(app) });
  // Each in a scope of its own, not wrapped: what they set does not reach the host's routes.
  await app.register(webhookRoute({ ...settings, routes, bodyTimeoutMs: bodyTimeoutMs * payments.ledger.runtime.patience }));
  await app.register(statusRoute({ ...settings, routes }));
  if (healthPaths) await app.register(healthRoutes({ routes, ...healthPaths }));

  app.addHook('onClose', async () => {
    try {
      await payments[Symbol.asyncDispose]();
    } finally {
      if (closeLedger) await ledger[Symbol.asyncDispose]();
    }
  });
}

const edge = 'paymentLedgerPlugin';

function checked(options: PaymentLedgerPluginOptions): Settings {
  const known = [...Object.keys(defaults), 'payments', 'ledger', 'metrics'];
  refuseUnknown(options, known, edge);
  demand(typeof options.payments?.handleWebhook === 'function', edge, 'payments is missing. Pass what stripePayments() returned');

  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as PaymentLedgerPluginOptions;
  const { ledger = given.payments.ledger } = given;
  const settings = { ...defaults, ...given, ledger };
  const { webhookPath, statusPath, healthPaths, bodyLimit, bodyTimeoutMs, statusRateLimit } = settings;
  const paths = [webhookPath, statusPath, ...(healthPaths ? [healthPaths.live, healthPaths.ready] : [])];
  for (const path of paths) demand(path.startsWith('/'), edge, `path "${path}" must begin with /`);
  demand(new Set(paths).size === paths.length, edge, `paths must differ: ${paths.join(', ')}`);
  demand(statusPath.endsWith('/:sessionId'), edge, `statusPath "${statusPath}" must end in /:sessionId`);
  demand(isPositive(bodyLimit), edge, `bodyLimit ${bodyLimit} must be a positive number of bytes`);
  demand(isPositive(bodyTimeoutMs), edge, `bodyTimeoutMs ${bodyTimeoutMs} must be a positive number of milliseconds`);
  demand(bodyTimeoutMs < 2 ** 31, edge, `bodyTimeoutMs ${bodyTimeoutMs} must be below ${2 ** 31}: no timer can wait longer`);
  if (statusRateLimit) {
    const { max, timeWindowMs } = statusRateLimit;
    demand(
      isPositive(max) && isPositive(timeWindowMs),
      edge,
      `statusRateLimit needs a positive max and timeWindowMs, not ${max} and ${timeWindowMs}`,
    );
  }
  // Last: a mount that is refused leaves nothing in the registry.
  return { ...settings, metrics: openMetrics(edge, settings) };
}
