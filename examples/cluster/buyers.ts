// The customers of the cluster: they buy over HTTP as browsers do, each with another fate of the webhook. A request that
// fails is tried again, as people do.
import { setTimeout as wait } from 'node:timers/promises';
import { pay } from '../demo/customers.ts';
import { fates } from '../shop/pages/home.ts';

export interface Buyer {
  readonly number: number;
  readonly fate: string;
  /** Whether the customer comes back to the success page, which asks for the status, or closes the browser. */
  readonly afterwards: 'returns' | 'leaves';
  readonly pays: boolean;
}

/** Makes customers with every fate, with and without a return. One in ten never pays. */
export function buyers(count: number): readonly Buyer[] {
  return Array.from({ length: count }, (_, number) => ({
    number,
    fate: fates[number % fates.length]?.[0] ?? 'delivered',
    afterwards: number % 3 === 0 ? 'leaves' : 'returns',
    pays: number % 10 !== 9,
  }));
}

/** Far longer than a busy machine needs, and no customer has to wait: who gives up ends the whole run. */
const patienceMs = 600_000;
const betweenMs = 200;

/** Plays one customer. Returns the address of the payment page. @throws Error the shop does not answer in time. */
export async function buy(buyer: Buyer, shopUrl: string): Promise<string> {
  const ask = asBrowserOf(buyer, shopUrl);
  const { fate, afterwards, number } = buyer;
  const body = new URLSearchParams({ plan: 'year', memberId: `member-${number}`, fate, afterwards });
  const ordered = await ask('/orders', { method: 'POST', body, redirect: 'manual' }, ({ status }) => status === 303);
  const page = ordered.headers.get('location') ?? '';
  if (!buyer.pays) return page;
  const success = await pay(page);
  if (afterwards === 'leaves') return page;
  const { pathname, search, searchParams } = new URL(success);
  await ask(`${pathname}${search}`, {}, ({ ok }) => ok);
  const isActive = async (answer: Response) => answer.ok && ((await answer.json()) as { state?: string }).state === 'active';
  await ask(`/payment/status/${searchParams.get('session_id')}`, {}, isActive);
  return page;
}

type Ask = (path: string, init: RequestInit, isGood: (answer: Response) => boolean | Promise<boolean>) => Promise<Response>;

function asBrowserOf({ number }: Buyer, shopUrl: string): Ask {
  const headers = { 'x-forwarded-for': `10.0.${number >> 8}.${number & 255}` }; // The shop limits status queries by address.
  return async (path, init, isGood) => {
    const deadlineMs = performance.now() + patienceMs;
    for (;;) {
      const answer = await fetch(`${shopUrl}${path}`, { ...init, headers }).catch((error: unknown) => error as Error); // Loads again.
      if (answer instanceof Response && (await isGood(answer))) return answer;
      if (performance.now() > deadlineMs) {
        const found = answer instanceof Response ? `answers ${answer.status}` : `fails: ${answer.message}`;
        throw new Error(`Buyer ${number}: ${path} still ${found} after ${patienceMs / 1_000} s`);
      }
      await wait(betweenMs);
    }
  };
}
