// The commands for subscriptions, as a terminal runs them, against the sandbox and a log on disk: a shop goes over from its own webhooks.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createPaymentLedger, type PaymentLedger, type SubscriptionChange } from '@paidonce/ledger';
import { type Finding, readerOf, verifyLog } from '@paidonce/ledger/audit';
import { openTerminal } from '@paidonce/ledger/command-line';
import { openSqliteEventStore } from '@paidonce/ledger/sqlite';
import { type Ground, startGround } from '@paidonce/sandbox/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { subscriptionMetadata } from '../mapping/claim.ts';
import { type StripePayments, stripePayments } from '../stripe-payments.ts';
import { paidonceStripe } from './paidonce-stripe.ts';

interface Ran {
  readonly code: number;
  readonly out: readonly string[];
  /** Without the line that names the store. */
  readonly err: readonly string[];
}

interface Desk extends Omit<Ground, 'shop'> {
  readonly folder: string;
  readonly policy: string;
  readonly delivered: readonly string[];
  file(text: string): string;
  readonly env: Readonly<Record<string, string>>;
  run(...args: readonly string[]): Promise<Ran>;
  subscribed(plan: 'silver' | 'gold', metadata?: Record<string, string>): Promise<string>;
  /** The shop as it runs with its new ledger, and delivers. */
  shop<T>(use: (ledger: PaymentLedger, payments: StripePayments) => Promise<T>): Promise<T>;
}

/** A connected account of the shop's platform. */
const seller = 'acct_1Seller';

const heading = 'subscription,member,plan,active';

async function openDesk(): Promise<Desk> {
  const folder = mkdtempSync(join(tmpdir(), 'paidonce-members-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const ground = await startGround({ automatic: false, connectedAccounts: [seller] });
  const { stripe, sandbox } = ground;
  const priceOf = async (name: string): Promise<string> => {
    const { id: product } = await stripe.products.create({ name });
    return (await stripe.prices.create({ product, currency: 'usd', unit_amount: 1_000, recurring: { interval: 'month' } })).id;
  };
  const prices = { silver: await priceOf('Silver'), gold: await priceOf('Gold') };
  const plans = { silver: [prices.silver], gold: [prices.gold] };
  const delivered: string[] = [];
  const deliver = ({ memberId, change }: SubscriptionChange) => void delivered.push(`${memberId} ${change}`);
  const env = { STRIPE_SECRET_KEY: 'sk_test_123456789012', STRIPE_API_BASE: sandbox.url, DATA_DIR: folder };
  let files = 0;
  const file = (text: string): string => {
    files += 1;
    const path = join(folder, `given-${files}`);
    writeFileSync(path, text);
    return path;
  };
  return {
    ...ground,
    folder,
    policy: file(JSON.stringify({ plans })),
    delivered,
    file,
    env,
    run: (...args) => run(args, env),
    subscribed: async (plan, metadata = {}) => {
      const session = await stripe.checkout.sessions.create({
        mode: 'subscription',
        line_items: [{ price: prices[plan], quantity: 1 }],
        success_url: 'https://shop.example/done',
        subscription_data: { metadata },
      });
      sandbox.pay(session.id, { fate: 'never_made' });
      return String((await stripe.checkout.sessions.retrieve(session.id)).subscription);
    },
    shop: async (use) => {
      const eventStore = await openSqliteEventStore(join(folder, 'ledger.db'));
      await using ledger = createPaymentLedger({ eventStore, background: false, subscriptions: { policy: { plans }, deliver } });
      await using payments = stripePayments({ ledger, stripe, webhookSecrets: false, poll: false });
      const result = await use(ledger, payments);
      await ledger.settle();
      return result;
    },
  };
}

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '' && !line.startsWith('sqlite:'));

async function run(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Ran> {
  const [out, err] = [output(), output()];
  const code = await paidonceStripe(args, { env, terminal: openTerminal(out, err), runtime: { sleep: async () => undefined } });
  return { code, out: linesOf(out.text()), err: linesOf(err.text()) };
}

function output() {
  let written = '';
  const write = (text: string): boolean => {
    written += text;
    return true;
  };
  return { isTTY: false, write, drained: async () => undefined, text: () => written };
}

/** What is wrong with the log. */
async function findingsIn({ folder }: Desk): Promise<readonly Finding[]> {
  const store = await openSqliteEventStore(join(folder, 'ledger.db'));
  const { findings, subscriptions } = await verifyLog(readerOf(store));
  await store.close();
  expect(subscriptions).toBe(2);
  return findings;
}

/** The same in a process of its own. */
async function runProcess(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Ran> {
  const main = fileURLToPath(new URL('main.ts', import.meta.url));
  const stdio = ['ignore', 'pipe', 'pipe'] as const;
  const child = spawn(process.execPath, ['--conditions=@paidonce/source', main, ...args], {
    stdio: [...stdio],
    env: { ...process.env, ...env },
  });
  const [out, err] = [output(), output()];
  child.stdout?.on('data', (chunk: Buffer) => out.write(String(chunk)));
  child.stderr?.on('data', (chunk: Buffer) => err.write(String(chunk)));
  const [code] = await once(child, 'close');
  return { code: Number(code), out: linesOf(out.text()), err: linesOf(err.text()) };
}

describe('import', () => {
  test('from the first look to the day after: shown, corrected, taken over, and welcomed by nobody', async () => {
    const desk = await openDesk();
    const [good, wrong] = [await desk.subscribed('silver'), await desk.subscribed('gold')];
    const first = desk.file([heading, `${good},m-1,silver,true`, `${wrong},m-2,silver,yes`].join('\n'));
    const given = ['--subscriptions', first, '--policy', desk.policy, '--create'];

    const shown = await desk.run('import', ...given, '--dry-run');
    expect(shown).toMatchObject({ code: 3, err: [] });
    expect(shown.out).toEqual([
      expect.stringMatching(new RegExp(`^would be decided: ${good} of member m-1 · active, silver × 1, valid until \\d{4}-`)),
      expect.stringMatching(
        new RegExp(`^plans differ: ${wrong} of member m-2 · shop: active, silver · Stripe: active, gold, paid through `),
      ),
      expect.stringMatching(
        /^2 subscriptions: 1 would be imported, 0 would be granted, 0 known, 1 differ, 0 for a person, 0 of others; \d+ calls\.$/,
      ),
    ]);
    await desk.shop(async (ledger) => expect(await ledger.subscription(good)).toBeUndefined());

    expect(await desk.run('import', ...given)).toMatchObject({ code: 3 });
    const corrected = desk.file([heading, `${good},m-1,silver,true`, `${wrong},m-2,gold,true`].join('\n'));
    // The log has a policy by now.
    const again = await runProcess(['import', '--subscriptions', corrected, '--actor', 'ops-1', '--json'], desk.env);
    expect(again.code).toBe(0);
    expect(JSON.parse(again.out.join(''))).toMatchObject({
      imported: 1,
      known: 1,
      differing: [],
      subscriptions: [{ outcome: 'known' }, { outcome: 'imported', subscription: wrong, sequence: 1 }],
    });
    expect((await desk.run('reconcile')).out.join()).toMatch(/^2 payments and 0 memberships .* 2 subscriptions: 0 differ\./);

    await desk.shop(async (ledger) => {
      await ledger.settle();
      expect(await ledger.memberAccess('m-2')).toMatchObject({ active: true, plans: [{ plan: 'gold' }] });
    });
    expect(desk.delivered).toEqual([]);
    expect(await findingsIn(desk)).toEqual([]);
  });

  test('names every bad line, and then makes and opens nothing', async () => {
    const desk = await openDesk();
    const path = desk.file(
      [heading, `${await desk.subscribed('silver')},m-1,silver,true`, 'sub_2,,silver,true', 'cs_3,m-3,silver,maybe'].join('\n'),
    );
    const ran = await desk.run('import', '--subscriptions', path, '--policy', desk.policy, '--create');
    expect([ran.code, ran.out]).toEqual([2, []]);
    expect(ran.err).toEqual([
      'Nothing was imported:',
      expect.stringMatching(/^Line 3: member: /),
      expect.stringMatching(/^Line 4: (?=.*subscription: must be sub_… of Stripe)(?=.*active: must be true or false)/),
    ]);
    expect(existsSync(join(desk.folder, 'ledger.db'))).toBe(false);
  });

  test('names the lines whose plan the policy does not have, before anything is imported', async () => {
    const desk = await openDesk();
    const path = desk.file([heading, `${await desk.subscribed('silver')},m-1,silver,true`, 'sub_2,m-2,tin,true'].join('\n'));
    const ran = await desk.run('import', '--subscriptions', path, '--policy', desk.policy, '--create');
    expect(ran).toMatchObject({ code: 2, out: [] });
    expect(ran.err).toContain('Line 3: plan: the policy has no plan tin; it has silver, gold');
    await desk.shop(async (ledger) => expect((await ledger.memberAccess('m-1')).active).toBe(false));
  });

  test.each<[string, (desk: Desk) => readonly string[], RegExp]>([
    ['no list', () => ['import'], /--subscriptions is missing/],
    ['a list that is not there', () => ['import', '--subscriptions', '/nowhere.csv'], /--subscriptions: ENOENT/],
    ['a log without a policy', (desk) => ['import', '--subscriptions', desk.file(heading), '--create'], /keeps no subscriptions/],
    [
      'a policy that is no JSON',
      (desk) => ['import', '--subscriptions', desk.file(heading), '--create', '--policy', desk.file('plans')],
      /--policy is no JSON object with `plans`/,
    ],
    [
      'a policy that is none',
      (desk) => ['import', '--subscriptions', desk.file(heading), '--create', '--policy', desk.file('null')],
      /--policy is no JSON object/,
    ],
    [
      'a policy of something else',
      (desk) => ['import', '--subscriptions', desk.file(heading), '--create', '--policy', desk.file('{"plans":{},"graces":1}')],
      /graces/,
    ],
    ['a list of members without subscriptions', (desk) => ['backfill', '--members', desk.file(heading)], /Say --subscriptions too/],
    ['orders beside subscriptions', (desk) => ['backfill', '--subscriptions', '--orders', desk.file('')], /--orders is about orders/],
  ])('refuses %s', async (_name, args, message) => {
    const desk = await openDesk();
    const ran = await desk.run(...args(desk));
    expect([ran.code, ran.out, ran.err.join('\n')]).toEqual([2, [], expect.stringMatching(message)]);
  });
});

describe('backfill and reconcile', () => {
  test('find what was lost, and bring it in once; the shop is informed by the process that delivers', async () => {
    const desk = await openDesk();
    const at = { account: desk.sandbox.account, livemode: false };
    const ledgerId = await desk.shop(async (ledger) => {
      for (const each of ['1', '2'])
        await ledger.placeSubscription({ subscriptionId: `club-${each}`, memberId: `m-${each}`, plan: 'silver', ...at });
      return ledger.forAdapters.ensureLedgerId();
    });
    const sub = await desk.subscribed('silver', subscriptionMetadata('paidonce', 'club-1', ledgerId));
    await desk.subscribed('gold');

    const found = await desk.run('reconcile');
    expect([found.code, found.out]).toEqual([
      3,
      [
        expect.stringMatching(/^not in the ledger: sub_\w+ · Stripe: active, at a price of a plan · ledger: no subscription has it$/),
        expect.stringMatching(
          new RegExp(
            `^paid, but not extended: ${sub} of subscription club-1 · Stripe: active, silver, .* · ledger: no access, nothing is paid for$`,
          ),
        ),
        expect.stringMatching(/2 subscriptions: 2 differ\./),
      ],
    ]);
    const dry = await desk.run('backfill', '--subscriptions', '--dry-run');
    expect([dry.code, dry.out.at(-1)]).toEqual([0, expect.stringMatching(/^1 subscriptions: .* 1 would be granted, .* 1 of others/)]);
    expect((await desk.run('backfill', '--subscriptions')).out.at(-1)).toMatch(/^1 subscriptions: 0 imported, 1 granted, /);
    expect(desk.delivered).toEqual([]);
    await desk.shop(() => Promise.resolve());
    expect(desk.delivered).toEqual(['m-1 granted']);

    const second = await desk.subscribed('silver', subscriptionMetadata('paidonce', 'club-2', ledgerId));
    const repaired = await desk.run('reconcile', '--repair', '--json');
    expect([repaired.code, JSON.parse(repaired.out.join(''))]).toMatchObject([
      3,
      { subscriptionMismatches: expect.arrayContaining([expect.objectContaining({ subscription: second, repaired: true })]) },
    ]);
    await desk.shop(() => Promise.resolve());
    expect(desk.delivered).toEqual(['m-1 granted', 'm-2 granted']);
    expect(await findingsIn(desk)).toEqual([]);
  });
});

describe('doctor', () => {
  test('names a right that the key lacks on an account where subscriptions alone are sold', async () => {
    const desk = await openDesk();
    const sold = { subscriptionId: 'club-1', memberId: 'm-1', plan: 'silver', account: seller, livemode: false };
    await desk.shop((ledger) => ledger.placeSubscription(sold));
    const invoices = { method: 'GET', path: '/v1/invoices' } as const;
    desk.sandbox.injectFault({ ...invoices, kind: 'slow', delayMs: 0 }); // The read of our own account, which passes.
    desk.sandbox.injectFault({ ...invoices, kind: 'status', status: 403 });
    const { out } = await desk.run('doctor');
    expect(out).toEqual(
      expect.arrayContaining([
        expect.stringContaining('good    may read Invoices: yes'),
        expect.stringContaining(`good    orders or subscriptions on ${seller}: the key may read it`),
        expect.stringContaining(`good    may read Subscriptions on ${seller}: yes`),
        expect.stringMatching(new RegExp(`PROBLEM may read Invoices on ${seller}: .*Give the key that permission`)),
        expect.stringContaining(`none, and the ledger has orders or subscriptions on ${seller}`),
      ]),
    );
  });
});
