// The entry point @paidonce/ledger/simulation: the simulated world for simulations of payment adapters. Several processes run
// real ledgers on one virtual clock; network and store fail as a seed decides. The adapter adds a model of its
// provider. It is not published: the entry has only the source condition.
export { audit, type Books, type Sale } from '../../subscription/auditor.test-support.ts';
export { type Told, theLaw } from '../../subscription/law.test-support.ts';
export { withSubscriptionDefaults } from '../../subscription/policy.ts';
export { CountedPlaces } from './counted-places.ts';
export { drawOptions } from './draw-options.ts';
export { type ExpectedPayment, expectedStatus, type KnownOrder, mismatchesOf } from './expected-access.ts';
export type { Incarnation } from './incarnation.ts';
export type { SimulationOptions } from './options.ts';
export { Random } from './random.ts';
export type { Party, Scheduler, Step } from './scheduler.ts';
export { type Answer, SimulatedProcess, type SimulatedProcessOptions } from './simulated-process.ts';
export type { HeadWaiters } from './simulated-store.ts';
export * from './tools.ts';
export { type Violation, World } from './world.ts';
