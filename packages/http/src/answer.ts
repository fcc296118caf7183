// How the Fastify edge sends a `Reply`. Errors end here, so that the host's error handler does not change the status.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Reply, refusalReply, statusIn, unexpectedReply } from './reply.ts';

/** Sends a reply. Without a body no type is sent either. */
export function send(reply: FastifyReply, { status, headers, body }: Reply): FastifyReply {
  for (const [name, value] of Object.entries(headers)) void reply.header(name, typeof value === 'string' ? value : [...value]);
  void reply.code(status);
  if (body.length === 0) return reply.send();
  return reply.send(typeof body === 'string' ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength));
}

/**
 * The status that Fastify or a hook put on an error; 500 if there is none. A client that has gone away in the middle of its body is
 * no fault of ours: 400, which nobody reads.
 */
export function statusOfRefusal(error: unknown, { raw }: Pick<FastifyRequest, 'raw'>): number {
  return raw.destroyed && raw.complete === false ? 400 : statusIn(error);
}

/** For `setErrorHandler` of our scopes: the request was refused before a handler ran, by Fastify, a rate limit or a hook of the host. */
export function answerRefusal(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const status = statusOfRefusal(error, request);
  return send(reply, status > 499 ? unexpectedReply(error, status, request.log) : refusalReply(status));
}
