// @paidonce/http: the ledger mounted in a Fastify application, and a console for the people who run it.
export type { ConsoleOptions } from './admin/options.ts';
export { type PaymentAdminPluginOptions, paymentAdminPlugin } from './admin/plugin.ts';
export { alertPath } from './alert-path.ts';
export type { MemberDescription, Operator, Permission } from './console-call.ts';
export type { MetricsRegistry } from './metrics.ts';
export { type PaymentLedgerPluginOptions, paymentLedgerPlugin } from './plugin.ts';
