// @paidonce/sandbox/model: the sandbox without sockets, for the simulations of this repository. It is not published: the
// entry has only the source condition.
export type { Fault } from './api/faults.ts';
export type { ApiRequest } from './api/request.ts';
export { BillingControls } from './billing-controls.ts';
export { Controls } from './controls.ts';
export { SandboxCore } from './core.ts';
export type { Fate, FateName } from './fate.ts';
export type { Model } from './model.ts';
export { DEFAULT_ACCOUNT } from './objects/account.ts';
export type { DisputeCaseType, DisputeStatus } from './objects/disputes.ts';
export type { WebhookEndpointOptions } from './options.ts';
export type { CardName } from './test-cards.ts';
export type { WebhookRequest } from './webhooks/send.ts';
