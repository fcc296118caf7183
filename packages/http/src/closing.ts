// How connections end once the server is closing. `app.close()` waits for all of them, and Fastify leaves a connection open for
// 72 s after an answer, for the next request; by then Docker has killed the process, and what was not settled is cut off.
// Node also stops looking for slow clients then, so that one who sends half a request would hold the process for ever.
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Often enough that a connection ends well within two seconds of its last answer. */
const closeIdleEveryMs = 250;
/** How long a client may take, from then on, to send the headers of a request that it has begun. */
const headersWithinMs = 1_500;

/**
 * From `preClose` on, answers say `connection: close`, also those of the host's routes; and connections that wait for no answer
 * are closed, whoever's route served them.
 *
 * @returns aborts when the server begins to close.
 */
export function endConnectionsOnClose(app: FastifyInstance): AbortSignal {
  const open = new Set<Socket>();
  const answering = new Set<Socket>();
  const closing = new AbortController();
  let timer: NodeJS.Timeout | undefined;

  app.server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => {
      open.delete(socket);
      answering.delete(socket);
    });
  });
  app.server.on('request', ({ socket }, response) => {
    answering.add(socket);
    response.once('close', () => answering.delete(socket));
  });
  app.addHook('onSend', async (_request, reply, payload) => {
    if (closing.signal.aborted) void reply.header('connection', 'close');
    return payload;
  });
  app.addHook('preClose', async () => {
    closing.abort();
    let rounds = 0;
    const end = (): void => {
      closeIdle(app);
      rounds += 1;
      if (rounds * closeIdleEveryMs >= headersWithinMs) for (const socket of open) if (!answering.has(socket)) socket.destroy();
    };
    timer = setInterval(end, closeIdleEveryMs).unref();
  });
  app.addHook('onClose', async () => clearInterval(timer));
  return closing.signal;
}

/** A server of HTTP/2, or one that the host made itself, may have no such method. */
function closeIdle({ server }: FastifyInstance): void {
  (server as Partial<Server>).closeIdleConnections?.();
}
