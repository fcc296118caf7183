// Prints the table of a run: what each replica did between its start and its end, counted in the log and at the load balancer.
import type { StoredEvent } from '@paidonce/ledger';
import { decisionsOf, ordersIn } from '../demo/laws.ts';
import type { Life } from './replica.ts';
import type { ClusterResult } from './run.ts';

const columns = [
  ['replica', 16],
  ['requests', 8],
  ['webhooks', 8],
  ['grants decided', 14],
  ['deliveries', 10],
  ['sweeps', 6],
] as const;

export function replicaTable({ lives, log }: Pick<ClusterResult, 'lives' | 'log'>): readonly string[] {
  const lifeOf = new Map(log.flatMap((event) => bySession(lives, event)));
  const unknown: Life = { name: 'not known', requests: 0, webhooks: 0, sessions: new Set() };
  const did = (life: Life, type: string): number =>
    log.filter((event) => event.type === type && (lifeOf.get(event.metadata['instance'] ?? '') ?? unknown) === life).length;
  const rows = [...lives, unknown].map((life) => [
    life.name,
    life.requests,
    life.webhooks,
    did(life, 'MembershipGranted'),
    did(life, 'MembershipDelivered'),
    did(life, 'SweepFinished'),
  ]);
  const shown = rows.filter(([name, ...counts]) => name !== unknown.name || counts.some((count) => count !== 0));
  return [columns.map(([name]) => name), columns.map(([, width]) => '-'.repeat(width)), ...shown].map(line);
}

/** Finds the replica of a checkout: the log has the instance that attached it, and the load balancer knows the replica. */
function bySession(lives: readonly Life[], { type, data, metadata }: StoredEvent): readonly (readonly [string, Life])[] {
  if (type !== 'CheckoutAttached') return [];
  const { id } = (data as { payment: { id: string } }).payment;
  const life = lives.find(({ sessions }) => sessions.has(id));
  return life ? [[metadata['instance'] ?? '', life]] : [];
}

export function orderLine({ log, books }: Pick<ClusterResult, 'log' | 'books'>): string {
  const orders = ordersIn(log);
  const grants = orders.map((order) => decisionsOf(order).filter(({ type }) => type === 'MembershipGranted').length);
  const active = [...books.memberships.values()].filter(({ status }) => status === 'active').length;
  const takenOver = log.filter(({ type }) => type === 'DeliveryTakenOver').length;
  const twice = grants.filter((count) => count > 1).length;
  return `${orders.length} orders: ${books.paid.size} paid, ${active} active, granted twice: ${twice}. Deliveries taken over: ${takenOver}.`;
}

function line(cells: readonly (string | number)[]): string {
  return cells
    .map((cell, index) =>
      typeof cell === 'number' ? String(cell).padStart(columns[index]?.[1] ?? 0) : cell.padEnd(columns[index]?.[1] ?? 0),
    )
    .join('  ')
    .trimEnd();
}
