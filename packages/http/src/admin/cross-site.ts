// A browser sends cookies with a form from any site, so a request that changes something must come from our own pages.
// Browsers state its origin in `Sec-Fetch-Site`, older ones in `Origin`. A client that sends neither is no browser, and
// carries no cookie that another site could use.
import type { FastifyRequest } from 'fastify';

/** True if the request may change something and comes from another site. */
export function isCrossSite({ method, headers, host }: FastifyRequest): boolean {
  if (method === 'GET' || method === 'HEAD') return false;
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site !== 'same-origin';
  const { origin } = headers;
  if (origin === undefined) return false;
  return !URL.canParse(origin) || new URL(origin).host !== host;
}
