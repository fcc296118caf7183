// @paidonce/ledger/testing: for your own tests of orders and stores. Needs vitest and fast-check beside it.
export { type Decided, type GivenOrder, given, type OrderCommand } from './given-when-then.ts';
export { type LogUnderTest, storeContract } from './store-contract.ts';
