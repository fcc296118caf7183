// @paidonce/ledger/testing/eventstoredb-double: a server that speaks the protocol of EventStoreDB, in memory, with faults
// on request. It proves what talks to a server, not the server. Needs a client beside it.
export { type AppendFault, ServerDouble, type ServerDoubleOptions } from './server-double.ts';
