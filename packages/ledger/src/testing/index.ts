// @paidonce/ledger/testing: for your own tests of orders and stores.
export { type Decided, type GivenOrder, given, type OrderCommand } from './given-when-then.ts';
