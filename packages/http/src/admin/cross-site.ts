// A browser sends cookies along wherever a form comes from. What changes something must come from our own pages: browsers
// say where a request comes from in `Sec-Fetch-Site`, older ones in `Origin`. What sends neither is no browser, and
// carries no cookie that somebody else could have used.
import type { FastifyRequest } from 'fastify';

export function isCrossSite({ method, headers, host }: FastifyRequest): boolean {
  if (method === 'GET' || method === 'HEAD') return false;
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site !== 'same-origin';
  const { origin } = headers;
  if (origin === undefined) return false;
  return !URL.canParse(origin) || new URL(origin).host !== host;
}
