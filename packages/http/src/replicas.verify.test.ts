// Several processes of a whole shop on one store, by HTTP: what one machine more is worth, and what losing one costs. On
// the double of EventStoreDB, or where EVENTSTOREDB_URL names a server, on that.
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { EventStore, StoredEvent } from '@paidonce/ledger';
import { openEventStore } from '@paidonce/ledger/store-url';
import { ServerDouble } from '@paidonce/ledger/testing/eventstoredb-double';
import { type StripeSandbox, startStripeSandbox } from '@paidonce/sandbox';
import { expect, onTestFinished, test } from 'vitest';
import type { ReplicaCommand, ReplicaMessage, ReplicaSettings } from './replica-process.test-support.ts';

const webhookSecret = 'whsec_of_the_shop';

interface Replica {
  readonly url: string;
  send(command: ReplicaCommand): void;
  /** What it says next that fits, or has said. */
  waitFor<T>(choose: (message: ReplicaMessage) => T | undefined): Promise<T>;
  kill(): Promise<void>;
}

interface Delivery {
  readonly key: string;
  readonly replica: string;
}

const { EVENTSTOREDB_URL: serverUrl } = process.env;

test('two replicas share all work, each thing done once; one dies in the middle of all, and the other goes on for it', async () => {
  const { store, sandbox, deliveries, start } = await openWorld();
  const a = await start('a', { intervalMs: 4_000 });
  const b = await start('b', { intervalMs: 12_000 });
  const startCheckout = async (orderId: string, on: Replica): Promise<string> => {
    const response = await fetch(`${on.url}/checkouts/${orderId}`, { method: 'POST' });
    const { sessionId } = (await response.json()) as { sessionId: string };
    return sessionId;
  };
  const pay = async (orderId: string, on: Replica, fate: 'delivered' | 'lost' | 'doubled'): Promise<void> => {
    sandbox.pay(await startCheckout(orderId, on), { fate });
  };

  // Normal running: every webhook comes to both, some twice, some never; both sweep; both deliver.
  const orders = Array.from({ length: 12 }, (_, n) => `${sandbox.account}-${n}`);
  await Promise.all(orders.map((orderId, n) => pay(orderId, n % 2 ? a : b, (['delivered', 'doubled', 'lost'] as const)[n % 3]!)));
  await until(() => new Set(deliveries().map(({ key }) => key)).size === orders.length);
  expect(
    deliveries()
      .map(({ key }) => key)
      .sort(),
  ).toEqual(orders.map((orderId) => `${orderId}:1`).sort()); // Each once.

  // One is stuck in a delivery and in a round of the poll, and is killed there.
  a.send('hold');
  await startCheckout(`${sandbox.account}-unpaid`, b); // While nobody waits for a payment, minutes may pass until the next round.
  let stuck: string | undefined;
  for (let n = 0; stuck === undefined; n++) {
    const orderId = `${sandbox.account}-stuck-${n}`;
    orders.push(orderId);
    await pay(orderId, b, 'delivered');
    const byA = a.waitFor((message) => ('delivering' in message && message.delivering === `${orderId}:1` ? orderId : undefined));
    const byB = until(() => deliveries().some(({ key }) => key === `${orderId}:1`));
    stuck = await Promise.race([byA, byB.then(() => undefined)]);
  }
  await a.waitFor((message) => ('sweeping' in message ? true : undefined));
  await a.kill();
  const lost = `${sandbox.account}-lost`;
  orders.push(lost);
  await pay(lost, b, 'lost');
  await until(() => [stuck, lost].every((orderId) => deliveries().some(({ key }) => key === `${orderId}:1`)));
  expect(deliveries().filter(({ key }) => key === `${stuck}:1`)).toEqual([{ key: `${stuck}:1`, replica: 'b' }]);

  const all = await everything(store);
  const ofOrder = (orderId: string): readonly StoredEvent[] => all.filter(({ stream }) => stream === `order-${orderId}`);
  for (const orderId of orders) expect(ofOrder(orderId).filter(({ type }) => type === 'MembershipGranted')).toHaveLength(1); // Law 2.
  const dead = ofOrder(stuck).find(({ type }) => type === 'MembershipGranted')?.metadata['instance'];
  const takenOver = ofOrder(stuck).find(({ type }) => type === 'DeliveryTakenOver');
  expect(takenOver?.metadata['instance']).not.toBe(dead);
  // What the next round found may be delivered before it ends; and another tier may have found it.
  const rounds = async () =>
    (await everything(store)).filter(({ stream }) => stream.startsWith('sweep-') && stream.includes(sandbox.account));
  const before = await rounds();
  const left = before.find((event) => event.type === 'SweepStarted' && event.metadata['instance'] === dead && !isFinished(event, before));
  expect(left).toBeDefined();
  const nextIn = (events: readonly StoredEvent[]): StoredEvent | undefined =>
    events.find((event) => event.stream === left!.stream && event.revision === left!.revision + 1);
  await until(async () => {
    const events = await rounds();
    const next = nextIn(events);
    return next !== undefined && isFinished(next, events);
  });
  expect(nextIn(await rounds())).toMatchObject({ type: 'SweepStarted', metadata: { instance: takenOver?.metadata['instance'] } });
  expect(ofOrder(lost).find(({ type }) => type === 'PaymentObserved')).toMatchObject({ data: { source: 'poll' } });

  // Read models: those of a replica that followed all the time, and of one that begins now and has them rebuilt.
  const c = await start('c', { intervalMs: 4_000 });
  for (const replica of [b, c]) {
    for (const orderId of orders) {
      const membership = { membershipId: orderId, plan: 'year', status: 'active' };
      await until(async () => {
        const { items, lagMs } = await memberships(replica, `member-of-${orderId}`);
        if (lagMs === null) return false; // It has not reached the head of the log yet.
        expect(items.length).toBeLessThanOrEqual(1);
        return items[0] !== undefined && Object.entries(membership).every(([key, value]) => items[0]![key] === value);
      });
    }
  }
});

async function openWorld() {
  const folder = mkdtempSync(join(tmpdir(), 'paidonce-replicas-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  let storeUrl = serverUrl;
  if (!storeUrl) {
    const double = await ServerDouble.start();
    onTestFinished(() => double.kill());
    storeUrl = double.url;
  }
  const store = await openEventStore(storeUrl);
  onTestFinished(() => store.close());
  // A server keeps what an earlier run left: an account of its own keeps the orders and rounds of this one apart.
  const sandbox = await startStripeSandbox({ account: `acct_${crypto.randomUUID().replaceAll('-', '').slice(0, 16)}` });
  onTestFinished(() => sandbox.close());
  const shopPath = join(folder, 'shop.db');
  const shop = new DatabaseSync(shopPath, { timeout: 2 ** 31 - 1 });
  onTestFinished(() => shop.close());
  shop.exec('pragma journal_mode = wal; create table deliveries (key text, member text, status text, replica text)');
  const ours = shop.prepare("select key, replica from deliveries where key like ? || '-%'"); // An earlier run may have left some, too.
  const deliveries = (): readonly Delivery[] => ours.all(sandbox.account).map((row) => ({ ...row }) as unknown as Delivery);
  const start = (name: string, { intervalMs }: { readonly intervalMs: number }): Promise<Replica> =>
    startReplica({ name, storeUrl, sandboxPort: sandbox.port, shopPath, webhookSecret, intervalMs }, sandbox);
  return { store, sandbox, deliveries, start };
}

async function startReplica(settings: ReplicaSettings, sandbox: StripeSandbox): Promise<Replica> {
  const script = join(import.meta.dirname, 'replica-process.test-support.ts');
  const child: ChildProcess = fork(script, [JSON.stringify(settings)], { execArgv: ['--conditions=@paidonce/source'], stdio: 'inherit' });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await ended;
  });
  const received: ReplicaMessage[] = [];
  child.on('message', (message) => received.push(message as ReplicaMessage));
  const waitFor = async <T>(choose: (message: ReplicaMessage) => T | undefined): Promise<T> => {
    for (;;) {
      const found = received.map(choose).find((each) => each !== undefined);
      if (found !== undefined) return found;
      if (child.exitCode !== null) throw new Error(`Replica ${settings.name} ended`);
      await pause();
    }
  };
  const url = await waitFor((message) => ('ready' in message ? message.ready : undefined));
  sandbox.addWebhookEndpoint({ url: `${url}/webhooks/stripe`, secret: settings.webhookSecret });
  return {
    url,
    send: (command) => void child.send(command),
    waitFor,
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function everything(store: EventStore): Promise<readonly StoredEvent[]> {
  const found: StoredEvent[] = [];
  for await (const page of store.readLog({ prefixes: ['order-', 'sweep-'] })) found.push(...page.events);
  return found;
}

function isFinished(started: StoredEvent, rounds: readonly StoredEvent[]): boolean {
  const { round } = started.data as { round: number };
  return rounds.some(
    ({ stream, type, data }) => stream === started.stream && type === 'SweepFinished' && (data as { round: number }).round === round,
  );
}

async function memberships(replica: Replica, memberId: string) {
  const response = await fetch(`${replica.url}/memberships/${memberId}`);
  return (await response.json()) as { items: Record<string, unknown>[]; lagMs: number | null };
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await pause();
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20));
}
