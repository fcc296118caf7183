import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStoreDBClient } from '@eventstore/db-client';
import { status } from '@grpc/grpc-js';
import { describe, expect, onTestFinished, test } from 'vitest';
import { selfSigned } from './certificate.test-support.ts';
import type { AppendOptions, EventStoreDbClient } from './client.ts';
import { openClusterUrl } from './cluster-url.ts';
import { openOn, startDouble, stoppedClock, testTimes } from './double-store.test-support.ts';
import { newEvents } from './events.test-support.ts';
import { openEventStoreDbEventStore } from './eventstoredb.ts';

describe('what is wrong with the settings is said in one sentence, and what to do', () => {
  test('nobody listens at that port', async () => {
    await expect(openOn(`esdb://127.0.0.1:${await freePort()}?tls=false`, { timeoutMs: 1_000 })).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringMatching(
        /^Opening the event store: .* within 1 s\. Nobody listens there\. Check host and port in the URL, and that the server runs\. Nothing was written$/,
      ),
    });
  });

  test('none of several hosts answers', async () => {
    const [a, b] = [await freePort(), await freePort()];
    const url = `esdb://127.0.0.1:${a},127.0.0.1:${b}?tls=false&maxDiscoverAttempts=1`;
    await expect(openOn(url, { timeoutMs: 1_000 })).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining(
        'None of the nodes can be used: none answers, or they have no quorum. Check hosts and ports in the URL',
      ),
    });
  });

  test('it is another kind of server, or one speaks TLS and the other does not: told at once', async () => {
    const web = createServer((_, response) => response.end('hello'));
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void web.close());
    const double = await startDouble();
    const { port } = web.address() as AddressInfo;
    for (const url of [`esdb://127.0.0.1:${port}?tls=false`, `esdb://127.0.0.1:${port}?tls=true`, double.url.replace('false', 'true')]) {
      await expect(openOn(url, { timeoutMs: 600_000 })).rejects.toMatchObject({
        code: 'store_unavailable',
        message: expect.stringContaining('the URL ends in ?tls=false'),
      });
    }
  });

  test('the server speaks TLS, and the URL says that it does not', async () => {
    const { key, certificate } = selfSigned();
    const double = await startDouble({ secure: { key, certificate, user: 'ledger', password: 'right' } });
    await expect(openOn(double.url.replace('true', 'false'), { timeoutMs: 1_000 })).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining('it speaks TLS: then take ?tls=false off the URL'),
    });
  });

  test('the same, and the store is opened by its URL: told at once', async () => {
    const { key, certificate } = selfSigned();
    const double = await startDouble({ secure: { key, certificate, user: 'ledger', password: 'right' } });
    const clock = stoppedClock(); // No deadline is over.
    await expect(openClusterUrl(double.url.replace('true', 'false'), false, { runtime: clock })).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining('The server speaks TLS, and the URL says that it does not. Take ?tls=false off the URL'),
    });
  });

  test('its certificate is not trusted; with its CA in the URL it is', async () => {
    const { key, certificate } = selfSigned();
    const double = await startDouble({ secure: { key, certificate, user: 'ledger', password: 'right' } });
    const credentials = { username: 'ledger', password: 'right' };
    await expect(openOn(double.url, { credentials, timeoutMs: 600_000 })).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining("The server's certificate is not trusted. Name its CA in the URL (?tlsCAFile=ca.crt)"),
    });
    double.log.setMetadata('$all', { $acl: { $r: ['$admins', 'ledger'] } }); // Else only administrators read the whole log.
    const store = await openOn(`${double.url}&tlsCAFile=${certificateFile(certificate)}`, { credentials });
    expect(await store.append('order-1', -1, newEvents(1))).toMatchObject({ appended: true });
    expect(await store.readStream('order-1')).toHaveLength(1);
  });

  test.each([
    ['a wrong password', { username: 'ledger', password: 'wrong' }],
    ['none at all', undefined],
  ])('the credentials: %s', async (_, credentials) => {
    const { key, certificate } = selfSigned();
    const double = await startDouble({ secure: { key, certificate, user: 'ledger', password: 'right' } });
    const url = `${double.url}&tlsCAFile=${certificateFile(certificate)}`;
    await expect(openOn(url, { ...(credentials && { credentials }), timeoutMs: 600_000 })).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining('refused these credentials. Check user and password'),
    });
    expect(double.log.events).toEqual([]);
  });

  test.each(['$r', '$w', '$mr'] as const)('a user who lacks the right %s to streams, or may not read $all', async (right) => {
    const { key, certificate } = selfSigned();
    const double = await startDouble({ secure: { key, certificate, user: 'ledger', password: 'right' } });
    const url = `${double.url}&tlsCAFile=${certificateFile(certificate)}`;
    const credentials = { username: 'ledger', password: 'right' };
    const refused = { code: 'store_unavailable', message: expect.stringContaining('refused these credentials') };
    if (right !== '$r') double.log.setMetadata('$all', { $acl: { $r: 'ledger' } });
    if (right !== '$r') double.log.setDefaults({ $userStreamAcl: { $r: 'ledger', $w: 'ledger', $mr: 'ledger', [right]: '$admins' } });
    await expect(openOn(url, { credentials })).rejects.toMatchObject(refused);
  });

  test.each([
    ['', 'unknown, so before 21.10'],
    ['5.0.11', '5.0.11'],
    ['22.10.4', '22.10.4'],
    ['23.6.0', '23.6.0'],
  ])('the server is too old: %j', async (version, expected) => {
    const double = await startDouble({ version });
    await expect(openOn(double.url)).rejects.toMatchObject({
      code: 'invalid_input',
      message: `The server is of version ${expected}. Run EventStoreDB 23.10 or newer, or KurrentDB`,
    });
  });

  test.each(['23.10.0', '24.10.1', '25.1.0', '26.0'])('the server is new enough: %s', async (version) => {
    const double = await startDouble({ version });
    expect(await (await openOn(double.url)).readStream('order-1')).toEqual([]);
  });

  test.each([
    ['no leader', { code: status.UNAVAILABLE, details: 'Server Is Not Ready' }, 'No node leads'],
    [
      'no quorum',
      { code: status.ABORTED, details: 'Operation timed out: Commit phase timeout' },
      'The nodes have no quorum. Bring a majority of them up',
    ],
  ])('%s: nothing is acknowledged meanwhile, and all goes on once they are back', async (_, hears, expected) => {
    const double = await startDouble();
    const clock = stoppedClock();
    const store = await openOn(double.url, { timeoutMs: 1_000, runtime: clock });
    const without = Array.from({ length: 100 }, () => ({ stored: false, hears }));
    double.appendFaults.push(...without);
    clock.start();
    await expect(store.append('order-1', -1, newEvents(1))).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining(expected),
    });
    expect(double.log.events).toEqual([]);
    double.appendFaults.length = 0;
    clock.stop();
    expect(await store.append('order-2', -1, newEvents(1))).toMatchObject({ appended: true }); // `order-1` may still be stored later.
  });

  test('an option that does not exist, or is no time, is named', async () => {
    const double = await startDouble();
    await expect(openOn(double.url, { timeOutMs: 1 } as never)).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining('There is no option timeOutMs. There are: timeoutMs'),
    });
    await expect(openOn(double.url, { quietMs: 0 })).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining('quietMs: 0'),
    });
    await expect(openEventStoreDbEventStore([])).rejects.toMatchObject({ code: 'invalid_input' });
  });
});

describe('a client that ignores the expected revision', () => {
  test('is refused before anything is appended with it', async () => {
    const double = await startDouble();
    const client = EventStoreDBClient.connectionString(double.url);
    // A client that has another name for this option would behave like this.
    const deaf: EventStoreDbClient = {
      appendToStream: (stream, events, options: Partial<AppendOptions>) => {
        const { expectedRevision: _, streamState: __, ...others } = options;
        return client.appendToStream(stream, events, others);
      },
      readStream: (stream, options) => client.readStream(stream, options),
      readAll: (options) => client.readAll(options),
      subscribeToAll: (options, buffer) => client.subscribeToAll(options, buffer),
      dispose: () => client.dispose(),
    };
    await expect(openEventStoreDbEventStore(deaf, testTimes)).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining('ignores the expected revision'),
    });
    expect(double.log.events.map(({ stream }) => stream)).toEqual([expect.stringMatching(/^revision-check-/)]);
  });
});

describe('several clients', () => {
  test('share the load; the store disposes them, or leaves them open where it is told to', async () => {
    const double = await startDouble();
    const clients = [1, 2, 3].map(() => EventStoreDBClient.connectionString(double.url));
    const store = await openEventStoreDbEventStore(clients, { ...testTimes, keepClients: true });
    for (let revision = -1; revision < 20; revision++) await store.append('order-1', revision, newEvents(1));
    await store.close();
    const [first] = clients as [EventStoreDBClient];
    const again = await openEventStoreDbEventStore(first, testTimes);
    expect(await again.readStream('order-1')).toHaveLength(21);
    await again.close();
    await again.close();
  });
});

async function freePort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function certificateFile(certificate: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'paidonce-certificate-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, 'ca.crt');
  writeFileSync(file, certificate);
  return file;
}
