import { EventStoreDBClient } from '@eventstore/db-client';
import { describe, test } from 'vitest';
import { restartCommand, serverSuite } from './server-suite.test-support.ts';

const { EVENTSTOREDB_URL: url } = process.env;

if (url) {
  const killAndRestart = restartCommand();
  if (!killAndRestart) {
    console.warn(
      'SKIPPED: SIGKILL under load. Set EVENTSTOREDB_RESTART to a command that kills the server with SIGKILL and starts it again.',
    );
  }
  serverSuite({
    name: 'the server at EVENTSTOREDB_URL',
    url: () => url,
    connect: (to) => EventStoreDBClient.connectionString(to),
    isCluster: url.includes(','),
    ...(killAndRestart && { killAndRestart }),
  });
} else {
  console.warn(
    'SKIPPED: a real EventStoreDB. The double proves the adapter, not the server. Set EVENTSTOREDB_URL=esdb://HOST:2113?tls=false',
  );
  describe('the store on a real EventStoreDB', () => test.skip('needs EVENTSTOREDB_URL', () => undefined));
}
