// What servers do to connections, by a server that says just that.
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { openPostgresEventStore } from './postgres.ts';

test('a connection that ends in the packet in which it begins does not end the process', async () => {
  let connections = 0;
  const url = await serverThat((socket) => {
    connections += 1;
    socket.end(Buffer.concat([authenticated, ready, shuttingDown]));
  });
  await expect(openPostgresEventStore({ url, timeoutMs: 500 })).rejects.toMatchObject({ code: 'store_unavailable' });
  expect(connections).toBeGreaterThan(1); // It was tried again, and this process still runs.
});

test('a server that accepts connections and says nothing is told', async () => {
  const url = await serverThat(() => undefined);
  await expect(openPostgresEventStore({ url, timeoutMs: 300, attemptTimeoutMs: 100 })).rejects.toMatchObject({
    code: 'store_unavailable',
    message: expect.stringMatching(/the server does not answer, or all connections of the pool are in use.*Nothing was written\.$/),
  });
});

test('what is no PostgreSQL is told', async () => {
  const url = await serverThat((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  await expect(openPostgresEventStore({ url, timeoutMs: 300 })).rejects.toMatchObject({ code: 'store_unavailable' });
});

/** Starts a server that answers the first packet of each connection. Returns its URL. */
async function serverThat(answer: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => answer(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `postgres://u:p@127.0.0.1:${(server.address() as { port: number }).port}/d`;
}

/** A message of the protocol: its letter, its length, its content. */
function message(letter: string, content: Buffer): Buffer {
  const head = Buffer.alloc(5, letter);
  head.writeInt32BE(content.length + 4, 1);
  return Buffer.concat([head, content]);
}

const authenticated = message('R', Buffer.alloc(4));
const ready = message('Z', Buffer.from('I'));
const shuttingDown = message('E', Buffer.from('SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0'));
