// A separate process that uses a log file. The test forks it, sends one task, and gets one answer. `acknowledge` runs until
// it is killed, and notes each acknowledged append in another file.
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { openSync, writeSync } from 'node:fs';
import { testRuntime } from '../../test-runtime.test-support.ts';
import type { AppendResult, NewEvent } from '../event-store.ts';
import { openSqliteEventStore, type SqliteEventStore } from './sqlite.ts';

export type Task =
  | { readonly kind: 'own'; readonly stream: string; readonly count: number }
  | { readonly kind: 'shared'; readonly streams: readonly string[]; readonly count: number }
  | { readonly kind: 'acknowledge'; readonly prefix: string; readonly callers: number; readonly acknowledged: string }
  | { readonly kind: 'failing_disk' };

export interface Acknowledged {
  readonly stream: string;
  readonly revision: number;
  /** The id of the append's last event. */
  readonly id: string;
}

/** Which errors appends got while writes failed, how many events were stored then, and the result once writes work again. */
export interface FailingDisk {
  readonly codes: readonly string[];
  readonly stored: number;
  readonly appendedBefore: number;
  readonly revisionAfter: number;
}

const path = process.argv[2] as string;
process.send?.('started');
process.once('message', (task: Task) => {
  void perform(task).then((answer) => {
    process.send?.(answer, () => process.disconnect()); // Disconnect only after the answer is sent.
  });
});

async function perform(task: Task): Promise<readonly Acknowledged[] | FailingDisk> {
  // All processes open the file at the same moment. If it is new, they also compete to create its tables.
  const store = await openSqliteEventStore(path, { runtime: testRuntime });
  try {
    switch (task.kind) {
      case 'own':
        return await own(store, task);
      case 'shared':
        return await shared(store, task);
      case 'acknowledge':
        return await acknowledge(store, task);
      case 'failing_disk':
        return await failingDisk(store);
    }
  } finally {
    await store.close();
  }
}

async function own(store: SqliteEventStore, { stream, count }: Extract<Task, { kind: 'own' }>): Promise<readonly Acknowledged[]> {
  const done: Acknowledged[] = [];
  for (let revision = 0; revision < count; revision++) done.push(await appended(store, stream, revision - 1, newEvents(1)));
  return done;
}

/** Sends each append twice: the second must have the same result. */
async function shared(store: SqliteEventStore, { streams, count }: Extract<Task, { kind: 'shared' }>): Promise<readonly Acknowledged[]> {
  const done: Acknowledged[] = [];
  const known = new Map<string, number>();
  for (let turn = 0; done.length < count; turn++) {
    const stream = streams[turn % streams.length] as string;
    const expected = known.get(stream) ?? -1;
    const events = newEvents(2);
    const result = await store.append(stream, expected, events);
    const again: AppendResult = await store.append(stream, expected, events);
    if (result.appended && (!again.appended || again.position !== result.position))
      throw new Error(`${stream}: the second sending was not the first`);
    if (!result.appended && again.appended) throw new Error(`${stream}: refused, and stored when sent again`);
    known.set(stream, result.appended ? result.revision : result.actualRevision);
    if (result.appended) done.push({ stream, revision: result.revision, id: events[1]?.id as string });
  }
  return done;
}

async function acknowledge(
  store: SqliteEventStore,
  { prefix, callers, acknowledged }: Extract<Task, { kind: 'acknowledge' }>,
): Promise<readonly Acknowledged[]> {
  const notes = openSync(acknowledged, 'a');
  const calling = Array.from({ length: callers }, async (_, caller) => {
    const stream = `${prefix}-${caller}`;
    let revision = (await store.readStream(stream)).length - 1;
    for (;;) {
      const append = await appended(store, stream, revision, newEvents(2));
      revision = append.revision;
      writeSync(notes, `${JSON.stringify(append)}\n`);
    }
  });
  await Promise.all(calling);
  return [];
}

/** Sets a limit for the file size: a write beyond it fails with an error that is not "disk full". */
async function failingDisk(store: SqliteEventStore): Promise<FailingDisk> {
  limitFileSize('150000');
  const codes: string[] = [];
  let revision = -1;
  while (codes.length < 3) {
    try {
      revision = (await appended(store, 'order-1', revision, newEvents(20))).revision;
    } catch (error) {
      codes.push((error as { code: string }).code);
    }
  }
  const stored = (await store.readStream('order-1')).length;
  limitFileSize('unlimited');
  const after = await appended(store, 'order-1', revision, newEvents(1));
  return { codes, stored, appendedBefore: revision + 1, revisionAfter: after.revision };
}

function limitFileSize(bytes: string): void {
  execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:unlimited`]);
}

async function appended(store: SqliteEventStore, stream: string, expected: number, events: readonly NewEvent[]): Promise<Acknowledged> {
  const result = await store.append(stream, expected, events);
  if (!result.appended) throw new Error(`${stream}: expected ${expected}, is at ${result.actualRevision}`);
  return { stream, revision: result.revision, id: events.at(-1)?.id as string };
}

function newEvents(count: number): readonly NewEvent[] {
  return Array.from({ length: count }, () => ({
    id: randomUUID(),
    type: 'Noted',
    data: { text: 'x'.repeat(200) },
    metadata: { version: '1' },
  }));
}
