// Tests several real processes on one log file.
import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { StoredEvent } from '../event-store.ts';
import { newLogPath } from './log-directory.test-support.ts';
import type { Acknowledged, FailingDisk, Task } from './processes.test-support.ts';
import { openSqliteEventStore, type SqliteEventStore } from './sqlite.ts';

describe('four processes on one file', () => {
  test('nobody starves: when the first has made its 2,000 appends, each other has made at least 200', async () => {
    const path = newLogPath();
    await perform(
      path,
      [0, 1, 2, 3].map((n) => ({ kind: 'own', stream: `own-${n}`, count: 2_000 })),
    );
    const store = await open(path);
    const made = [0, 0, 0, 0];
    for (const { stream, revision } of await allEvents(store)) {
      const n = Number(stream.slice('own-'.length));
      expect(revision).toBe(made[n]);
      made[n] = revision + 1;
      if (made[n] === 2_000) break; // Log order is the order of commits, so at this event the first process was done.
    }
    for (const appends of made) expect(appends).toBeGreaterThanOrEqual(200);
    for (const n of [0, 1, 2, 3]) expect(await store.readStream(`own-${n}`)).toHaveLength(2_000);
  });

  test('on shared streams no acknowledged append is lost or doubled, and a follower sees all in log order', async () => {
    const path = newLogPath();
    const streams = ['shared-0', 'shared-1', 'shared-2'];
    const store = await open(path);
    const received: StoredEvent[] = [];
    const following = (async () => {
      const end = new AbortController();
      for await (const page of store.readLog({ follow: end.signal })) {
        received.push(...page.events);
        if (received.length >= 4 * 100 * 2) end.abort();
      }
    })();
    const acknowledged = (await perform(path, Array(4).fill({ kind: 'shared', streams, count: 100 }))).flat();
    await following;
    const log = await allEvents(store);
    expect(received).toEqual(log);
    expect(new Set(log.map((event) => event.id)).size).toBe(800);
    expectStored(log, acknowledged);
    for (const stream of streams) {
      const revisions = log.filter((event) => event.stream === stream).map((event) => event.revision);
      expect(revisions).toEqual(revisions.map((_, n) => n));
    }
  });
});

describe('a process that is killed', () => {
  test('loses no acknowledged append, leaves no half of one, and the next goes on', async () => {
    const path = newLogPath();
    const notes = `${path}.acknowledged`;
    for (let round = 1; round <= 3; round++) {
      const child = start(path);
      await started(child);
      child.send({ kind: 'acknowledge', prefix: 'order', callers: 32, acknowledged: notes } satisfies Task);
      while (readNotes(notes).length < round * 1_000) await wait(2);
      const gone = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
      child.kill('SIGKILL');
      expect(await gone).toBe('SIGKILL');

      const store = await open(path);
      const log = await allEvents(store);
      expectStored(log, readNotes(notes));
      expect(log.map((event) => Number(event.position))).toEqual(log.map((_, n) => n + 1));
      for (let caller = 0; caller < 32; caller++) expect((await store.readStream(`order-${caller}`)).length % 2).toBe(0);
      await store.close();
    }
  });
});

describe('a disk that fails', () => {
  // prlimit is part of Linux's util-linux.
  test.skipIf(spawnSync('prlimit', ['--version']).status !== 0)(
    'is `store_unavailable`; nothing half-written is seen, and the same connection works again after it',
    async () => {
      const [answer] = await perform<FailingDisk>(newLogPath(), [{ kind: 'failing_disk' }]);
      expect(answer?.codes).toEqual(['store_unavailable', 'store_unavailable', 'store_unavailable']);
      expect(answer?.appendedBefore).toBeGreaterThan(0);
      expect(answer?.stored).toBe(answer?.appendedBefore);
      expect(answer?.revisionAfter).toBe(answer?.stored);
    },
  );
});

/** Starts one process for each task. They begin at the same time. */
async function perform<Answer = readonly Acknowledged[]>(path: string, tasks: readonly Task[]): Promise<readonly Answer[]> {
  const children = tasks.map(() => start(path));
  await Promise.all(children.map(started));
  const answers = children.map(answer);
  for (const [n, child] of children.entries()) child.send(tasks[n] as Task);
  return (await Promise.all(answers)) as readonly Answer[];
}

function start(path: string): ChildProcess {
  const child = fork(fileURLToPath(new URL('./processes.test-support.ts', import.meta.url)), [path], { execArgv: [] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return child;
}

async function started(child: ChildProcess): Promise<void> {
  expect(await answer(child)).toBe('started');
}

function answer(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code, signal) => reject(new Error(`the process ended without an answer: ${code ?? signal}`)));
  });
}

function expectStored(log: readonly StoredEvent[], acknowledged: readonly Acknowledged[]): void {
  const places = new Map(log.map((event) => [event.id, `${event.stream}@${event.revision}`]));
  expect(places.size).toBe(log.length);
  expect(acknowledged.filter(({ id, stream, revision }) => places.get(id) !== `${stream}@${revision}`)).toEqual([]);
}

/** Returns only complete lines: the process may have died while it wrote the last one. */
function readNotes(file: string): readonly Acknowledged[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.slice(0, -1).map((line) => JSON.parse(line) as Acknowledged);
}

async function open(path: string): Promise<SqliteEventStore> {
  const store = await openSqliteEventStore(path);
  onTestFinished(() => store.close());
  return store;
}

async function allEvents(store: SqliteEventStore): Promise<readonly StoredEvent[]> {
  const events: StoredEvent[] = [];
  for await (const page of store.readLog()) events.push(...page.events);
  return events;
}
