// Which client speaks with the double: both have generated code of their own.
export type ClientName = '@eventstore/db-client' | '@kurrent/kurrentdb-client';
