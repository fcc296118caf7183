// The benchmark `npm run bench -- growth`: what becomes slower as a shop grows, as ratios within one run. The work is done in slots on
// all logs in turn, so that other work on the machine affects them alike; the ratio is the median of the slots' ratios.
//   --events 1000000,5000000      logs of so many events, beside an empty one. Default: 100000,500000; 5 million take 6 GB of disk.
//   --active 1000,10000,100000    orders that are active at once, beside the first of these
//   --save                        writes benchmarks/results/growth.json
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { growthByActive } from './growth-active.ts';
import { growthByLength } from './growth-length.ts';
import type { GrowthOptions, Slot } from './growth-slots.ts';
import { median, numbersIn, rounded, saveResults, type Took } from './measures.ts';

export interface GrowthRow {
  readonly work: string;
  readonly size: number;
  /** Of a piece of work, in microseconds: the median of the slots. */
  readonly micros: number;
  readonly cpu: number;
  /** Of the time to that of the smallest size. */
  readonly ratio: number;
  readonly cpuRatio: number;
}

export async function growth(): Promise<void> {
  const { values } = parseArgs({
    args: process.argv.slice(3),
    options: {
      events: { type: 'string', default: '100000,500000' },
      active: { type: 'string', default: '1000,10000,100000' },
      save: { type: 'boolean', default: false },
    },
  });
  const [events, active] = [numbersIn('events', values.events, 20_000), numbersIn('active', values.active, 1_000)];
  const rows = await measureGrowth({ events, active, slots: 40, factsInSlot: 1_000 });
  if (values.save) saveResults('growth', rows);
}

/** Measures both kinds of growth, and prints the tables and the worst ratio of each. */
export async function measureGrowth(
  options: GrowthOptions,
): Promise<{ readonly length: readonly GrowthRow[]; readonly active: readonly GrowthRow[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'paidonce-bench-'));
  try {
    const active = rowsOf(await growthByActive(folder, options));
    console.log('Orders active at once: the time of a fact that confirms one of them.');
    console.table(active);
    const length = rowsOf(await growthByLength(folder, options));
    console.log('Events in the log: the time of a piece of work.');
    console.table(length);
    const worst = (rows: readonly GrowthRow[]): number => Math.max(...rows.map(({ ratio }) => ratio));
    console.log(JSON.stringify({ bench: 'growth', worstByLength: worst(length), worstByActive: worst(active) }));
    return { length, active };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function rowsOf(measured: ReadonlyMap<string, readonly Slot[]>): readonly GrowthRow[] {
  return [...measured].flatMap(([work, slots]) => {
    const sizes = [...(slots[0]?.keys() ?? [])];
    const medianOf = (of: (slot: Slot) => number): number => rounded(median(slots.map(of)));
    const took = (slot: Slot, size: number, what: keyof Took): number => slot.get(size)?.[what] ?? Number.NaN;
    const [least = 0] = sizes;
    return sizes.map((size) => ({
      work,
      size,
      micros: medianOf((slot) => took(slot, size, 'micros')),
      cpu: medianOf((slot) => took(slot, size, 'cpu')),
      ratio: medianOf((slot) => took(slot, size, 'micros') / took(slot, least, 'micros')),
      cpuRatio: medianOf((slot) => took(slot, size, 'cpu') / took(slot, least, 'cpu')),
    }));
  });
}
