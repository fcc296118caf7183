// The whole front of a shop under requests that no honest client sends: real sockets, the adapter, a ledger on SQLite, the
// console. `npm run torture -- --fuzz N` sends N of them (TEST_REQUESTS), from the seed TEST_SEED.
import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { EventStore } from '@paidonce/ledger';
import Stripe from 'stripe';
import { expect, onTestFinished, test } from 'vitest';
import { fuzzRequests } from './fuzz.test-support.ts';
import { honestRequest } from './fuzz-console.test-support.ts';
import { type FuzzedConsole, fuzzedConsole, honestForm } from './fuzz-routes.test-support.ts';
import { type FuzzedShop, openFuzzedShop, webhookSecret } from './fuzz-shop.test-support.ts';
import { eventBody, type FuzzRequest, seeded } from './fuzz-values.test-support.ts';

const requests = Number(process.env['TEST_REQUESTS'] ?? 2_000);
const seed = Number(process.env['TEST_SEED'] ?? 1);
/** Requests that are under way at a time. */
const atOnce = 16;
/** What caches may fill between two measurements: a leak of a kilobyte a request is 100 MB in 100,000. */
const growthAllowed = 16 * 1024 * 1024;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Sends it, and answers the status. 0: the server closed the connection without one. */
function send({ method, path, headers, body, bytes }: FuzzRequest, port: number, agent: Agent): Promise<number> {
  if (bytes) return sendBytes(bytes, port);
  return new Promise((resolve) => {
    const sent = httpRequest(
      { port, host: '127.0.0.1', agent, method, path, headers: { ...(headers as Record<string, string>), 'content-length': body.length } },
      (answer) => answer.resume().once('close', () => resolve(answer.statusCode ?? 0)),
    );
    sent.once('error', () => resolve(0));
    sent.end(body);
  });
}

function sendBytes(bytes: Buffer, port: number): Promise<number> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    const end = (): void => {
      socket.destroy();
      resolve(Number(/^HTTP\/1\.1 (\d{3})/.exec(answer.replace(/^HTTP\/1\.1 100 [\s\S]*?\r\n\r\n/, ''))?.[1] ?? 0));
    };
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
      if (/^HTTP\/1\.1 [2-5]/m.test(answer)) end();
    });
    socket.once('error', end).once('close', end);
    socket.write(bytes);
    // What is half a request may stay half; a deadline of the server would come much later.
    socket.setTimeout(400, end);
  });
}

async function eventsIn(store: EventStore): Promise<readonly { readonly type: string }[]> {
  const found: { readonly type: string }[] = [];
  for await (const { events } of store.readLog()) found.push(...events);
  return found;
}

interface Used {
  readonly heap: number;
  readonly external: number;
}

/**
 * What is reachable, once nothing is under way: a socket that is just closing, and a buffer whose owner was collected a turn
 * ago, count in a single measurement, so the least of several counts.
 */
async function usedBytes(): Promise<Used> {
  let least: Used = { heap: Number.POSITIVE_INFINITY, external: Number.POSITIVE_INFINITY };
  for (let round = 0; round < 20; round += 1) {
    await wait(50);
    collectGarbage();
    const { heapUsed, external } = process.memoryUsage();
    least = { heap: Math.min(least.heap, heapUsed), external: Math.min(least.external, external) };
  }
  return least;
}

/** Runs so many tasks, some of them at a time. */
async function concurrently(count: number, task: () => Promise<void>): Promise<void> {
  let begun = 0;
  const worker = async (): Promise<void> => {
    while (begun < count) {
      begun += 1;
      await task();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

test(`${requests.toLocaleString('en')} requests that no honest client sends: no 5xx, no event, no memory kept`, async () => {
  const shop = await openFuzzedShop();
  const { port, store, errors, metrics } = shop;
  const fuzzed = await fuzzedConsole(shop);
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  onTestFinished(() => agent.destroy());
  const nextRequest = fuzzRequests(seeded(seed), fuzzed);
  const before = await eventsIn(store);
  const statuses = new Map<string, number>();
  const ofRoutes = new Map<string, Set<number>>(fuzzed.routes.map(({ name }) => [name, new Set()]));
  const failed: string[] = [];

  const fire = async (): Promise<void> => {
    const next = nextRequest();
    const status = await send(next, port, agent);
    const key = `${next.kind} ${status}`;
    statuses.set(key, (statuses.get(key) ?? 0) + 1);
    if (next.kind === 'operator') ofRoutes.get(next.route ?? '')?.add(status);
    if (status >= 500 && failed.length < 5) failed.push(`${key}: ${describe(next)}`);
  };

  await concurrently(Math.ceil(requests / 4), fire); // Caches fill, functions are compiled.
  const warm = await usedBytes();
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  await concurrently(Math.floor((requests * 3) / 4), fire);
  delay.disable();
  const used = await usedBytes();
  const grown = { heap: used.heap - warm.heap, external: used.external - warm.external };

  console.log(
    `fuzz, seed ${seed}: ${[...statuses]
      .toSorted()
      .map(([key, count]) => `${key}: ${count}`)
      .join(', ')}.\n` +
      `Event-loop delay (client and server in one process): p99 ${(delay.percentile(99) / 1e6).toFixed(1)} ms, max ${(delay.max / 1e6).toFixed(1)} ms. Memory grown: heap ${megabytes(grown.heap)} to ${megabytes(used.heap)} MB, outside it ${megabytes(grown.external)} to ${megabytes(used.external)} MB.`,
  );
  expect(failed).toEqual([]);
  expect(errors).toEqual([]);
  expect(await eventsIn(store)).toEqual(before);
  expect(grown.heap).toBeLessThan(growthAllowed);
  expect(grown.external).toBeLessThan(growthAllowed);
  expect(await metrics.metrics()).toMatch(/paidonce_webhooks_total\{outcome="failed"\} 0\n/);
  // It was no test of nothing: each kind was sent, and refused in its own ways.
  const ofOperator = [200, 303, 308, 400, 403, 404, 405, 409, 415, 422].map((status) => `operator ${status}`);
  const others = ['webhook 400', 'webhook 415', 'status 404', 'console 401', 'reader 200', 'reader 403', 'raw 400'];
  expect([...others, ...ofOperator].filter((each) => !statuses.has(each))).toEqual([]);
  // Each page came, and each form was refused by its own route.
  const unmet = fuzzed.routes.filter(({ name, route }) => {
    const own = route.method === 'GET' || route.may === 'read' ? [200, 303] : [400, 404, 409, 422];
    return !own.some((status) => ofRoutes.get(name)?.has(status));
  });
  expect(unmet.map(({ name }) => name)).toEqual([]);
  await eachFormIsDone(shop, fuzzed, agent);
  expect((await fetch(`http://127.0.0.1:${port}/health/ready`)).status).toBe(200);
});

test('whatever is signed with our secret is acknowledged: it leaves no order changed, and at most a note of what could not be read', async () => {
  const { port, store, errors } = await openFuzzedShop();
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  onTestFinished(() => agent.destroy());
  const random = seeded(seed);
  const before = await eventsIn(store);
  const failed: string[] = [];
  await concurrently(Math.min(requests, 2_000) / 4, async () => {
    const body = eventBody(random);
    const t = Math.floor(Date.now() / 1_000);
    const signature = new Stripe('sk_test_fuzz').webhooks.generateTestHeaderString({
      payload: body.toString('latin1'),
      secret: webhookSecret,
      timestamp: t,
    });
    const latin = Buffer.from(body.toString('latin1'), 'utf8'); // The helper signs text: these are the bytes of that text.
    const headers = { 'content-type': 'application/json', 'stripe-signature': signature };
    const status = await send({ kind: 'webhook', method: 'POST', path: '/webhooks/stripe', headers, body: latin }, port, agent);
    if (status !== 200 && failed.length < 5) failed.push(`${status}: ${latin.toString('utf8').slice(0, 2_000)}`);
  });
  expect(failed).toEqual([]);
  expect(errors).toEqual([]);
  const added = (await eventsIn(store)).slice(before.length).map(({ type }) => type);
  expect([...new Set(added)]).toEqual(['ObjectNotUnderstood']);
});

/** Without a fault each form is done. From the last route to the first, so that a run is canceled before the next one is started. */
async function eachFormIsDone(shop: FuzzedShop, { routes }: FuzzedConsole, agent: Agent): Promise<void> {
  shop.save();
  const done: Record<string, number> = {};
  for (const routed of routes.toReversed()) {
    const { name, honest, form } = routed;
    if (form) done[name] = await send(honestRequest(routed, await honestForm(shop, name, honest.params)), shop.port, agent);
  }
  expect(Object.entries(done).filter(([, status]) => status !== 303)).toEqual([]);
}

const megabytes = (bytes: number): string => (bytes / 1024 / 1024).toFixed(1);

function describe({ method, path, headers, body, bytes }: FuzzRequest): string {
  const whole = bytes ? bytes.toString('latin1') : `${method} ${path} ${JSON.stringify(headers)} ${body.toString('latin1')}`;
  return whole.slice(0, 1_000);
}
