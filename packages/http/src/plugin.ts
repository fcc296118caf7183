// The Fastify plugin: the webhook, the success page's status query and health, on the host's own server. Nothing
// that it needs for itself (raw bodies, error handler, rate limit) leaves the scope of the route that needs it.
import { LedgerError, type PaymentLedger } from '@paidonce/ledger';
import type { StripePayments } from '@paidonce/stripe-adapter';
import type { FastifyInstance, FastifyPluginAsync } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import type { Registry } from 'prom-client';
import { healthRoutes } from './health.ts';
import { noMetrics, openMetrics, type RouteMetrics } from './metrics.ts';
import { statusRoute } from './status.ts';
import { webhookRoute } from './webhook.ts';

export interface PaymentLedgerPluginOptions {
  readonly payments: StripePayments;
  /** Default: the one that `payments` writes to. */
  readonly ledger?: PaymentLedger;
  /** Whether `app.close()` disposes the ledger too, after `payments`. Default true. */
  readonly closeLedger?: boolean;
  /** Default `/webhooks/stripe`. */
  readonly webhookPath?: string;
  /** Ends in `/:sessionId`. Default `/payment/status/:sessionId`. */
  readonly statusPath?: string;
  /** Default `/health/live` and `/health/ready`; false: the host has its own. */
  readonly healthPaths?: false | { readonly live: string; readonly ready: string };
  /** Of a webhook, in bytes. Default 1 MiB. */
  readonly bodyLimit?: number;
  /** Of the status query, per client address (`request.ip`: set Fastify's `trustProxy` behind a proxy). Default 120 a minute; false: none. */
  readonly statusRateLimit?: false | { readonly max: number; readonly timeWindowMs: number };
  /** A registry of prom-client, the host's own: gets `paidonce_…`. The host decides where it is read, and by whom. Default: none. */
  readonly metrics?: Registry;
}

type Settings = Required<Omit<PaymentLedgerPluginOptions, 'metrics'>> & { readonly metrics: RouteMetrics };

const defaults: Omit<Settings, 'payments' | 'ledger' | 'metrics'> = {
  closeLedger: true,
  webhookPath: '/webhooks/stripe',
  statusPath: '/payment/status/:sessionId',
  healthPaths: { live: '/health/live', ready: '/health/ready' },
  bodyLimit: 1024 * 1024,
  statusRateLimit: { max: 120, timeWindowMs: 60_000 },
};

/**
 * `await app.register(paymentLedgerPlugin, { payments })`. On `app.close()` it disposes `payments`, then the ledger,
 * once the requests in flight are answered.
 *
 * @throws LedgerError `invalid_input`: an option is unknown or has no sensible value.
 */
export const paymentLedgerPlugin: FastifyPluginAsync<PaymentLedgerPluginOptions> = fastifyPlugin(mount, {
  fastify: '5.x',
  name: '@paidonce/http',
});

async function mount(app: FastifyInstance, options: PaymentLedgerPluginOptions): Promise<void> {
  const settings = checked(options);
  const { payments, ledger, closeLedger, healthPaths } = settings;

  // Each in a scope of its own, not wrapped: what they set is invisible to the host's routes.
  await app.register(webhookRoute(settings));
  await app.register(statusRoute(settings));
  let closing = false;
  if (healthPaths) await app.register(healthRoutes({ ledger, ...healthPaths, isClosing: () => closing }));

  app.addHook('preClose', async () => {
    closing = true;
  });
  app.addHook('onClose', async () => {
    try {
      await payments[Symbol.asyncDispose]();
    } finally {
      if (closeLedger) await ledger[Symbol.asyncDispose]();
    }
  });
}

/** A misspelt option is named, a bad value refused: nothing is repaired in silence. */
function checked(options: PaymentLedgerPluginOptions): Settings {
  const known = [...Object.keys(defaults), 'payments', 'ledger', 'metrics'];
  const unknown = Object.keys(options).filter((name) => !known.includes(name));
  // Also Fastify's own `prefix`: on a wrapped plugin it would be ignored in silence.
  demand(unknown.length === 0, `unknown option ${unknown.join(', ')}. Known: ${known.join(', ')}`);
  demand(typeof options.payments?.handleWebhook === 'function', 'payments is missing. Pass what stripePayments() returned');

  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as PaymentLedgerPluginOptions;
  const { metrics: registry, ledger = given.payments.ledger } = given;
  demand(registry === undefined || typeof registry.registerMetric === 'function', 'metrics must be a Registry of prom-client');
  const metrics = registry ? openMetrics(registry, ledger) : noMetrics;
  const settings: Settings = { ...defaults, ...given, ledger, metrics };
  const { webhookPath, statusPath, healthPaths, bodyLimit, statusRateLimit } = settings;
  const paths = [webhookPath, statusPath, ...(healthPaths ? [healthPaths.live, healthPaths.ready] : [])];
  for (const path of paths) demand(path.startsWith('/'), `path "${path}" must begin with /`);
  demand(new Set(paths).size === paths.length, `paths must differ: ${paths.join(', ')}`);
  demand(statusPath.endsWith('/:sessionId'), `statusPath "${statusPath}" must end in /:sessionId`);
  demand(isPositive(bodyLimit), `bodyLimit ${bodyLimit} must be a positive number of bytes`);
  if (statusRateLimit) {
    const { max, timeWindowMs } = statusRateLimit;
    demand(
      isPositive(max) && isPositive(timeWindowMs),
      `statusRateLimit needs a positive max and timeWindowMs, not ${max} and ${timeWindowMs}`,
    );
  }
  return settings;
}

const isPositive = (value: number): boolean => Number.isSafeInteger(value) && value > 0;

function demand(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new LedgerError('invalid_input', `paymentLedgerPlugin: ${otherwise}`);
}
