// Reads the body of a webhook as bytes, within a limit of size and of time: anybody can open connections, and send a byte on
// each now and then. Fastify has no such deadline of its own, and its `requestTimeout` is the host's to set.
import type { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** The time that a body has. `onOver` is whoever reads it. */
interface Deadline {
  onOver?: () => void;
}

export class WebhookBodies {
  readonly #limit: number;
  readonly #timeoutMs: number;
  readonly #deadlines = new WeakMap<FastifyRequest, Deadline>();

  /** @param limit bytes. @param timeoutMs from the end of the headers to the end of the body. */
  constructor(limit: number, timeoutMs: number) {
    this.#limit = limit;
    this.#timeoutMs = timeoutMs;
  }

  /** Starts the deadline. It also ends the connection of a request that is answered already while its body still trickles in. */
  begin(request: FastifyRequest, reply: FastifyReply): void {
    const { raw } = request;
    const deadline: Deadline = {};
    this.#deadlines.set(request, deadline);
    const timer = setTimeout(() => {
      deadline.onOver?.();
      if (reply.sent) raw.socket?.destroy();
    }, this.#timeoutMs);
    raw.once('close', () => clearTimeout(timer));
  }

  /** @throws Error with the `statusCode` 413 if the body is too long, 408 if it is too late, 400 if the sender has gone. */
  read(request: FastifyRequest, payload: Readable): Promise<Buffer> {
    const deadline = this.#deadlines.get(request);
    if (Number(request.headers['content-length']) > this.#limit) return Promise.reject(refused(413));
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let length = 0;
      payload.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length <= this.#limit) return chunks.push(chunk);
        chunks.length = 0; // What still comes is thrown away.
        return reject(refused(413));
      });
      payload.once('end', () => resolve(Buffer.concat(chunks)));
      payload.once('error', reject);
      // Every request closes; an error, with its stack, is only made for one that ended too early.
      payload.once('close', () => payload.readableEnded || reject(refused(400)));
      if (deadline) deadline.onOver = () => reject(refused(408));
    });
  }
}

function refused(statusCode: 400 | 408 | 413): Error {
  return Object.assign(new Error(`webhook body refused with ${statusCode}`), { statusCode });
}
