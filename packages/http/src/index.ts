// @paidonce/http: the ledger mounted in a Fastify application, and a console for the people who run it.
export { type Operator, type PaymentAdminPluginOptions, paymentAdminPlugin } from './admin/plugin.ts';
export type { MetricsRegistry } from './metrics-registry.ts';
export { type PaymentLedgerPluginOptions, paymentLedgerPlugin } from './plugin.ts';
