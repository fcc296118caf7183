// The example shop as a process of its own, as `npm start` runs it, with a sandbox of Stripe and a load balancer in this process:
// so what Stripe knows, and what the shop has acknowledged, outlives each end of the shop.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { StoredEvent } from '@paidonce/ledger';
import { type StripeSandbox, startStripeSandbox } from '@paidonce/sandbox';
import Stripe from 'stripe';
import { type Answered, openLoadBalancer } from '../../examples/cluster/load-balancer.ts';
import { Replica } from '../../examples/cluster/replica.ts';
import { readFrom } from '../../examples/cluster/run.ts';
import type { Books } from '../../examples/demo/laws.ts';
import { readBooks } from '../../examples/demo/run.ts';
import { openMemberships } from '../../examples/shop/memberships.ts';
import { sandboxKey } from '../../examples/shop/stripe.ts';
import { Acknowledged } from './acknowledged.ts';
import { openBeside } from './beside.ts';

export interface SceneOptions {
  /** A URL, as LEDGER_URL. Default: `ledger.db` in the data folder. */
  readonly ledgerUrl?: string;
  /** Default: a new temporary folder, which is removed at the end. */
  readonly dataDir?: string;
  /** How often the shop polls. Default 1. */
  readonly pollSeconds?: number;
  readonly onAnswer?: (answered: Answered) => void;
  /** Further environment variables of the shop. */
  readonly env?: (dataDir: string) => Readonly<Record<string, string>>;
}

export interface PaidByHand {
  readonly sessionId: string;
  readonly amountMinor: number;
}

export interface Scene extends AsyncDisposable {
  /** Where customers, operators and Stripe find the shop: the load balancer's address. */
  readonly url: string;
  readonly shop: Replica;
  readonly sandbox: StripeSandbox;
  readonly stripe: Stripe;
  readonly dataDir: string;
  readonly ledgerUrl: string;
  /** The environment of the shop, for commands beside it. */
  readonly env: Readonly<Record<string, string>>;
  readonly acknowledged: Acknowledged;
  /** Starts the shop. @throws Error: it ended before it was ready; the message has what it printed last. */
  start(): Promise<void>;
  /** What the shop has printed as warnings and errors in all of its lives. */
  warnings(): string;
  log(): Promise<readonly StoredEvent[]>;
  books(): Promise<Books>;
  /** What the console has confirmed to operators as recorded. Key: the payment. Written by whoever plays an operator. */
  readonly byHand: Map<string, PaidByHand>;
  /** How many decisions the shop's table has taken. */
  delivered(): Promise<number>;
}

export const operatorPassword = 'under-fire-and-the-rest';

/** Opens it. The shop is not started yet. */
export async function openScene({
  pollSeconds = 1,
  onAnswer = () => undefined,
  env: furtherEnv = () => ({}),
  ...given
}: SceneOptions = {}): Promise<Scene> {
  await using opened = new AsyncDisposableStack();
  const dataDir = given.dataDir ?? opened.adopt(mkdtempSync(join(tmpdir(), 'paidonce-torture-')), removeFolder);
  const ledgerUrl = given.ledgerUrl ?? `sqlite:${join(dataDir, 'ledger.db')}`;
  const acknowledged = new Acknowledged();
  const replicas: Replica[] = [];
  const { url } = opened.use(
    await openLoadBalancer(
      () => replicas.map(({ backend }) => backend),
      (answered) => {
        acknowledged.note(answered);
        onAnswer(answered);
      },
    ),
  );
  const secret = `whsec_sandbox_${randomBytes(24).toString('hex')}`;
  const sandbox = opened.use(await startStripeSandbox({ webhookEndpoints: [{ url: `${url}/webhooks/stripe`, secret }] }));
  const env = {
    ...{ LEDGER_URL: ledgerUrl, DATA_DIR: dataDir, SHOP_URL: url, POLL_SECONDS: String(pollSeconds), OPERATOR_PASSWORD: operatorPassword },
    ...{ PAIDONCE_SANDBOX: '1', STRIPE_API_BASE: sandbox.url, STRIPE_SECRET_KEY: sandboxKey, STRIPE_WEBHOOK_SECRET: secret },
  };
  let warnings = '';
  const shop = new Replica(1, { ...env, ...furtherEnv(dataDir) }, (text) => {
    warnings += text;
  });
  replicas.push(opened.adopt(shop, (process) => process.stop()));
  const stripe = new Stripe(sandboxKey, { ...sandbox.clientConfig });
  const table = <T>(read: (open: DatabaseSync) => T): Promise<Awaited<T>> => readTable(join(dataDir, 'shop.db'), read);
  const byHand = new Map<string, PaidByHand>();
  const running = opened.move();
  return {
    ...{ url, shop, sandbox, stripe, dataDir, ledgerUrl, env, acknowledged, byHand },
    start: () =>
      shop.start().catch((cause: unknown) => {
        throw new Error(`${cause}. It printed: ${warnings.slice(-1_000)}`, { cause });
      }),
    warnings: () => warnings,
    log: async () => (await readFrom(ledgerUrl)).events,
    books: async () => withPaidByHand(await table((open) => readBooks(stripe, openMemberships(open))), byHand),
    delivered: () => table((open) => Number(open.prepare('SELECT coalesce(sum(sequence), 0) AS n FROM paidonce_delivered').get()?.['n'])),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Money by hand is not at Stripe: the operators' own note of it stands in for a bank statement. */
function withPaidByHand(books: Books, byHand: ReadonlyMap<string, PaidByHand>): Books {
  const manual = [...byHand].map(([id, { amountMinor }]) => [id, { receivedMinor: amountMinor, refundedMinor: 0 }] as const);
  return { ...books, paid: new Map([...books.paid, ...manual]) };
}

function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

async function readTable<T>(path: string, read: (table: DatabaseSync) => T): Promise<Awaited<T>> {
  const table = openBeside(path);
  try {
    return await read(table);
  } finally {
    table.close();
  }
}
