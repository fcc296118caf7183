import { describe, expect, test } from 'vitest';
import type { Alert } from '../alerts.ts';
import { openMemoryEventStore } from '../event-store/memory.ts';
import { instantRuntime } from '../instant-runtime.test-support.ts';
import { openTransactions } from './transact.ts';
import { openUnreadableObjects } from './unreadable-streams.ts';

const object = {
  objectId: 'cs_1',
  eventId: 'evt_1',
  type: 'checkout.session',
  apiVersion: '2027-01-01.next',
  sha256: 'a'.repeat(64),
  path: 'status',
};

function open() {
  const store = openMemoryEventStore();
  const alerts: Alert[] = [];
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const transactions = openTransactions({ store, runtime: instantRuntime(), instance: '' });
  return { store, alerts, unreadable: openUnreadableObjects(transactions, { log, onAlert: (alert) => alerts.push(alert) }) };
}

describe('an object that cannot be read', () => {
  test('is kept by id and digest, and somebody is told', async () => {
    const { store, alerts, unreadable } = open();
    expect(await unreadable.record(object)).toEqual({ outcome: 'recorded' });
    expect(await store.readStream('unreadable-cs_1')).toMatchObject([{ type: 'ObjectNotUnderstood', data: object }]);
    expect(alerts).toMatchObject([{ kind: 'object_not_understood' }]);
    expect(alerts[0]?.message).toContain('checkout.session cs_1 could not be read at status');
  });
  test('is kept once for each version and place, by whichever event it comes', async () => {
    const { unreadable, alerts } = open();
    await unreadable.record(object);
    expect(await unreadable.record({ ...object, eventId: 'evt_2', sha256: 'b'.repeat(64) })).toEqual({ outcome: 'exists' });
    expect(await unreadable.record({ ...object, path: 'currency' })).toEqual({ outcome: 'recorded' });
    expect(await unreadable.record({ ...object, apiVersion: '2027-02-01.next' })).toEqual({ outcome: 'recorded' });
    expect(alerts).toHaveLength(3);
  });
  test('never by its body', async () => {
    const { unreadable } = open();
    await expect(unreadable.record({ ...object, body: '{}' } as typeof object)).rejects.toThrow('object: Unrecognized key: "body"');
    await expect(unreadable.record({ ...object, sha256: 'short' })).rejects.toThrow('object.sha256: ');
  });
});

test('what cannot be read of the stream itself is told apart: a newer release, or damage', async () => {
  const { store, unreadable } = open();
  const event = { id: 'e1', type: 'ObjectNotUnderstood', data: object, metadata: { version: '2' } };
  await store.append('unreadable-cs_1', -1, [event]);
  await store.append('unreadable-cs_2', -1, [{ ...event, data: {}, metadata: { version: '1' } }]);
  await expect(unreadable.record(object)).rejects.toMatchObject({ code: 'file_newer' });
  await expect(unreadable.record({ ...object, objectId: 'cs_2' })).rejects.toMatchObject({ code: 'corrupt' });
});
