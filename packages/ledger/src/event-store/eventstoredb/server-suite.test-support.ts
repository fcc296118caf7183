// The suite for a real server: the contract of the store, known traps that need no double, and a crash under load.
import { exec } from 'node:child_process';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { expectOneGrantFromFourProcesses } from '../../concurrent-observe.test-support.ts';
import { testRuntime } from '../../test-runtime.test-support.ts';
import { storeContract } from '../../testing/store-contract.ts';
import type { EventStore, NewEvent, Position, StoredEvent } from '../event-store.ts';
import { newEvents, pagesOf } from './events.test-support.ts';
import { type EventStoreDbClient, openEventStoreDbEventStore } from './eventstoredb.ts';
import { type OperatorClient, operatorSuite } from './operator-suite.test-support.ts';

/** The methods of a client that the suite calls, besides those that the store calls. */
type SuiteClient = EventStoreDbClient & {
  deleteStream(stream: string): Promise<unknown>;
  tombstoneStream(stream: string): Promise<unknown>;
};

export interface ServerUnderTest {
  /** The server's name in messages. */
  readonly name: string;
  /** Returns the URL. Call it only after the `beforeAll` of the server. */
  readonly url: () => string;
  readonly connect: (url: string) => SuiteClient;
  /** Kills the server with SIGKILL, and starts it again on the same data. Absent: this is not possible. */
  readonly killAndRestart?: () => Promise<void>;
  readonly isCluster?: boolean;
}

export function serverSuite({ name, url, connect, killAndRestart, isCluster = false }: ServerUnderTest): void {
  const open = async (more = ''): Promise<EventStore> => openEventStoreDbEventStore(connect(url() + more), { runtime: testRuntime });
  const opened = async (more = ''): Promise<EventStore> => {
    const store = await open(more);
    onTestFinished(() => store.close());
    return store;
  };
  oneAtATime();
  storeContract(`the store on ${name}`, async () => ({ open, remove: async () => undefined }));
  operatorSuite({ name, url, connect: (to) => connect(to) as unknown as OperatorClient });

  describe(`traps of ${name}`, () => {
    test('a stream that was deleted reads as empty, and an append that lands behind it is reported as such', async () => {
      const [store, client, stream] = [await opened(), connect(url()), newName()];
      onTestFinished(() => client.dispose());
      await store.append(stream, -1, newEvents(2));
      await client.deleteStream(stream);
      expect(await store.readStream(stream)).toEqual([]);
      await expect(store.append(stream, -1, newEvents(1))).rejects.toMatchObject({ code: 'corrupt' });
      const other = newName();
      await store.append(other, -1, newEvents(2));
      await client.tombstoneStream(other);
      await expect(store.readStream(other)).rejects.toMatchObject({ code: 'corrupt' });
      await expect(store.append(other, 1, newEvents(1))).rejects.toMatchObject({ code: 'corrupt' });
    });

    test('a position between two events is refused', async () => {
      const [store, stream] = [await opened(), newName()];
      const result = await store.append(stream, -1, newEvents(1));
      const place = String(BigInt('position' in result ? result.position.slice(0, 20) : 0) + 1n).padStart(20, '0');
      await store.append(newName(), -1, newEvents(1));
      await expect(pagesOf(store, { after: `${place}${place}` as Position })).rejects.toMatchObject({ code: 'invalid_input' });
    });

    test('reads and followers that are left early do not use the connection up', async () => {
      const [store, stream] = [await opened(), newName()];
      await store.append(stream, -1, newEvents(3));
      for (let round = 0; round < 130; round++) {
        expect(await store.readStream(stream)).toHaveLength(3);
        for await (const _ of store.readLog({ prefixes: [stream], follow: new AbortController().signal })) break;
      }
      expect(await store.append(stream, 2, newEvents(1))).toMatchObject({ appended: true });
    });

    test('64 callers in each of four processes on one order leave one grant', () => expectOneGrantFromFourProcesses(url()));

    test.skipIf(!isCluster)('who is connected to a follower reads what the leader has acknowledged (a cluster only)', async () => {
      const [writer, reader, stream] = [await opened(), await opened('&nodePreference=follower'), newName()];
      for (let revision = -1; revision < 99; revision++) {
        await writer.append(stream, revision, newEvents(1));
        expect(await reader.readStream(stream, { afterRevision: revision })).toHaveLength(1);
      }
    });

    test.skipIf(!killAndRestart)('after SIGKILL under load, three times, every acknowledged append is there, once', async () => {
      await expectNothingLost(await opened(), await opened(), killAndRestart as () => Promise<void>);
    });
  });
}

interface Acknowledged {
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
}

/** 32 callers append and note what was acknowledged, while the server is killed and a follower reads. Then compares all. */
async function expectNothingLost(writer: EventStore, reader: EventStore, killAndRestart: () => Promise<void>): Promise<void> {
  const group = newName();
  const acknowledged: Acknowledged[] = [];
  const load = { running: true, inDoubt: 0 };
  const calling = Array.from({ length: 32 }, async (_, caller) => {
    const stream = `${group}-${caller}`;
    for (let revision = -1; load.running; ) {
      const [event] = newEvents(1) as [NewEvent];
      try {
        const result = await writer.append(stream, revision, [event]);
        revision = result.appended ? result.revision : result.actualRevision;
        if (result.appended) acknowledged.push({ stream, revision, id: event.id });
      } catch (error) {
        expect(error).toMatchObject({ code: 'store_unavailable' }); // The outcome is in doubt; the next append shows it.
        load.inDoubt += 1;
      }
      await pause(20); // Keeps the log short: a cluster may take a minute for each restart, and the whole log is read again.
    }
  });
  const end = new AbortController();
  const followed: StoredEvent[] = [];
  const following = (async () => {
    let after: Position | undefined;
    while (!end.signal.aborted) {
      try {
        for await (const { events, next } of reader.readLog({ prefixes: [group], follow: end.signal, ...(after && { after }) })) {
          followed.push(...events);
          after = next;
        }
      } catch (error) {
        expect(error).toMatchObject({ code: 'store_unavailable' }); // The loop reads again from its cursor, as every subscriber does.
      }
    }
  })();
  const someMore = async (): Promise<void> => {
    const before = acknowledged.length;
    while (acknowledged.length < before + 500) await pause(10);
  };
  try {
    for (let kills = 0; kills < 3; kills++) {
      await someMore();
      await killAndRestart();
    }
    await someMore();
  } finally {
    load.running = false;
    await Promise.all(calling);
  }

  const stored = (await pagesOf(writer, { prefixes: [group] })).flatMap(({ events }) => events);
  const placeOf = new Map(stored.map(({ id, stream, revision }) => [id, `${stream}@${revision}`]));
  for (const { id, stream, revision } of acknowledged) expect(placeOf.get(id)).toBe(`${stream}@${revision}`);
  expect(placeOf.size).toBe(stored.length);
  while (followed.length < stored.length) await pause(10);
  end.abort();
  await following;
  expect(followed.map(({ id }) => id)).toEqual(stored.map(({ id }) => id));
  console.log(
    `SIGKILL three times: ${acknowledged.length} acknowledged, all there; ${stored.length} stored; ${load.inDoubt} told as in doubt`,
  );
}

/** Returns a function that runs `EVENTSTOREDB_RESTART`: a shell command that kills the server with SIGKILL and starts it again. */
export function restartCommand(): (() => Promise<void>) | undefined {
  const command = process.env['EVENTSTOREDB_RESTART'];
  return command ? async () => void (await promisify(exec)(command)) : undefined;
}

/** Lets one suite run at a time, because suites check the head of the log. The lock is a port, which ends with its process. */
function oneAtATime(): void {
  const lock = createServer();
  const isTaken = (): Promise<boolean> =>
    new Promise((resolve) => {
      lock.removeAllListeners();
      lock.once('error', () => resolve(false)).once('listening', () => resolve(true));
      lock.listen({ port: 38_213, host: '127.0.0.1' });
    });
  beforeAll(async () => {
    while (!(await isTaken())) await pause(200);
  });
  afterAll(() => void lock.close());
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function newName(): string {
  return `server-${crypto.randomUUID()}`;
}
