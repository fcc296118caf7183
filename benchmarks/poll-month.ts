// What the poll costs in a month, by the real schedule on a virtual clock: accounts at rest, and shops that sell. Stripe grants
// 500 reads for each payment, at least 10,000, on a platform for all accounts together.
import { type PollMonthOptions, simulatePollMonth } from '@paidonce/stripe-adapter/poll-month';

const resting = { payments: 0, unpaidOrders: 0, looks: 0 } as const;
const selling = { unpaidOrders: 1, looks: 3 } as const;
const hourMs = 3_600_000;

const shops: readonly (readonly [name: string, options: PollMonthOptions])[] = [
  ['1 at rest', { accounts: 1, ...resting }],
  ['10 at rest', { accounts: 10, ...resting }],
  ['100 at rest', { accounts: 100, ...resting }],
  ['1,000 at rest', { accounts: 1_000, ...resting, passEveryMs: hourMs }],
  ['1 with 10 payments', { accounts: 1, payments: 10, ...selling }],
  ['1 with 3,000 payments', { accounts: 1, payments: 3_000, ...selling }],
  ['1 with 100,000 payments', { accounts: 1, payments: 100_000, ...selling }],
  ['10 with 30 payments each', { accounts: 10, payments: 30, ...selling }],
];

export interface MonthRow {
  readonly accounts: string;
  readonly events: number;
  readonly objects: number;
  readonly money: number;
  readonly looks: number;
  readonly all: number;
  /** The default of `poll.readsPer30Days`. */
  readonly budget: number;
  readonly granted: number;
}

export function simulatedMonths(): readonly MonthRow[] {
  const rows = shops.map(([accounts, options]): MonthRow => {
    const { reads, allowance: budget, granted } = simulatePollMonth(options);
    const all = Object.values(reads).reduce((sum, count) => sum + count);
    return { accounts, ...reads, all, budget, granted };
  });
  for (const { accounts, all, granted } of rows)
    if (all > granted) throw new Error(`${accounts}: ${all} reads in a month, and Stripe grants ${granted}`);
  console.table(rows);
  return rows;
}
