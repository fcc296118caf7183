// A host in CommonJS: its types.
import { type MetricsRegistry, paymentAdminPlugin, paymentLedgerPlugin } from '@paidonce/http';
import type { StripePayments } from '@paidonce/stripe-adapter';
import Fastify, { type FastifyInstance } from 'fastify';
import { Registry } from 'prom-client';

export const metrics: MetricsRegistry = new Registry();

export async function host(payments: StripePayments): Promise<FastifyInstance> {
  const app = Fastify();
  await app.register(paymentLedgerPlugin, { payments, metrics });
  await app.register(paymentAdminPlugin, { payments, authenticate: (request) => ({ actor: request.ip }) });
  return app;
}
