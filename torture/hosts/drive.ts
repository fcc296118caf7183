// Drives a shop over sockets as its customers, Stripe, an operator and an attacker do. It knows the shop's addresses alone, so that
// it is the same for every host.
import { setTimeout } from 'node:timers/promises';
import type { StripeSandbox } from '@paidonce/sandbox';

export interface RunningShop {
  readonly url: string;
  readonly sandbox: StripeSandbox;
  /** Starts it a second time, on the same port, and returns how that ended. */
  startAgain(): Promise<string>;
  /** Ends it as a deployment does, by SIGTERM. Returns how it ended. */
  stop(): Promise<string>;
}

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** What the eighteen checks find in a shop that is mounted right. */
export const mountedRight: Readonly<Record<string, unknown>> = {
  'delivered five times': 'a member',
  'lost, then asked': [200, 'no-store', 'a member', 'active'],
  'unknown session': 404,
  'forged webhook': 400,
  'unsigned webhook': 400,
  'webhook of another content type': 415,
  'webhook that is too long': 413,
  'page of the console': [200, "default-src 'none'", true],
  'console without credentials': 401,
  'page of an order': [200, true],
  'find a session': [303, 'orders/'],
  'recheck at Stripe': [303, 'orders/'],
  'form of another site': 403,
  'deliver again': [303, 'orders/'],
  live: 200,
  ready: 200,
  'started where the port is taken': 'ended with an error',
  'closed by SIGTERM while a page waits': ['pending', 'close', 'ended, ledger closed'],
};

/** @returns what each of the eighteen checks found, to be compared with {@link mountedRight}. */
export async function drive(shop: RunningShop, credentials: Credentials): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {
    ...(await asCustomer(shop)),
    ...(await asAttacker(shop)),
    ...(await asOperator(shop, credentials)),
    live: (await fetch(`${shop.url}/health/live`)).status,
    ready: (await fetch(`${shop.url}/health/ready`)).status,
  };
  found['started where the port is taken'] = await shop.startAgain();
  found['closed by SIGTERM while a page waits'] = await whileAPageWaits(shop);
  return found;
}

/** A query that waits for the longest time. The header says that its answer is one of a server that closes. */
async function whileAPageWaits(shop: RunningShop) {
  const session = await buy(shop, 'zoe');
  const read = 'GET /v1/checkout/sessions/:session';
  const reads = shop.sandbox.calls.count(read);
  const waiting = fetch(`${shop.url}/payment/status/${session}?wait=30`);
  while (shop.sandbox.calls.count(read) === reads) await setTimeout(50);
  const ended = shop.stop();
  const answer = await waiting;
  const { state } = (await answer.json()) as { state: string };
  return [state, answer.headers.get('connection'), await ended];
}

async function asCustomer(shop: RunningShop) {
  const { url, sandbox } = shop;
  sandbox.pay(await buy(shop, 'ada'), { card: 'success', fate: 'doubled' });
  const delivered = await becomesMember(url, 'ada');

  const lost = await buy(shop, 'bob');
  sandbox.pay(lost, { card: 'success', fate: 'lost' });
  const first = await fetch(`${url}/payment/status/${lost}`);
  await first.body?.cancel();
  const member = await becomesMember(url, 'bob');
  const then = (await (await fetch(`${url}/payment/status/${lost}`)).json()) as { state: string };
  const unknown = await fetch(`${url}/payment/status/cs_test_nobodys`);
  return {
    'delivered five times': delivered,
    'lost, then asked': [first.status, first.headers.get('cache-control'), member, then.state],
    'unknown session': unknown.status,
  };
}

async function asAttacker({ url }: RunningShop) {
  const post = async (headers: Record<string, string>, body = '{"id":"evt_1"}'): Promise<number> =>
    (await fetch(`${url}/webhooks/stripe`, { method: 'POST', headers, body })).status;
  const json = { 'content-type': 'application/json' };
  const forged = { 'stripe-signature': `t=${Math.floor(Date.now() / 1_000)},v1=${'0'.repeat(64)}` };
  return {
    'forged webhook': await post({ ...json, ...forged }),
    'unsigned webhook': await post(json),
    'webhook of another content type': await post({ 'content-type': 'text/plain', ...forged }),
    'webhook that is too long': await post({ ...json, ...forged }, 'x'.repeat(1_200_000)),
  };
}

async function asOperator(shop: RunningShop, { user, password }: Credentials) {
  const home = `${shop.url}/admin/payments`;
  const signedIn = { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`, accept: 'text/html' };
  const page = (path: string, headers: Record<string, string> = signedIn) => fetch(`${home}${path}`, { headers, redirect: 'manual' });
  const post = (path: string, fields: Record<string, string>, site = 'same-origin') =>
    fetch(`${home}${path}`, {
      method: 'POST',
      headers: { ...signedIn, 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': site },
      body: new URLSearchParams(fields).toString(),
      redirect: 'manual',
    });

  const session = await buy(shop, 'eve');
  shop.sandbox.pay(session, { card: 'success' });
  await becomesMember(shop.url, 'eve');
  const overview = await page('');
  const policy = overview.headers.get('content-security-policy')?.split(';')[0];
  const stranger = await page('', { accept: 'text/html' });
  const find = await page(`/find?q=${session}`);
  const orderId = find.headers.get('location')?.split('/').at(-1) ?? 'none';
  const order = await page(`/orders/${orderId}`);
  const html = await order.text();
  const seenRevision = /name="seenRevision" value="(\d+)"/.exec(html)?.[1] ?? '';
  const recheck = await post(`/orders/${orderId}/recheck`, {});
  const crossSite = await post(`/orders/${orderId}/recheck`, {}, 'cross-site');
  const redeliver = await post(`/orders/${orderId}/redeliver`, { seenRevision, reason: 'the welcome did not arrive' });
  return {
    'page of the console': [overview.status, policy, (await overview.text()).includes('PaidOnce')],
    'console without credentials': stranger.status,
    'page of an order': [order.status, html.includes('eve')],
    'find a session': redirectOf(find),
    'recheck at Stripe': redirectOf(recheck),
    'form of another site': crossSite.status,
    'deliver again': redirectOf(redeliver),
  };
}

function redirectOf({ status, headers }: Response): readonly [number, string | undefined] {
  return [status, /orders\//.exec(headers.get('location') ?? '')?.[0]];
}

/** @returns the id of the Checkout session to which the shop sends the customer. */
async function buy({ url }: RunningShop, member: string): Promise<string> {
  const { status, headers } = await fetch(`${url}/buy/${member}`, { method: 'POST', redirect: 'manual' });
  const session = /cs_test_\w+/.exec(headers.get('location') ?? '')?.[0];
  if (status !== 303 || session === undefined) throw new Error(`POST /buy/${member}: ${status}, location ${headers.get('location')}`);
  return session;
}

/** Waits as long as it takes: a shop that never delivers is ended with the run. */
async function becomesMember(url: string, member: string): Promise<string> {
  for (;;) {
    const { hasAccess } = (await (await fetch(`${url}/members/${member}`)).json()) as { hasAccess: boolean };
    if (hasAccess) return 'a member';
    await setTimeout(50);
  }
}
