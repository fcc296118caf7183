// The migration of the made-up shop, phase by phase, and the way back. Each phase returns what it showed; docs/how-to/migrate.md
// explains the steps.
import { compareShop, type ShopMembership, sqliteReader } from '@paidonce/ledger/audit';
import { type Backfilled, backfill, reconcile, type ShopOrder } from '@paidonce/stripe-adapter/operations';
import type { PurchaseOrder } from './old-shop.ts';
import { type MigratingShop, openMigratingShop } from './shop.ts';

export interface Played {
  readonly shadow: {
    /** Orders that the old handler fulfilled, and those that the ledger granted. */
    readonly old: readonly string[];
    readonly ledger: readonly string[];
    readonly undelivered: number;
    readonly shadowDiffers: number;
    /** Mails of the old handler, by order. */
    readonly mails: Readonly<Record<string, number>>;
  };
  readonly dryRun: Backfilled;
  readonly backfill: Backfilled;
  /** The kind of each difference, by order: before and after support ended what nobody paid for. */
  readonly compared: Readonly<Record<string, string>>;
  readonly afterSupport: Readonly<Record<string, string>>;
  readonly reconciled: number;
  readonly cutOver: {
    /** The keys of the mails of the new path. */
    readonly mails: readonly string[];
    readonly memberships: Readonly<Record<string, string>>;
    readonly compared: Readonly<Record<string, string>>;
  };
  readonly wayBack: { readonly unknown: boolean; readonly backfill: Backfilled; readonly memberships: Readonly<Record<string, string>> };
}

const since = new Date(Date.now() - 30 * 24 * 3_600_000);

/** Plays it in this folder, which must be empty. @param tell called with the name of each phase. */
export async function playMigration(folder: string, tell: (phase: string) => void): Promise<Played> {
  await using shop = await openMigratingShop(folder);
  tell('Before: the old handler alone');
  const before = await sellBefore(shop);
  tell('Shadow: the ledger decides beside it, and delivers nothing');
  const shadow = await runShadow(shop);
  tell('Backfill: the orders from before');
  const on = () => ({ ledger: shop.ledger, stripe: shop.stripe });
  const orders = exported(shop, before);
  const dryRun = await backfill(on(), { since, orders, dryRun: true });
  const real = await backfill(on(), { since, orders });
  await shop.aMinuteLater();
  tell('Compare: what the shop and the ledger have differently');
  const compared = await differences(shop, ownList(shop));
  for (const [orderId, kind] of Object.entries(compared)) if (kind === 'fulfilled_unpaid') shop.old.end(orderId);
  const afterSupport = await differences(shop, ownList(shop));
  const { mismatches } = await reconcile(on(), { eventStore: shop.eventStore, since });
  tell('Cut-over: the ledger delivers, the old handler answers 200 and does nothing');
  const cutOver = await runCutOver(shop);
  tell('The way back, and forward again');
  const wayBack = await goBackAndForth(shop);
  return { shadow, dryRun, backfill: real, compared, afterSupport, reconciled: mismatches.length, cutOver, wayBack };
}

/** Four that are right, two whose webhooks are lost, one unpaid, a debit that bounces, a refund that the old handler ignores. */
async function sellBefore({ sandbox, stripe, sell }: MigratingShop): Promise<readonly string[]> {
  const right = ['h1', 'h2', 'h3', 'h4'];
  const sessions = new Map<string, string>();
  for (const orderId of [...right, 'l1', 'l2', 'u1', 'd1', 'r1']) sessions.set(orderId, await sell(orderId));
  const session = (orderId: string) => sessions.get(orderId) ?? '';
  for (const orderId of [...right, 'r1']) sandbox.pay(session(orderId));
  for (const orderId of ['l1', 'l2']) sandbox.pay(session(orderId), { fate: 'lost' });
  sandbox.pay(session('d1'), { card: 'processing_fails' });
  await sandbox.deliverDue();
  await bounce({ sandbox, stripe }, session('d1'));
  sandbox.refund(session('r1'));
  await sandbox.deliverDue();
  return [...sessions.keys()];
}

async function bounce({ sandbox, stripe }: Pick<MigratingShop, 'sandbox' | 'stripe'>, sessionId: string): Promise<void> {
  const { payment_intent: intent } = await stripe.checkout.sessions.retrieve(sessionId);
  sandbox.settle(String(intent), 'failed');
}

/** One that is right, one whose webhooks are lost, one whose webhooks come five times, and a debit that bounces. */
async function runShadow(shop: MigratingShop): Promise<Played['shadow']> {
  const { sandbox, old } = shop;
  await shop.restart('shadow');
  sandbox.pay(await shop.sell('n1'));
  sandbox.pay(await shop.sell('n2'), { fate: 'lost' });
  sandbox.pay(await shop.sell('n3'), { fate: 'doubled' });
  const debit = await shop.sell('n4');
  sandbox.pay(debit, { card: 'processing_fails' });
  await sandbox.deliverDue();
  await bounce(shop, debit);
  await shop.aMinuteLater();
  const names = ['n1', 'n2', 'n3', 'n4'];
  const views = await Promise.all(names.map((orderId) => shop.ledger.order(orderId)));
  const { undelivered, shadowDiffers } = await shop.ledger.backlog();
  return {
    old: old.orders().flatMap(({ id, fulfilled }) => (fulfilled && names.includes(id) ? [id] : [])),
    ledger: views.flatMap((view) => (view?.membership === 'active' ? [view.orderId] : [])),
    undelivered,
    shadowDiffers,
    mails: old.mails(),
  };
}

async function runCutOver(shop: MigratingShop): Promise<Played['cutOver']> {
  const { sandbox } = shop;
  await shop.restart('cut over');
  await shop.ledger.settle(); // What differed is delivered: a welcome for l1, l2 and n2, and for nobody twice.
  shop.new.takeOver();
  sandbox.pay(await shop.sell('c1'), { fate: 'doubled' });
  const h1 = shop.old.orders().find(({ id }) => id === 'h1');
  sandbox.refund(h1?.sessionId ?? '');
  await shop.aMinuteLater();
  const memberships = shop.new.memberships();
  const rows = Object.entries(memberships).map(([order, status]) => ({ order, status }) as ShopMembership);
  return { mails: shop.new.mails(), memberships, compared: await differences(shop, rows) };
}

/** The old path sells one order, in shadow; then the ledger takes over again. */
async function goBackAndForth(shop: MigratingShop): Promise<Played['wayBack']> {
  await shop.restart('before');
  shop.sandbox.pay(await shop.sell('w1'));
  await shop.sandbox.deliverDue();
  await shop.restart('shadow');
  const unknown = (await shop.ledger.order('w1')) === undefined;
  const filled = await backfill({ ledger: shop.ledger, stripe: shop.stripe }, { since, orders: exported(shop, ['w1']) });
  await shop.restart('cut over');
  shop.new.takeOver();
  await shop.aMinuteLater();
  return { unknown, backfill: filled, memberships: shop.new.memberships() };
}

/** The shop's own books, as `backfill` takes them. */
function exported({ old }: MigratingShop, only: readonly string[]): readonly ShopOrder[] {
  return old
    .orders()
    .filter(({ id }) => only.includes(id))
    .map(({ id: orderId, userId: memberId, plan, amountMinor, currency, createdAt: placedAt, sessionId: paymentId, fulfilled }) => {
      return { orderId, memberId, plan, amountMinor, currency, placedAt, paymentId, fulfilled };
    });
}

/** The shop's own list, as `paidonce compare --shop` reads it: it knows no sequence, and no reason why somebody has no access. */
function ownList({ old }: MigratingShop): readonly ShopMembership[] {
  const row = ({ id: order, userId: member, fulfilled }: PurchaseOrder): ShopMembership => ({
    order,
    status: fulfilled ? 'active' : 'none',
    member,
  });
  return old.orders().map(row);
}

/** The kind of each difference, by order. */
async function differences({ ledgerPath }: MigratingShop, rows: readonly ShopMembership[]): Promise<Readonly<Record<string, string>>> {
  const reader = sqliteReader(ledgerPath);
  const found: Record<string, string> = {};
  await compareShop(reader, new Map(rows.map((row) => [row.order, row])), {}, ({ order, kind }) => {
    found[order] = kind;
  });
  await reader.close();
  return found;
}
