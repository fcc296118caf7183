// `Stripe-Signature: t=…,v1=…`: HMAC-SHA-256 over `t.body`, one `v1` for each live secret of the endpoint.
import { createHmac } from 'node:crypto';

export function signatureHeader(body: string, secrets: readonly string[], atSeconds: number): string {
  const signatures = secrets.map((secret) => `v1=${createHmac('sha256', secret).update(`${atSeconds}.${body}`, 'utf8').digest('hex')}`);
  return [`t=${atSeconds}`, ...signatures].join(',');
}
