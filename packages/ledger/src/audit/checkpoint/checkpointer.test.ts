import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Alert } from '../../alerts.ts';
import { LedgerError } from '../../errors.ts';
import { type EventStore, logStart } from '../../event-store/event-store.ts';
import { createMemoryLog, type MemoryLog, openMemoryEventStore } from '../../event-store/memory.ts';
import { newDirectory } from '../../event-store/sqlite/log-directory.test-support.ts';
import { openSqliteEventStore } from '../../event-store/sqlite/sqlite.ts';
import { createPaymentLedger } from '../../ledger.ts';
import { systemRuntime } from '../../runtime.ts';
import { readerOf } from '../log/log-reader.ts';
import { verifyLog } from '../verify/verify.ts';
import { takeCheckpoint } from './checkpoint.ts';
import type { CheckpointSettings, SignedCheckpoint } from './checkpoint-settings.ts';
import { type Checkpointer, openCheckpointer } from './checkpointer.ts';
import { openCheckpoint, readCheckpoint, splitNotes } from './signed-checkpoint.ts';
import { generateNoteKey, parseSignerKey, parseVerifierKey } from './signed-note.ts';

const origin = 'shop.example/ledger';
const pair = generateNoteKey(origin);
const keys = [parseVerifierKey(pair.verifierKey)];
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

let directory = '';
let file = '';
let log: MemoryLog;
let alerts: Alert[];
let sent: SignedCheckpoint[];
beforeEach(() => {
  directory = newDirectory();
  file = join(directory, 'checkpoints');
  log = createMemoryLog();
  alerts = [];
  sent = [];
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** A clock that the test controls: each wait of the checkpointer ends when the test lets time pass. */
function steps() {
  let nowMs = 0;
  let wake = (): void => undefined;
  const waits: number[] = [];
  return {
    waits,
    runtime: {
      ...systemRuntime,
      monotonicNowMs: () => nowMs,
      sleep: (ms: number, signal?: AbortSignal) =>
        new Promise<void>((done) => {
          waits.push(ms);
          wake = done;
          if (signal?.aborted) done();
          signal?.addEventListener('abort', () => done(), { once: true });
        }),
    },
    /** Lets the time pass, and waits until the checkpointer waits again. */
    pass: async (ms: number) => {
      nowMs += ms;
      const before = waits.length;
      wake();
      while (waits.length === before) await new Promise((done) => setImmediate(done));
    },
    /** Waits until the checkpointer has made its first pass. */
    begun: async () => {
      while (waits.length === 0) await new Promise((done) => setImmediate(done));
    },
  };
}

function checkpointer(
  settings: Partial<CheckpointSettings> = {},
  runtime = systemRuntime,
  store: EventStore = openMemoryEventStore({ log }),
): Checkpointer {
  return openCheckpointer({
    store,
    settings: { origin, key: pair.signerKey, file, onCheckpoint: (each) => void sent.push(each), ...settings },
    runtime,
    log: silent,
    onAlert: (alert) => alerts.push(alert),
  });
}

async function append(count: number, store: EventStore = openMemoryEventStore({ log })): Promise<void> {
  for (let left = count; left > 0; left -= 250) {
    const events = Array.from({ length: Math.min(250, left) }, () => ({
      id: crypto.randomUUID(),
      type: 'Noted',
      data: { a: 1 },
      metadata: { version: '1' },
    }));
    await store.append(`stream-${crypto.randomUUID()}`, -1, events);
  }
}

const sizes = (): readonly number[] => sent.map(({ size }) => size);
const notesInFile = () => splitNotes(readFileSync(file, 'utf8')).map((note) => openCheckpoint(note, keys));

describe('a checkpoint is signed', () => {
  test('at each multiple of 1,000 events, and of others after a minute', async () => {
    const { runtime, pass, begun } = steps();
    const signing = checkpointer({}, runtime);
    await append(10);
    signing.start();
    await begun();
    expect(sizes()).toEqual([]);
    await pass(59_000);
    expect(sizes()).toEqual([]);
    await pass(1_000);
    expect(sizes()).toEqual([10]);
    await append(2_500);
    await pass(1_000);
    expect(sizes()).toEqual([10, 1_000, 2_000]);
    await pass(60_000);
    expect(sizes()).toEqual([10, 1_000, 2_000, 2_510]);
    await pass(3_600_000); // No event was appended.
    expect(sizes()).toHaveLength(4);
    await signing.stop(runtime.monotonicNowMs() + 1_000);
  });

  test('over what stands in the log, in the file and for the hook', async () => {
    await append(1_200);
    await checkpointer().catchUp();
    const store = readerOf(openMemoryEventStore({ log }));
    const { note } = await takeCheckpoint(store, { origin, signers: [parseSignerKey(pair.signerKey)] });
    expect(sent.map((each) => each.note)).toEqual([expect.anything(), note]);
    expect(readFileSync(file, 'utf8')).toBe(sent.map((each) => each.note).join(''));
    expect(notesInFile()).toMatchObject([{ size: 1_000 }, { size: 1_200 }]);
    const { findings } = await verifyLog(store, { checkpoints: splitNotes(readFileSync(file, 'utf8')), keys });
    expect(findings.filter(({ rule }) => rule === 'checkpoint')).toEqual([]);
  });

  test('once more when the ledger is disposed', async () => {
    const signing = checkpointer({}, steps().runtime);
    signing.start();
    await append(7);
    await signing.stop(1_000);
    expect(sizes()).toEqual([7]);
  });

  test('with both keys while one is rotated', async () => {
    const next = generateNoteKey(origin);
    await append(3);
    await checkpointer({ key: [pair.signerKey, next.signerKey] }).catchUp();
    for (const key of [...keys, parseVerifierKey(next.verifierKey)])
      expect(openCheckpoint(sent[0]?.note ?? '', [key])).toMatchObject({ size: 3 });
  });

  test('only for the newest multiple, where a long log had none', async () => {
    await append(4_100);
    await checkpointer().catchUp();
    expect(sizes()).toEqual([4_000, 4_100]);
  });
});

describe('after a restart', () => {
  test('it goes on behind what its file holds', async () => {
    await append(1_500);
    await checkpointer().catchUp();
    await append(1_000);
    await checkpointer().catchUp();
    expect(sizes()).toEqual([1_000, 1_500, 2_000, 2_500]);
    expect(notesInFile()).toHaveLength(4);
  });

  test('a checkpoint that a crash cut off is dropped from the file', async () => {
    await append(1_500);
    await checkpointer().catchUp();
    const whole = readFileSync(file, 'utf8');
    appendFileSync(file, whole.slice(0, 30));
    await append(600);
    await checkpointer().catchUp();
    expect(notesInFile()).toMatchObject([{ size: 1_000 }, { size: 1_500 }, { size: 2_000 }, { size: 2_100 }]);
  });

  test('checkpoints of another log in the file are left alone', async () => {
    writeFileSync(file, '');
    await append(3);
    await checkpointer({ origin: 'other.example/ledger' }).catchUp();
    await checkpointer().catchUp();
    expect(splitNotes(readFileSync(file, 'utf8')).map(readCheckpoint)).toMatchObject([{ origin: 'other.example/ledger' }, { origin }]);
    expect(alerts).toEqual([]);
  });
});

describe('it signs nothing that contradicts what it has signed', () => {
  test('an older copy of the log put back', async () => {
    await append(1_500);
    await checkpointer().catchUp();
    log.rows.length = 700;
    await checkpointer().catchUp();
    expect(alerts).toMatchObject([{ kind: 'checkpoint_contradicted', message: expect.stringContaining('700 events') }]);
    expect(sizes()).toEqual([1_000, 1_500]);
  });

  test('an older copy put back, that has grown since', async () => {
    await append(1_500);
    await checkpointer().catchUp();
    log.rows.length = 700;
    log.streams.clear();
    await append(2_000);
    const again = checkpointer();
    await again.catchUp();
    await again.catchUp();
    expect(alerts).toMatchObject([{ kind: 'checkpoint_contradicted', message: expect.stringContaining('the first 1000 events') }]);
    expect(sizes()).toEqual([1_000, 1_500]);
  });
});

describe('what fails', () => {
  test('a hook that fails is called again, for the newest', async () => {
    let failing = true;
    const onCheckpoint = (each: SignedCheckpoint): Promise<void> => {
      if (failing) return Promise.reject(new Error('the bucket is away'));
      sent.push(each);
      return Promise.resolve();
    };
    const signing = checkpointer({ onCheckpoint });
    await append(2_500);
    await signing.catchUp();
    failing = false;
    await signing.catchUp();
    expect(sizes()).toEqual([2_500]);
    expect(notesInFile()).toMatchObject([{ size: 2_000 }, { size: 2_500 }]);
  });

  test('a hook that never ends has failed after half a minute: a person hears of it, and what comes later is signed', async () => {
    const { runtime, waits, pass, begun } = steps();
    const never = new Promise<void>(() => undefined);
    let hangs = true;
    const onCheckpoint = (each: SignedCheckpoint): Promise<void> => {
      if (hangs) return never;
      sent.push(each);
      return Promise.resolve();
    };
    const signing = checkpointer({ onCheckpoint }, runtime);
    await append(1_000);
    signing.start();
    await begun();
    expect(waits).toEqual([30_000]);
    await pass(30_000);
    expect(alerts).toMatchObject([{ kind: 'checkpoint_failed', message: expect.stringContaining('30 seconds') }]);
    await append(1_000);
    hangs = false;
    await signing.catchUp();
    expect(sizes()).toEqual([1_000, 2_000]);
    expect(notesInFile()).toMatchObject([{ size: 1_000 }, { size: 2_000 }]);
    await signing.stop(runtime.monotonicNowMs());
  });

  test('a hook that fails is called once in a pass, next for the newest; all who ask while a pass runs wait for one more', async () => {
    const called: number[] = [];
    let fails = true;
    const signing = checkpointer({
      onCheckpoint: async ({ size }) => {
        called.push(size);
        if (fails) throw new Error('no');
      },
    });
    await append(1_000);
    await signing.catchUp();
    await append(1_000);
    const others = [signing.catchUp(), signing.catchUp(), signing.catchUp()];
    expect(new Set(others).size).toBe(1);
    await Promise.all(others);
    expect(called).toEqual([1_000, 1_000]);
    fails = false;
    await signing.catchUp();
    expect(called).toEqual([1_000, 1_000, 2_000]);
    expect(alerts).toHaveLength(1);
  });

  test('a file that cannot be written is tried again after twice the time, up to a minute, and the log is read once', async () => {
    const { runtime, waits, pass, begun } = steps();
    const store = openMemoryEventStore({ log });
    let reads = 0;
    const counted: EventStore = {
      ...store,
      readLog: (options) => {
        if (options?.after === undefined || options.after === logStart) reads += 1;
        return store.readLog(options);
      },
    };
    const signing = checkpointer({ file: join(directory, 'missing', 'checkpoints') }, runtime, counted);
    await append(1_000);
    signing.start();
    await begun();
    for (let pauses = 1; pauses < 8; pauses += 1) await pass(60_000);
    expect(waits).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    expect(reads).toBe(1);
    mkdirSync(join(directory, 'missing'));
    await append(5);
    await pass(60_000);
    expect(sizes()).toEqual([1_005]);
    expect(waits.at(-1)).toBe(1_000);
    await signing.stop(runtime.monotonicNowMs());
  });

  test('a file that cannot be written is reported once, and tried again; when it fails anew, that is reported', async () => {
    const { runtime, pass, begun } = steps();
    const signing = checkpointer({ file: join(directory, 'missing', 'checkpoints') }, runtime);
    await append(1_000);
    signing.start();
    await begun();
    expect(alerts).toMatchObject([{ kind: 'checkpoint_failed', message: expect.stringContaining('ENOENT') }]);
    await pass(1_000);
    expect(alerts).toHaveLength(1);
    mkdirSync(join(directory, 'missing'));
    await pass(1_000);
    rmSync(join(directory, 'missing'), { recursive: true });
    await append(1_000);
    await pass(60_000);
    expect(alerts).toHaveLength(2);
    await signing.stop(runtime.monotonicNowMs());
  });

  test('a part of a checkpoint that a full disk has left is removed before the next one', async () => {
    const { runtime, pass, begun } = steps();
    const signing = checkpointer({}, runtime);
    await append(1_000);
    signing.start();
    await begun();
    const first = readFileSync(file, 'utf8');
    rmSync(file);
    mkdirSync(file); // So it cannot be written.
    await append(1_000);
    await pass(60_000);
    expect(alerts).toMatchObject([{ kind: 'checkpoint_failed' }]);
    rmSync(file, { recursive: true });
    writeFileSync(file, `${first}${first.slice(0, 30)}`);
    await pass(60_000);
    expect(notesInFile()).toMatchObject([{ size: 1_000 }, { size: 2_000 }]);
    await signing.stop(runtime.monotonicNowMs());
  });

  test('without a background too, where each pass is a call', async () => {
    const signing = checkpointer();
    await append(1_000);
    await signing.catchUp();
    const first = readFileSync(file, 'utf8');
    rmSync(file);
    mkdirSync(file);
    await append(1_000);
    await signing.catchUp();
    rmSync(file, { recursive: true });
    writeFileSync(file, `${first}${first.slice(0, 30)}`);
    await signing.catchUp();
    expect(notesInFile()).toMatchObject([{ size: 1_000 }, { size: 2_000 }]);
    expect(alerts).toMatchObject([{ kind: 'checkpoint_failed' }]);
  });

  test('what was signed is not forgotten where the log could not be read for once', async () => {
    let isAway = false;
    const readLog: EventStore['readLog'] = (options) => {
      if (isAway) throw new LedgerError('store_unavailable', 'the store is away');
      return openMemoryEventStore({ log }).readLog(options);
    };
    const signing = checkpointer({}, systemRuntime, { ...openMemoryEventStore({ log }), readLog });
    await append(1_500);
    await signing.catchUp();
    rmSync(file);
    isAway = true;
    await signing.catchUp();
    isAway = false;
    log.rows.length = 700;
    await signing.catchUp();
    expect(alerts).toMatchObject([{ kind: 'checkpoint_failed' }, { kind: 'checkpoint_contradicted' }]);
  });

  test.each([
    [{ key: 'PRIVATE+KEY+x' }, /signing key/],
    [{ key: [] }, /empty list/],
    [{ origin: 'my log' }, /origin/],
  ])('%j is refused before anything is opened', (settings, why) => {
    expect(() => checkpointer(settings)).toThrow(why);
  });
});

describe('of a ledger on a SQLite file', () => {
  test('a worker reads and hashes; what it signs is what the log holds', async () => {
    const path = join(directory, 'ledger.db');
    const store = await openSqliteEventStore(path);
    await append(22_300, store);
    const ledger = createPaymentLedger({
      eventStore: store,
      background: false,
      checkpoints: { origin, key: pair.signerKey, file, onCheckpoint: (each) => void sent.push(each) },
    });
    await ledger.settle();
    expect(sizes()).toEqual([22_000, 22_300]);
    await append(800, store);
    await ledger[Symbol.asyncDispose]();
    expect(sizes()).toEqual([22_000, 22_300, 23_000, 23_100]);
    expect(existsSync(`${path}-wal`)).toBe(false); // Its connection was closed before the store's.
    const again = readerOf(await openSqliteEventStore(path));
    const { note } = await takeCheckpoint(again, { origin, signers: [parseSignerKey(pair.signerKey)] });
    expect(note).toBe(sent.at(-1)?.note);
    await again.close();
  });

  test('settling goes on where no checkpoint can be signed', async () => {
    const ledger = createPaymentLedger({
      eventStore: openMemoryEventStore({ log }),
      background: false,
      checkpoints: { origin, key: pair.signerKey, file: join(directory, 'missing', 'checkpoints') },
      onAlert: (alert) => void alerts.push(alert),
    });
    await append(3);
    await ledger.settle();
    expect(alerts).toMatchObject([{ kind: 'checkpoint_failed' }]);
    await ledger[Symbol.asyncDispose]();
  });

  test('a file put back under a running worker is told', async () => {
    const path = join(directory, 'ledger.db');
    const store = await openSqliteEventStore(path);
    await append(1_500, store);
    const signing = checkpointer({}, systemRuntime, store);
    await signing.catchUp();
    await signing.stop(systemRuntime.monotonicNowMs() + 10_000);
    await store.close();
    rmSync(path);
    const older = await openSqliteEventStore(path);
    await append(10, older);
    const again = checkpointer({}, systemRuntime, older);
    await again.catchUp();
    await again.stop(systemRuntime.monotonicNowMs() + 10_000);
    await older.close();
    expect(alerts).toMatchObject([{ kind: 'checkpoint_contradicted' }]);
  });
});
