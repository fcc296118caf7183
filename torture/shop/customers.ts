// Customers and operators who never stop coming: all sources at once (signed webhooks with every fate, status queries, the poll for
// who leaves, money recorded by hand), and refunds. A request that fails is sent again, as people do.
import { setTimeout as wait } from 'node:timers/promises';
import { Random } from '@paidonce/ledger/simulation';
import { buy } from '../../examples/cluster/buyers.ts';
import { fates } from '../../examples/shop/pages/home.ts';
import { operatorPassword, type Scene } from './scene.ts';

export interface LoadOptions {
  readonly seed: number;
  /** Customers at a time. */
  readonly atOnce: number;
  /** Pause of each before the next one comes. Default 0. */
  readonly pauseMs?: number;
}

export interface Load {
  /** Customers whose visits are complete. */
  readonly served: number;
  /** Nobody comes any more; resolves once everybody has what he came for. @throws Error: a customer did not get it. */
  stop(): Promise<void>;
}

export type Visit = 'buys' | 'is_refunded' | 'pays_by_hand' | 'never_pays';

/** What one of a dozen visits is for; the others buy. So no run is without one of each. */
const visits: Readonly<Record<number, Visit>> = {
  3: 'is_refunded',
  7: 'pays_by_hand',
  11: 'never_pays',
};
const priceMinor = 9_000;

export function startLoad(scene: Scene, { seed, atOnce, pauseMs = 0 }: LoadOptions): Load {
  const random = new Random(seed);
  let stopping = false;
  let number = random.below(60);
  let served = 0;
  const queue = async (choices: Random): Promise<void> => {
    while (!stopping) {
      number += 1;
      await visit(scene, visits[number % 12] ?? 'buys', number % 65_536, choices); // The number becomes an address of the customer.
      served += 1;
      if (pauseMs > 0) await wait(pauseMs);
    }
  };
  const queues = Array.from({ length: atOnce }, () => queue(random.fork()));
  const done = Promise.all(queues);
  done.catch(() => undefined); // `stop` reports it.
  return {
    get served() {
      return served;
    },
    stop: async () => {
      stopping = true;
      await done;
    },
  };
}

/** Serves a number of customers, a few more than that, and then nobody. */
export async function serve(scene: Scene, count: number, options: LoadOptions): Promise<void> {
  const load = startLoad(scene, options);
  while (load.served < count) await wait(20);
  await load.stop();
}

/** One customer. @param number below 65,536: it says who it is, and what happens to the webhook. */
export async function visit(scene: Scene, kind: Visit, number: number, random: Random): Promise<void> {
  const [fate = 'delivered'] = fates[number % fates.length] ?? [];
  const afterwards = number % 7 < 4 ? 'returns' : 'leaves';
  const pays = kind === 'buys' || kind === 'is_refunded';
  const page = await buy({ number, fate, afterwards, pays }, scene.url);
  const sessionId = /cs_test_\w+/.exec(page)?.[0] ?? 'none';
  if (kind === 'is_refunded') {
    const { payment_intent: intent } = await scene.stripe.checkout.sessions.retrieve(sessionId);
    await scene.stripe.refunds.create({ payment_intent: String(intent) });
  }
  if (kind === 'pays_by_hand') await recordByHand(scene, sessionId, `manual:${random.uuid()}`);
}

/** An operator presses the button again until the console has taken it. */
async function recordByHand(scene: Scene, sessionId: string, paymentId: string): Promise<void> {
  while ((await observeByHand(scene, sessionId, paymentId).catch(() => 0)) !== 303) await wait(100); // 0: the shop is away.
}

/** What the browser of an operator sends, who is logged in to the console. */
export const operatorHeaders: Readonly<Record<string, string>> = {
  authorization: `Basic ${Buffer.from(`support-7:${operatorPassword}`).toString('base64')}`,
  accept: 'text/html',
  'sec-fetch-site': 'same-origin',
};

/** An operator records in the console that the money of a checkout came by bank transfer. Returns the status; 303: it is recorded. */
export async function observeByHand(scene: Scene, sessionId: string, paymentId: string): Promise<number> {
  const { metadata } = await scene.stripe.checkout.sessions.retrieve(sessionId);
  const orderId = metadata?.['paidonce_order'] ?? 'none';
  const shown = await fetch(`${scene.url}/orders/${orderId}/revision`);
  if (!shown.ok) return shown.status;
  const { state: seenRevision } = (await shown.json()) as { state: number };
  const status = await postByHand(scene, { orderId, paymentId, seenRevision });
  if (status === 303) scene.byHand.set(paymentId, { sessionId, amountMinor: priceMinor });
  return status;
}

interface ByHand {
  readonly orderId: string;
  readonly paymentId: string;
  /** The revision of the order when its page was shown. */
  readonly seenRevision: number;
}

/** The form of the console is sent. Returns the status. */
export async function postByHand({ url }: Scene, { orderId, paymentId, seenRevision }: ByHand): Promise<number> {
  const paidAt = new Date(Date.now() - 60_000).toISOString().slice(0, 16);
  const paid = { paymentId, amount: (priceMinor / 100).toFixed(2), currency: 'usd', paidAt, timeZone: 'UTC' };
  const body = new URLSearchParams({ ...paid, seenRevision: String(seenRevision), reason: 'paid by bank transfer' });
  const path = `/admin/payments/orders/${orderId}/observe`;
  return (await fetch(`${url}${path}`, { method: 'POST', body, headers: operatorHeaders, redirect: 'manual' })).status;
}
