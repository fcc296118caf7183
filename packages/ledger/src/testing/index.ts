// The entry point @paidonce/ledger/testing: for your own tests of orders and stores. It needs vitest and fast-check, which
// you install yourself.
export { type Decided, type GivenOrder, given, type OrderCommand } from './given-when-then.ts';
export { type LogUnderTest, storeContract } from './store-contract.ts';
