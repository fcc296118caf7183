// Runs three replicas of the shop on one event store with customers; one replica is killed and started again, and so is the
// server of the event store. At the end the log is audited, and compared with Stripe's lists and the shop's own table.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import type { Position, StoredEvent } from '@paidonce/ledger';
import { type Finding, readerOf, verifyLog } from '@paidonce/ledger/audit';
import { openEventStore } from '@paidonce/ledger/store-url';
import { startStripeSandbox } from '@paidonce/sandbox';
import Stripe from 'stripe';
import { type Books, checkLaws, type Verdict } from '../demo/laws.ts';
import { readBooks } from '../demo/run.ts';
import { openMemberships } from '../shop/memberships.ts';
import { openShopOrders } from '../shop/orders.ts';
import { sandboxKey } from '../shop/stripe.ts';
import { type Buyer, buy, buyers } from './buyers.ts';
import type { ClusterStore } from './event-store.ts';
import { openLoadBalancer } from './load-balancer.ts';
import type { Life } from './replica.ts';
import { Replica } from './replica.ts';

export interface ClusterOptions {
  readonly orders: number;
  readonly store: ClusterStore;
  /** An empty folder for the shop's own database, which all replicas share. */
  readonly dataDir: string;
  readonly print: (line: string) => void;
}

export interface ClusterResult {
  readonly lives: readonly Life[];
  /** The events that this run has appended. */
  readonly log: readonly StoredEvent[];
  readonly books: Books;
  readonly verdicts: readonly Verdict[];
}

const atOnce = 12;
/** Longer than the half minute after which the delivery of a dead process is taken over. */
const deliveredWithinMs = 45_000;

export async function runCluster({ orders, store, dataDir, print }: ClusterOptions): Promise<ClusterResult> {
  await using opened = new AsyncDisposableStack();
  const ledgerUrl = store.url;
  const { next: begin } = await readFrom(ledgerUrl); // A server may have events of earlier runs.

  const replicas: Replica[] = [];
  const { url: shopUrl } = opened.use(await openLoadBalancer(() => replicas.map(({ backend }) => backend)));
  const secret = `whsec_sandbox_${randomBytes(24).toString('hex')}`;
  const endpoint = { url: `${shopUrl}/webhooks/stripe`, secret };
  const sandbox = opened.use(await startStripeSandbox({ webhookEndpoints: [endpoint] }));
  const env = {
    ...{ LEDGER_URL: ledgerUrl, DATA_DIR: dataDir, SHOP_URL: shopUrl, POLL_SECONDS: '2' },
    ...{ PAIDONCE_SANDBOX: '1', STRIPE_API_BASE: sandbox.url, STRIPE_SECRET_KEY: sandboxKey, STRIPE_WEBHOOK_SECRET: secret },
  };
  for (const number of [1, 2, 3]) replicas.push(opened.adopt(new Replica(number, env), (replica) => replica.stop()));
  await Promise.all(replicas.map((replica) => replica.start()));
  print(`Three replicas of the shop, behind ${shopUrl}. ${orders} customers come ...`);
  await customersAndKills(orders, shopUrl, { victim: replicas[1] as Replica, store, print });

  const database = opened.adopt(new DatabaseSync(join(dataDir, 'shop.db'), { timeout: 5_000 }), (open) => open.close());
  const stripe = new Stripe(sandboxKey, { ...sandbox.clientConfig });
  await untilDelivered(stripe, database);
  await sandbox.advance(60_000); // The late webhooks arrive, after everything is decided.
  const books = await untilDelivered(stripe, database);
  await Promise.all(replicas.map((replica) => replica.stop()));

  const known = new Set(
    openShopOrders(database)
      .list(Number.MAX_SAFE_INTEGER)
      .map(({ orderId }) => `order-${orderId}`),
  );
  const { events } = await readFrom(ledgerUrl, begin);
  const log = events.filter(({ stream }) => known.has(stream) || !stream.startsWith('order-'));
  const verdicts = [...checkLaws(log, books), ...(store.isNew ? [await audited(ledgerUrl)] : [])];
  return { lives: replicas.flatMap(({ lives }) => lives), log, books, verdicts };
}

/** Makes every decision in the log again from the facts before it, as `paidonce verify` does. */
export async function audited(url: string): Promise<Verdict> {
  const reader = readerOf(await openEventStore(url));
  try {
    const { events, findings } = await verifyLog(reader);
    return { law: 'paidonce verify finds nothing', checked: events, broken: findings.map(sentence) };
  } finally {
    await reader.close();
  }
}

function sentence({ rule, stream, expected, found }: Finding): string {
  return `${stream} breaks ${rule}: expected ${expected}, found ${found}`;
}

interface Kills {
  readonly victim: Replica;
  readonly store: ClusterStore;
  readonly print: (line: string) => void;
}

async function customersAndKills(orders: number, shopUrl: string, { victim, store, print }: Kills): Promise<void> {
  const all = buyers(orders);
  const [before, around] = [Math.ceil(orders * 0.4), Math.ceil(orders * 0.7)];
  await letIn(all.slice(0, before), shopUrl);
  const shopping = letIn(all.slice(before, around), shopUrl);
  await wait(150); // The customers are buying now.
  await victim.kill();
  print('Replica 2 was killed (SIGKILL); the customers go on ...');
  if (store.outage) {
    await store.outage.happen();
    print(`${store.outage.what}; the customers go on ...`);
  }
  await shopping;
  await victim.start();
  print('Replica 2 is back ...');
  await letIn(all.slice(around), shopUrl);
}

async function letIn(customers: readonly Buyer[], shopUrl: string): Promise<void> {
  const waiting = [...customers];
  const served = Array.from({ length: atOnce }, async () => {
    for (let buyer = waiting.shift(); buyer; buyer = waiting.shift()) await buy(buyer, shopUrl);
  });
  await Promise.all(served);
}

/** Waits until all decisions are delivered. If that takes too long, the verdicts show what is missing. */
async function untilDelivered(stripe: Stripe, database: DatabaseSync): Promise<Books> {
  const memberships = openMemberships(database);
  const deadlineMs = performance.now() + deliveredWithinMs;
  for (;;) {
    const books = await readBooks(stripe, memberships);
    if (books.memberships.size >= books.paid.size || performance.now() > deadlineMs) return books;
    await wait(200);
  }
}

/** Reads the events of a log that come after a position. */
export async function readFrom(url: string, after?: Position): Promise<{ events: readonly StoredEvent[]; next: Position | undefined }> {
  const store = await openEventStore(url);
  try {
    const events: StoredEvent[] = [];
    let next = after;
    for await (const page of store.readLog(after === undefined ? {} : { after })) {
      events.push(...page.events);
      next = page.next;
    }
    return { events, next };
  } finally {
    await store.close();
  }
}
