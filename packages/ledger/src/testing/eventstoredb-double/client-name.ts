// The name of the client that calls the double. Each client has its own generated code.
export type ClientName = '@eventstore/db-client' | '@kurrent/kurrentdb-client';
