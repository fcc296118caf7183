// Makes the table of orders and the verdicts, as lines of at most 100 columns.
import { styleText } from 'node:util';
import type { Source, StoredEvent } from '@paidonce/ledger';
import { decisionsOf, isPaid, isRefund, type OrderLog, observationsOf, ordersIn, statusAfter, type Verdict } from './laws.ts';
import type { Scenario } from './scenarios.ts';

const columns = [
  ['order', 5],
  ['what happened', 30],
  ['webhook', 11],
  ['poll', 11],
  ['status', 6],
  ['granted', 7],
  ['grants', 6],
  ['membership', 10],
] as const;

/** Returns a line for each order, from the log: what each source reported, which one granted, and the result. */
export function orderTable(scenarios: readonly Scenario[], log: readonly StoredEvent[]): readonly string[] {
  const orders = new Map(ordersIn(log).map((order) => [order.orderId, order]));
  const rows = scenarios.map(({ orderId, what }) => {
    const order = orders.get(orderId) ?? { orderId, events: [] };
    const decisions = decisionsOf(order);
    const grants = decisions.filter(({ type }) => type === 'MembershipGranted');
    return [
      orderId,
      what,
      seenBy('webhook', order),
      seenBy('poll', order),
      seenBy('status_query', order),
      grants.map(({ data }) => data.source.replace('_query', '')).join(',') || '-',
      String(grants.length),
      statusAfter(decisions.at(-1)?.type),
    ];
  });
  return [columns.map(([name]) => name), columns.map(([, width]) => '-'.repeat(width)), ...rows].map(line);
}

/** Returns which orders wait for a person, and why. */
export function reviewLine(log: readonly StoredEvent[]): string {
  const waiting = ordersIn(log).flatMap(({ orderId, events }) => {
    const kinds = events.flatMap((event) => (event.type === 'ReviewOpened' ? [event.data.kind] : []));
    return kinds.length === 0 ? [] : [`${orderId} (${[...new Set(kinds)].join(', ')})`];
  });
  return waiting.length === 0 ? 'No order waits for a person.' : `For a person to look at: ${waiting.join(', ')}`;
}

export function verdictLines(verdicts: readonly Verdict[]): readonly string[] {
  return verdicts.flatMap(({ law, checked, broken }) => {
    const mark = broken.length > 0 ? styleText('red', 'BROKEN') : checked === 0 ? styleText('red', 'UNSEEN') : styleText('green', 'holds ');
    return [`${mark}  ${law} (${checked} checked)`, ...broken.map((sentence) => `        ${sentence}`)];
  });
}

/** Returns how many payments one source reported as paid, and whether it reported a refund. */
function seenBy(source: Source, order: OrderLog): string {
  const observed = observationsOf(order).filter((each) => each.source === source);
  const paid = new Set(observed.filter(isPaid).map(({ payment }) => payment.id)).size;
  const words = [...(paid > 1 ? [`${paid} paid`] : paid === 1 ? ['paid'] : []), ...(observed.some(isRefund) ? ['back'] : [])];
  return words.join('+') || '-';
}

function line(cells: readonly string[]): string {
  return cells
    .map((cell, index) => cell.padEnd(columns[index]?.[1] ?? 0))
    .join('  ')
    .trimEnd();
}
