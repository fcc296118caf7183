// @paidonce/http: the ledger mounted in a Fastify application.
export { type PaymentLedgerPluginOptions, paymentLedgerPlugin } from './plugin.ts';
