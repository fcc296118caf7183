// The entry point @paidonce/ledger/testing/postgres-server: a PostgreSQL server of one's own for tests and benchmarks, with a
// folder, a port and a life of its own. It is not published: the entry has only the source condition.
export { findBinaries } from './binaries.ts';
export { freePort } from './free-port.ts';
export { TcpProxy } from './proxy.ts';
export { type PostgresServer, type PostgresServerOptions, postgresPassword, startPostgres } from './server.ts';
export { type SmallDisk, smallDisk } from './small-disk.ts';
export { type DatabaseUnderTest, databaseForTests, skipReason } from './test-database.ts';
