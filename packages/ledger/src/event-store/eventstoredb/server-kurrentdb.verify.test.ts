import { KurrentDBClient } from '@kurrent/kurrentdb-client';
import { describe, test } from 'vitest';
import { restartCommand, serverSuite } from './server-suite.test-support.ts';

const { EVENTSTOREDB_URL: url } = process.env;

if (url) {
  const killAndRestart = restartCommand(); // If it is absent, the test file of the other client warns.
  serverSuite({
    name: 'the server at EVENTSTOREDB_URL, through the client of KurrentDB,',
    url: () => url.replace(/^esdb/, 'kurrentdb'), // So that no process here loads the other client.
    connect: (to) => KurrentDBClient.connectionString(to),
    isCluster: url.includes(','),
    ...(killAndRestart && { killAndRestart }),
  });
} else {
  describe('the store on a real EventStoreDB, through the client of KurrentDB', () => test.skip('needs EVENTSTOREDB_URL', () => undefined));
}
