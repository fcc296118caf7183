// A process that appends to a log file while the test puts a backup in its place. It is told how often to append, and answers
// which events were acknowledged, and the codes of the errors.
import { openSqliteEventStore, type SqliteEventStore } from './sqlite.ts';

export interface Appended {
  readonly acknowledged: readonly string[];
  readonly codes: readonly string[];
}

const path = process.argv[2] as string;
let store: SqliteEventStore | undefined;

process.on('message', (count: number) => {
  void append(count).then((answer) => process.send?.(answer));
});
process.send?.('started');

async function append(count: number): Promise<Appended> {
  const acknowledged: string[] = [];
  const codes = new Set<string>();
  let revision = -1;
  for (let append = 0; append < count; append += 1) {
    const id = crypto.randomUUID();
    try {
      store ??= await openSqliteEventStore(path);
      if (append === 0) revision = (await store.readStream('order-1')).length - 1;
      const result = await store.append('order-1', revision, [
        { id, type: 'Noted', data: { text: 'x'.repeat(500) }, metadata: { version: '1' } },
      ]);
      if (!result.appended) throw new Error(`expected ${revision}, is at ${result.actualRevision}`);
      revision = result.revision;
      acknowledged.push(id);
    } catch (error) {
      codes.add(error instanceof Error && 'code' in error ? String(error.code) : String(error));
    }
  }
  return { acknowledged, codes: [...codes] };
}
