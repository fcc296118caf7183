// How connections end once the server is closing. `app.close()` waits for all of them, and Fastify leaves a connection open for
// 72 s after an answer, for the next request; by then Docker has killed the process, and what was not settled is cut off.
// Node also stops looking for slow clients then, so that one who sends half a request would hold the process for ever.
import type { Server } from 'node:http';
import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Often enough that a connection ends well within two seconds of its last answer. */
const closeIdleEveryMs = 250;
/** How long a client may take, from then on or from its last answer, to send the headers of a request that it has begun. */
const headersWithinMs = 1_500;

interface Connection {
  readonly socket: Socket;
  /** The responses that have not ended. In HTTP/2 there may be several. */
  readonly answering: Set<object>;
  /** In which round of the closing the last one ended. */
  idleSince: number;
}

/**
 * From `preClose` on, answers say `connection: close`, also those of the host's routes; and connections that wait for no answer
 * are closed, whoever's route served them. What is in flight is answered, over TLS and HTTP/2 too.
 *
 * @returns aborts when the server begins to close.
 */
export function endConnectionsOnClose(app: FastifyInstance): AbortSignal {
  const open = new Map<Socket | string, Connection>();
  const closing = new AbortController();
  let rounds = 0;
  let timer: NodeJS.Timeout | undefined;

  app.server.on('connection', (socket: Socket) => {
    const peer = peerOf(socket);
    open.set(peer, { socket, answering: new Set(), idleSince: 0 });
    socket.once('close', () => open.delete(peer));
  });
  app.server.on('request', ({ socket }, response) => {
    const connection = open.get(peerOf(socket));
    connection?.answering.add(response);
    response.once('close', () => {
      if (connection?.answering.delete(response)) connection.idleSince = rounds;
    });
  });
  const closeSessions = followSessions(app, closing.signal);
  app.addHook('onSend', async (request, reply, payload) => {
    if (closing.signal.aborted && request.raw.httpVersionMajor < 2) void reply.header('connection', 'close');
    return payload;
  });
  app.addHook('preClose', async () => {
    closing.abort();
    closeSessions();
    const end = (): void => {
      closeIdle(app);
      rounds += 1;
      for (const { socket, answering, idleSince } of open.values())
        if (answering.size === 0 && (rounds - idleSince) * closeIdleEveryMs >= headersWithinMs) socket.destroy();
    };
    timer = setInterval(end, closeIdleEveryMs).unref();
  });
  app.addHook('onClose', async () => clearInterval(timer));
  return closing.signal;
}

/** The same for `connection` and `request`, which hand out different objects over TLS and in HTTP/2. A Unix socket has no port. */
function peerOf(socket: Socket): Socket | string {
  const { remoteAddress, remotePort } = socket;
  return remotePort === undefined ? socket : `${remoteAddress} ${remotePort}`;
}

/** @returns ends the sessions of HTTP/2: what has begun is answered, and no more begins. Later sessions end at once. */
function followSessions({ server }: FastifyInstance, closing: AbortSignal): () => void {
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', (session: ServerHttp2Session) => {
    if (closing.aborted) return session.close();
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  });
  return () => {
    for (const session of sessions) session.close();
  };
}

/** A server of HTTP/2, or one that the host made itself, may have no such method. */
function closeIdle({ server }: FastifyInstance): void {
  (server as Partial<Server>).closeIdleConnections?.();
}
