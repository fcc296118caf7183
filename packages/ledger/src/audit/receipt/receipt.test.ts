import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newDirectory } from '../../event-store/sqlite/log-directory.test-support.ts';
import { openSqliteEventStore } from '../../event-store/sqlite/sqlite.ts';
import { proveConsistency, takeCheckpoint } from '../checkpoint/checkpoint.ts';
import { generateNoteKey, parseSignerKey, signNote } from '../checkpoint/signed-note.ts';
import { writeStories } from '../golden-log.test-support.ts';
import { type LogReader, readerOf } from '../log/log-reader.ts';
import { sqliteReader } from '../log/sqlite-reader.ts';
import { provesConsistency } from '../tree/merkle-tree.ts';
import { scanTree } from '../tree/tree-scan.ts';
import { takeReceipt, verifyReceiptDecisions } from './receipt.ts';
import { maxReceiptEvents, parseReceipt, type Receipt, type ReceiptEvent, verifyReceipt } from './receipt-verify.ts';

const origin = 'shop.example/ledger';
const pair = generateNoteKey(origin);
const signers = [parseSignerKey(pair.signerKey)];
const directory = newDirectory();
const storiesPath = join(directory, 'told.db');
let log: LogReader;
let receipt: Receipt;

beforeAll(async () => {
  await writeStories(await openSqliteEventStore(storiesPath));
  log = sqliteReader(storiesPath);
  receipt = await takeReceipt(log, 'refunded', { proof: { origin, signers } });
});
afterAll(async () => {
  await log.close();
  rmSync(directory, { recursive: true, force: true });
});

const verifying = (changed: Partial<Receipt>) => verifyReceipt(JSON.parse(JSON.stringify({ ...receipt, ...changed })), [pair.verifierKey]);
const withEvent = (at: number, changed: Partial<ReceiptEvent>): Partial<Receipt> => ({
  events: receipt.events.map((event, place) => (place === at ? { ...event, ...changed } : event)),
});

describe('a receipt', () => {
  test.each(['confirmed', 'held', 'early', 'refunded', 'again', 'doubtful', 'wrong', 'right', 'abandoned'])(
    'of %s proves that its events stand in the log, and its decisions are the ones that the facts call for',
    async (orderId) => {
      const receiptOf = await takeReceipt(log, orderId, { proof: { origin, signers } });
      expect(await verifyReceipt(receiptOf, [pair.verifierKey])).toMatchObject({ valid: true, orderId, origin, signedBy: [origin] });
      expect(await verifyReceiptDecisions(receiptOf)).toEqual([]);
      const own = receiptOf.events.filter(({ stream }) => stream === `order-${orderId}`);
      expect(own).toHaveLength((await log.stream(`order-${orderId}`)).length);
    },
  );

  test('holds the references of its payments and the policies that it names', () => {
    expect(new Set(receipt.events.map(({ stream }) => stream))).toEqual(
      new Set(['policy', 'order-refunded', 'reference-cs_refunded', 'reference-pi_refunded']),
    );
  });

  test('under an earlier checkpoint is the same one, if that covers it', async () => {
    const { note } = await takeCheckpoint(log, { origin, signers });
    const given = await takeReceipt(log, 'refunded', { proof: { checkpoint: note } });
    expect(given).toEqual(receipt);
  });

  test('is the same through another store', async () => {
    const store = readerOf(await openSqliteEventStore(storiesPath));
    expect(await takeReceipt(store, 'refunded', { proof: { origin, signers } })).toEqual(receipt);
    await store.close();
  });

  test('as of an earlier position holds what stood there, under a checkpoint of then', async () => {
    const [order] = [await log.stream('order-refunded')];
    const asOf = order[4]!.position;
    const then = await takeReceipt(log, 'refunded', { proof: { origin, signers }, asOf });
    expect(then.events.filter(({ stream }) => stream === 'order-refunded')).toHaveLength(5);
    expect(await verifyReceipt(then, [pair.verifierKey])).toMatchObject({ valid: true, size: Number(asOf) });
    const before = '00000000000000000001' as typeof asOf;
    await expect(takeReceipt(log, 'refunded', { proof: { origin, signers }, asOf: before })).rejects.toThrow(
      /no order refunded up to position 1/,
    );
  });

  test.each([
    ['an order that nobody placed', 'nobody', () => ({ origin, signers }), /knows no order nobody/],
    [
      'a checkpoint that does not cover it',
      'abandoned',
      () => ({ checkpoint: `${origin}\n9\n${Buffer.alloc(32).toString('base64')}\n\n— x AAAA\n` }),
      /covers 9 events/,
    ],
    [
      'a checkpoint of another log',
      'held',
      () => ({ checkpoint: `${origin}\n60\n${Buffer.alloc(32).toString('base64')}\n\n— x AAAA\n` }),
      /not the one of the checkpoint/,
    ],
    ['a checkpoint that was cut off', 'held', () => ({ checkpoint: receipt.checkpoint.slice(0, -3) }), /no whole signature/],
    ['no checkpoint', 'held', () => ({ checkpoint: 'hello' }), /no checkpoint/],
  ])('is refused for %s', async (_, orderId, proof, why) => {
    await expect(takeReceipt(log, orderId, { proof: proof() })).rejects.toThrow(why);
  });
});

describe('a receipt is refused', () => {
  test.each(['stream', 'revision', 'id', 'type', 'metadata', 'data'] as const)('where the %s of any event was changed', async (field) => {
    for (const [at, event] of receipt.events.entries()) {
      const changed = field === 'revision' ? event.revision + 1 : event[field].replace(/[a-z](?=[^a-z]*$)/, 'q');
      if (changed === event[field]) continue;
      const verified = await verifying(withEvent(at, { [field]: changed }));
      expect(verified).toMatchObject({ valid: false, problems: expect.arrayContaining([expect.stringContaining('not in the log')]) });
    }
  });

  test('where an event is said to stand elsewhere, or its proof is another one', async () => {
    const [first, second] = receipt.events as [ReceiptEvent, ReceiptEvent];
    for (const changed of [
      { index: first.index + 1 },
      { index: 10_000 },
      { proof: second.proof },
      { proof: first.proof.slice(1) },
      { proof: [...first.proof, ...first.proof] },
      { proof: ['x!'] },
    ]) {
      expect(await verifying(withEvent(0, changed))).toMatchObject({ valid: false });
    }
  });

  test('where an event was left out', async () => {
    for (const [at, { stream }] of receipt.events.entries()) {
      const { events } = receipt;
      const isLast = events.findLastIndex((event) => event.stream === stream) === at;
      const verified = await verifying({ events: events.filter((_, place) => place !== at) });
      // Inclusion cannot show that the end of a stream is missing.
      if (!isLast || stream === 'policy') expect(verified).toMatchObject({ valid: false });
    }
  });

  test('where it is of another order', async () => {
    expect(await verifying({ orderId: 'held' })).toMatchObject({
      valid: false,
      problems: [expect.stringContaining('order held is not in it')],
    });
  });

  test('where the checkpoint is not signed with a key that we trust', async () => {
    const otherKey = generateNoteKey(origin);
    expect(await verifyReceipt(receipt, [otherKey.verifierKey])).toMatchObject({
      valid: false,
      problems: [expect.stringContaining('not signed with a key')],
    });
    expect(await verifyReceipt(receipt, [])).toMatchObject({ valid: false });
    expect(await verifying({ checkpoint: receipt.checkpoint.replace(/\n(\d+)\n/, '\n1$1\n') })).toMatchObject({
      valid: false,
      problems: [expect.stringContaining('is false')],
    });
    expect(await verifying({ checkpoint: 'x' })).toMatchObject({ valid: false, problems: [expect.stringContaining('no signatures')] });
  });

  const noReceipt = { valid: false, problems: ['it is no receipt of this format, or beyond its limits'] };
  test.each([[undefined], [null], ['text'], [[]], [{}], [{ format: 'paidonce-receipt/1', orderId: 'x', checkpoint: '', events: [{}] }]])(
    'that is %j',
    async (value) => {
      expect(await verifyReceipt(value, [pair.verifierKey])).toEqual(noReceipt);
    },
  );

  test('in which anything is of another kind: it says so, and never throws', async () => {
    const others = [null, undefined, true, -1, 0.5, 'x', [], [null], {}, '\ud800'];
    const [first] = receipt.events as [ReceiptEvent];
    const changed = others.flatMap((other): unknown[] => [
      ...Object.keys(receipt).map((name) => ({ ...receipt, [name]: other })),
      { ...receipt, events: [other, ...receipt.events] },
      ...Object.keys(first).map((name) => ({ ...receipt, events: [{ ...first, [name]: other }, ...receipt.events.slice(1)] })),
    ]);
    for (const value of changed) expect(await verifyReceipt(value, [pair.verifierKey])).toMatchObject({ valid: false });
  });

  test('in which any number of events stands in no log: the first is answer enough', async () => {
    const many = { ...receipt, events: receipt.events.map((event) => ({ ...event, data: '{}' })) };
    expect(await verifyReceipt(many, [pair.verifierKey])).toEqual({
      valid: false,
      problems: [expect.stringMatching(/^policy@0 \(PolicyAdopted\) is not in the log/)],
    });
  });

  test.each<[string, () => Partial<Receipt>]>([
    [
      'more events than we write',
      () => ({ events: Array.from({ length: maxReceiptEvents + 1 }, () => receipt.events[0] as ReceiptEvent) }),
    ],
    ['an event of more text than a store takes', () => withEvent(0, { data: JSON.stringify({ text: 'x'.repeat(2 ** 20) }) })],
    ['an event nested deeper than a store takes', () => withEvent(0, { data: `{"a":${'['.repeat(70)}${']'.repeat(70)}}` })],
    ['an event nested by the megabyte', () => withEvent(0, { metadata: `{"a":${'['.repeat(500_000)}${']'.repeat(500_000)}}` })],
    ['a proof of more steps', () => withEvent(0, { proof: Array.from({ length: 64 }, () => 'AAAA') })],
    ['a step of another length', () => withEvent(0, { proof: receipt.events[0]!.proof.map(() => 'AAAA') })],
    ['a longer checkpoint', () => ({ checkpoint: `${origin}\n${'x'.repeat(2 ** 16)}${receipt.checkpoint.slice(origin.length)}` })],
    ['more signatures', () => ({ checkpoint: receipt.checkpoint + (receipt.checkpoint.split('\n').at(-2) ?? '').concat('\n').repeat(64) })],
    ['a size that is no plain number', () => ({ checkpoint: signed(receipt.checkpoint.replace(/\n(\d+)\n/, '\n0$1\n')) })],
  ])('that has %s', async (_, change) => {
    expect(await verifying(change())).toMatchObject({ valid: false, problems: { length: 1 } });
  });

  test('that lists a signed event twice, which the copy for its decisions could not hold', async () => {
    const twice = { ...receipt, events: [...receipt.events, receipt.events.find(({ stream }) => stream === 'policy') as ReceiptEvent] };
    expect(await verifyReceipt(twice, [pair.verifierKey])).toEqual({
      valid: false,
      problems: [expect.stringContaining('policy@0 (PolicyAdopted) stands in it twice')],
    });
  });

  test('whose texts would write lines of their own into the answer', async () => {
    const lie = '\nOrder 1: 9 events stand in the first 9 of shop.example/ledger, signed by all.\u001b[2K\u202e\u2028';
    for (const change of [withEvent(0, { stream: lie }), withEvent(0, { type: lie }), { orderId: lie }]) {
      const answer = await verifying(change);
      expect(answer).toMatchObject({ valid: false });
      for (const problem of 'problems' in answer ? answer.problems : []) expect(problem).toMatch(/^[ -~]+$/);
    }
  });

  test('with a key that no crypto takes', async () => {
    expect(await verifyReceipt(receipt, ['x', '', `${origin}+00000000+AQ==`, null as never])).toMatchObject({ valid: false });
  });

  test('whose last events were left out it is not: only the ledger can say that an order went on', async () => {
    const newest = receipt.events.findLast(({ stream }) => stream === 'order-refunded');
    const shortened = { ...receipt, events: receipt.events.filter((event) => event !== newest) };
    expect(await verifyReceipt(shortened, [pair.verifierKey])).toMatchObject({ valid: true });
  });

  test('of a log in which the operator had granted on nothing: included, and wrong all the same', async () => {
    const forged = { ...receipt, events: receipt.events.filter(({ type }) => type !== 'PaymentObserved') };
    const renumbered = forged.events.map((event, place, all) => ({
      ...event,
      revision: all.slice(0, place).filter(({ stream }) => stream === event.stream).length,
    }));
    expect(await verifyReceiptDecisions({ ...forged, events: renumbered })).toMatchObject([{ rule: 'law-4' }, { rule: 'law-4' }]);
  });
});

describe('the text of a receipt', () => {
  test('is parsed, also with brackets in its texts', () => {
    const text = JSON.stringify({ reason: '[{'.repeat(200), escaped: '\\"[[[' });
    expect(parseReceipt(text)).toEqual(JSON.parse(text));
    expect(parseReceipt(JSON.stringify(receipt))).toEqual(receipt);
  });

  test.each([
    ['nested by the million', '['.repeat(10_000_000)],
    ['of objects, nested by the million', '{"a":'.repeat(5_000_000)],
    ['an open text', `"${'\\'.repeat(1_000_001)}`],
    ['longer than any receipt', ' '.repeat(2 ** 24 + 1)],
    ['empty', ''],
    ['no JSON', 'hello'],
  ])('is refused where it is %s', (_, text) => {
    expect(parseReceipt(text)).toBeUndefined();
  });
});

/** Signs a note anew, as an operator with the key could. */
function signed(note: string): string {
  return signNote(note.slice(0, note.lastIndexOf('\n\n') + 1), signers);
}

test('a witness who kept the last checkpoint can check that the log only grew', async () => {
  const rows = (await takeReceipt(log, 'unpaid', { proof: { origin, signers } })).events.at(-1)?.index ?? 0;
  const sizes = [7, 64, rows + 1] as const;
  const at = async (size: number) => ({ size, root: (await scanTree(log, { size })).tree.root() });
  for (const [earlier, later] of [
    [sizes[0], sizes[1]],
    [sizes[1], sizes[2]],
    [sizes[2], sizes[2]],
  ] as const) {
    const proof = (await proveConsistency(log, earlier, later)).map((hash) => Buffer.from(hash, 'base64'));
    expect(provesConsistency(await at(earlier), await at(later), proof)).toBe(true);
    if (earlier !== later)
      expect(provesConsistency({ ...(await at(earlier)), root: (await at(earlier + 1)).root }, await at(later), proof)).toBe(false);
  }
  await expect(proveConsistency(log, 1, 1_000_000)).rejects.toThrow(/fewer than 1000000/);
});

test('the small verifier imports nothing', async () => {
  const { readFileSync } = await import('node:fs');
  const source = readFileSync(new URL('./receipt-verify.ts', import.meta.url), 'utf8');
  expect(source).not.toMatch(/^import |require\(|\bBuffer\b|process\./m);
  expect(source.split('\n').length).toBeLessThan(250);
});
