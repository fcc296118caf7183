// A process that appends to one stream as fast as it can, and prints a line for each append that was acknowledged.
import { randomUUID } from 'node:crypto';
import { testRuntime } from '../../test-runtime.test-support.ts';
import { openPostgresEventStore } from './postgres.ts';

const [url = '', schema = '', stream = ''] = process.argv.slice(2);
const store = await openPostgresEventStore({ url, schema, runtime: testRuntime });
for (let revision = -1; ; ) {
  const result = await store.append(stream, revision, [{ id: randomUUID(), type: 'Noted', data: {}, metadata: {} }]);
  if (!result.appended) throw new Error(`${stream} has one writer, and met a conflict`);
  revision = result.revision;
  process.stdout.write(`${revision}\n`);
}
