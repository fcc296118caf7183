// Posts to the shop's webhook as Stripe does: once without a signature, and once an event that is signed and harmless. So the address
// and the secrets are proved on the way that a real event takes.
import { createHmac, randomUUID } from 'node:crypto';
import type { PaymentLedger } from '@paidonce/ledger';
import { apiVersion, type StripeClient } from '../stripe/client.ts';
import { type Diagnosis, good, problem } from './diagnosis.ts';

export interface ProbeOptions {
  readonly stripe: StripeClient;
  readonly secretKey: string;
  readonly webhookSecrets: readonly string[];
  readonly runtime: PaymentLedger['runtime'];
  /** For tests. Default: the global one. */
  readonly fetch?: typeof globalThis.fetch;
}

const timeoutMs = 10_000;

interface Posted {
  readonly status: number;
  readonly location: string | null;
}

async function post(url: string, body: string, headers: object, fetch: typeof globalThis.fetch = globalThis.fetch): Promise<Posted> {
  const init = {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
  } as const;
  const answer = await fetch(url, init);
  await answer.body?.cancel();
  return { status: answer.status, location: answer.headers.get('location') };
}

/** Posts a webhook without a signature: a handler of ours refuses it with 400, at this very address. */
export async function probe(url: string, { fetch }: ProbeOptions): Promise<Diagnosis> {
  const what = `${url}: answers`;
  try {
    const { status, location } = await post(url, '{}', {}, fetch);
    if (status === 400) return good(what, '400 to a webhook without a signature');
    if (status >= 300 && status < 400)
      return problem(what, `${status} to ${location}`, 'Stripe follows no redirect: give it the final address');
    if (status < 300)
      return problem(what, `${status} to a webhook without a signature`, 'Something else answers there, or signatures are not checked');
    return problem(what, `${status}`, 'Is the path right, and the shop running?');
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    return problem(what, found, 'Stripe must reach it from the internet: is the shop running?');
  }
}

/** Posts an event that decides nothing, signed with each secret, until an address takes it. */
export async function proveSecrets(urls: readonly string[], options: ProbeOptions): Promise<readonly Diagnosis[]> {
  const { webhookSecrets, runtime, secretKey, fetch } = options;
  const found: Diagnosis[] = [];
  for (const [place, secret] of webhookSecrets.entries()) {
    const what = `webhook secret${webhookSecrets.length === 1 ? '' : ` ${place + 1}`}: proof`;
    if (urls.length === 0) {
      found.push({
        what,
        state: 'unknown',
        found: 'it is not proved: there is no address to post to',
        remedy: 'Pass the shop’s own: --url',
      });
      continue;
    }
    const timestamp = Math.floor(runtime.now().getTime() / 1_000);
    const body = harmlessEvent(timestamp, secretKey.includes('_live_'));
    const header = `t=${timestamp},v1=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`;
    const refusals: string[] = [];
    let takenBy: string | undefined;
    for (const url of urls) {
      const answer = await post(url, body, { 'stripe-signature': header }, fetch).then(
        ({ status }) => status,
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      );
      if (typeof answer === 'number' && answer >= 200 && answer < 300) takenBy = url;
      else refusals.push(`${url} answered ${answer}`);
      if (takenBy !== undefined) break;
    }
    found.push(
      takenBy === undefined
        ? problem(
            what,
            `an event signed with it is refused: ${refusals.join(', ')}`,
            'After 400 the server has another secret: copy the one of this endpoint to both',
          )
        : good(what, `${takenBy} takes an event that is signed with it`),
    );
  }
  return found;
}

/** An event of a type that Stripe does not have, about an object that nobody has. A handler of ours ignores it. */
function harmlessEvent(created: number, livemode: boolean): string {
  const id = `evt_paidonce_doctor_${randomUUID().replaceAll('-', '')}`;
  const object = { id: 'paidonce_doctor', object: 'paidonce.doctor' };
  return JSON.stringify({ id, object: 'event', type: 'paidonce.doctor', created, livemode, api_version: apiVersion, data: { object } });
}
