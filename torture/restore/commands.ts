// The commands that an operator types after a restore, each as a process of its own, with the settings of the shop.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { planNamed } from '../../examples/shop/plans.ts';
import { openBeside } from '../shop/beside.ts';
import type { Scene } from '../shop/scene.ts';

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

const programs = { paidonce: 'ledger/src/cli/main.ts', 'paidonce-stripe': 'stripe-adapter/src/cli/main.ts' } as const;

export async function run(scene: Scene, program: keyof typeof programs, ...args: readonly string[]): Promise<Ran> {
  const main = new URL(`../../packages/${programs[program]}`, import.meta.url).pathname;
  const child = spawn(process.execPath, ['--conditions=@paidonce/source', main, ...args, '--store', scene.ledgerUrl], {
    env: { PATH: process.env['PATH'] ?? '', ...scene.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code, out, err };
}

export interface ComparedOrders extends Ran {
  /** All that `paidonce compare` names: what the shop and the log have differently. */
  readonly differing: readonly string[];
  /** The orders among them that the shop gives access for, and the log has no payment for. */
  readonly unpaid: readonly string[];
}

export async function compare(scene: Scene, ...options: readonly string[]): Promise<ComparedOrders> {
  const file = join(scene.dataDir, 'shop.ndjson');
  const rows = query(
    scene,
    'SELECT membership_id AS "order", status, sequence, member_id AS member, plan FROM memberships JOIN paidonce_delivered ON key = membership_id',
  );
  writeFileSync(file, rows.length === 0 ? 'order,status\n' : rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const ran = await run(scene, 'paidonce', 'compare', '--shop', file, '--json', ...options);
  const lines = ran.out.trim().split('\n').slice(0, -1); // The last one is the sum.
  const differences = lines.map((line) => JSON.parse(line) as { readonly order: string; readonly kind: string });
  const unpaid = differences.filter(({ kind }) => kind === 'fulfilled_unpaid');
  return { ...ran, differing: differences.map(({ order }) => order), unpaid: unpaid.map(({ order }) => order) };
}

/** The payments that `paidonce-stripe reconcile` names, and their orders where the log has one: it and Stripe have them differently. */
export async function differingFromStripe(scene: Scene): Promise<readonly string[]> {
  const { out } = await run(scene, 'paidonce-stripe', 'reconcile', '--since', '1h', '--json');
  const { mismatches } = JSON.parse(out) as { mismatches: readonly { paymentId: string; orderId?: string }[] };
  return mismatches.flatMap(({ paymentId, orderId = paymentId }) => [paymentId, orderId]);
}

export interface BackfilledOrders extends Ran {
  /** The sessions at Stripe that it names as paid for an order that neither the log nor the shop has. */
  readonly notPlaced: readonly string[];
}

/** Places all orders of the shop again, and takes in their payments from Stripe. */
export async function backfill(scene: Scene): Promise<BackfilledOrders> {
  const sessions = new Map<string, string>();
  for await (const { id, metadata } of scene.stripe.checkout.sessions.list({ limit: 100 }))
    sessions.set(metadata?.['paidonce_order'] ?? '', id);
  const orders = query(scene, 'SELECT order_id AS orderId, member_id AS memberId, plan, placed_at AS placedAt FROM orders').map((row) => {
    const { amountMinor, currency } = planNamed(String(row['plan'])) ?? {};
    return { ...row, amountMinor, currency, paymentId: sessions.get(String(row['orderId'])), fulfilled: false };
  });
  const begun = orders.filter(({ paymentId }) => paymentId !== undefined); // The others were refused before they had a checkout.
  const file = join(scene.dataDir, 'orders.ndjson');
  writeFileSync(file, begun.map((order) => `${JSON.stringify(order)}\n`).join(''));
  const ran = await run(scene, 'paidonce-stripe', 'backfill', '--since', '1h', '--orders', file);
  const notPlaced = ran.out.matchAll(/^needs a person: (cs_\w+): it names an order that is not placed/gm);
  return { ...ran, notPlaced: [...notPlaced].map(([, sessionId = '']) => sessionId) };
}

/** Reads the shop's own database. */
export function query(scene: Scene, sql: string): readonly Readonly<Record<string, unknown>>[] {
  using database = openBeside(join(scene.dataDir, 'shop.db'));
  return database.prepare(sql).all();
}
