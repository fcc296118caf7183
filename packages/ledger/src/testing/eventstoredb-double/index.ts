// The entry point @paidonce/ledger/testing/eventstoredb-double: a server in memory that speaks the protocol of EventStoreDB,
// with faults on request. It tests the code that calls a server, not the server. It needs a client, which you install.
export { type AppendFault, ServerDouble, type ServerDoubleOptions } from './server-double.ts';
