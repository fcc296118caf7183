import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { EventStore } from './event-store.ts';
import { startDouble } from './eventstoredb/double-store.test-support.ts';
import { newEvents } from './eventstoredb/events.test-support.ts';
import { openEventStore, withoutPassword } from './store-url.ts';

describe('a URL opens its store', () => {
  test('a file, memory, or a cluster, with nothing else changed', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'paidonce-url-'));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const double = await startDouble();
    for (const url of ['memory:', `sqlite:${join(directory, 'ledger.db')}`, double.url, `${double.url}&clients=3`]) {
      const store = await open(url);
      const stream = `order-${crypto.randomUUID()}`;
      expect(await store.append(stream, -1, newEvents(2))).toMatchObject({ appended: true, revision: 1 });
      expect(await store.readStream(stream)).toHaveLength(2);
    }
  });

  test('of esdb+discover the host is asked who leads', async () => {
    const double = await startDouble();
    const store = await open(double.url.replace('esdb://', 'esdb+discover://'));
    expect(await store.append('order-1', -1, newEvents(1))).toMatchObject({ appended: true });
  });
});

describe('to be read only', () => {
  test('a cluster is opened without a single append, and takes none', async () => {
    const double = await startDouble();
    const store = await openEventStore(double.url, { readOnly: true });
    onTestFinished(() => store.close());
    await expect(store.append('order-1', -1, newEvents(1))).rejects.toMatchObject({
      code: 'invalid_input',
      message: 'order-1: the event store was opened with readOnly. Nothing was written.',
    });
    expect(await store.readStream('order-1')).toEqual([]);
    expect(double.calls).not.toContain('append');
    expect(double.log.events).toEqual([]);
  });

  test('a file is refused: there is a reader that cannot write', async () => {
    await expect(openEventStore('sqlite:ledger.db', { readOnly: true })).rejects.toThrow(/sqliteReader of @paidonce\/ledger\/audit/);
  });
});

describe('what is wrong with a URL is said, without its password', () => {
  test.each([
    ['', 'names no store. Known: sqlite:PATH, memory:, postgres://HOST/DATABASE, esdb://HOST'],
    ['ledger.db', 'names no store. Is it sqlite:ledger.db? Known: sqlite:PATH'],
    ['sqlite:', 'names no store. Known: sqlite:PATH'],
    ['mysql://ledger:secret@host/db', '"mysql://ledger:***@host/db" names no store'],
    ['postgres://ledger:secret@127.0.0.1/db?clients=1', 'clients must be a number from 2 to 64'],
    ['postgres://ledger:secret@127.0.0.1/db?clients=many', 'clients must be a number from 2 to 64'],
    ['postgres://127.0.0.1/db?user=ledger&password=secret&schema=Shop', 'schema: "Shop" is no plain name in lower case'],
    ['postgresql://ledger:secret@127.0.0.1:port/db', 'It cannot be read (Invalid URL). Check the URL'],
    ['postgres://ledger:secret@127.0.0.1/db?sslrootcert=none.crt', 'A file that it names (sslrootcert, sslcert, sslkey) is not there'],
    ['esdb:127.0.0.1', 'names no store'],
    ['esdb://ledger:secret@127.0.0.1:port', 'esdb://ledger:***@127.0.0.1:port: It cannot be read: Unexpected "port" at position'],
    ['esdb://ledger:secret@127.0.0.1:2113?tls=perhaps', 'expected true or false. Check the URL'],
    ['esdb://ledger:secret@127.0.0.1:2113?tlsCAFile=none.crt', 'A file that it names (tlsCAFile, userCertFile, userKeyFile) is not there'],
    [
      'esdb+discover://ledger:secret@h1,h2,h3:2113',
      'asks its first host alone, and fails while that one is down. Write esdb://HOST,HOST,HOST',
    ],
    ['ESDB://ledger:secret@127.0.0.1', 'A URL begins with its scheme in lower case'],
    ['LEDGER_URL=esdb://ledger:secret@127.0.0.1', 'without a blank, a quote or NAME= before it'],
    ['esdb://127.0.0.1?clients=0', 'clients must be a number from 1 to 16'],
    ['esdb://127.0.0.1?clients=many', 'clients must be a number from 1 to 16'],
  ])('%s', async (url, expected) => {
    const refused = await openEventStore(url).then(
      () => expect.unreachable('it was opened'),
      (error: unknown) => error,
    );
    expect(refused).toMatchObject({ code: 'invalid_input', message: expect.stringContaining(expected) });
    expect(String(refused)).not.toContain('secret');
    expect(String(refused).match(/127\.0\.0\.1/g)?.length ?? 0).toBeLessThanOrEqual(1); // The message has the URL at most once.
  });

  test('also where the server is not reached', async () => {
    const double = await startDouble({ version: '5.0.11' });
    const url = double.url.replace('esdb://', 'esdb://ledger:secret@');
    await expect(openEventStore(url)).rejects.toMatchObject({
      message: expect.stringMatching(/^esdb:\/\/ledger:\*\*\*@127.*The server is of version 5\.0\.11/),
    });
  });

  test('a URL without a password is as it was', () => {
    for (const url of ['esdb://h1:2113,h2:2113?tls=false', 'sqlite:ledger.db', 'esdb://127.0.0.1']) expect(withoutPassword(url)).toBe(url);
  });
});

async function open(url: string): Promise<EventStore> {
  const store = await openEventStore(url);
  onTestFinished(() => store.close());
  return store;
}
