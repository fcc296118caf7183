// The benchmark `npm run bench -- growth [length|active]`: what becomes slower as a shop grows, as ratios within one run. The work is
// done in slots on all logs in turn, so that other work on the machine affects them alike; a ratio is the median of the slots' ratios.
//   length: work on logs of so many events, beside an empty one
//     --events 1000000,5000000    default 100000,500000; 5 million take ten minutes to make, and 6 GB of disk
//   active: confirmations while so many orders are active at once, beside the first of these
//     --active 1000,10000,100000  the default
//   --save                        writes benchmarks/results/growth-length.json and growth-active.json
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { saveResults } from '../scripts/save-results.ts';
import { growthByActive } from './growth-active.ts';
import { growthByLength } from './growth-length.ts';
import type { GrowthOptions, Slot } from './growth-slots.ts';
import { median, numbersIn, rounded, type Took } from './measures.ts';

export interface GrowthRow {
  readonly work: string;
  readonly size: number;
  /** What a piece of work takes, in microseconds: the median of the slots. */
  readonly micros: number;
  readonly cpu: number;
  /** Divides the time by that of the smallest size. */
  readonly ratio: number;
  readonly cpuRatio: number;
}

export type GrowthPart = 'active' | 'length';

interface Part {
  readonly measure: (folder: string, options: GrowthOptions) => Promise<ReadonlyMap<string, readonly Slot[]>>;
  /** Stands over the table. */
  readonly title: string;
}

const parts: Readonly<Record<GrowthPart, Part>> = {
  active: { measure: growthByActive, title: 'Orders active at once: the time of a fact that confirms one of them.' },
  length: { measure: growthByLength, title: 'Events in the log: the time of a piece of work.' },
};

export async function growth(): Promise<void> {
  const { values, positionals } = parseArgs({
    args: process.argv.slice(3),
    allowPositionals: true,
    options: {
      events: { type: 'string', default: '100000,500000' },
      active: { type: 'string', default: '1000,10000,100000' },
      save: { type: 'boolean', default: false },
    },
  });
  const [events, active] = [numbersIn('events', values.events, 20_000), numbersIn('active', values.active, 1_000)];
  const asked = Object.keys(parts).filter((part) => positionals.length === 0 || positionals.includes(part)) as GrowthPart[];
  if (positionals.length > asked.length) throw new Error(`There are: ${Object.keys(parts).join(', ')}`);
  for (const part of asked) {
    const rows = await measureGrowth(part, { events, active, slots: 24, factsInSlot: 1_000 });
    if (values.save) saveResults('benchmarks', `growth-${part}`, { rows });
  }
}

/** Measures one kind of growth, and prints its table and its worst ratio. */
export async function measureGrowth(part: GrowthPart, options: GrowthOptions): Promise<readonly GrowthRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'paidonce-bench-'));
  try {
    const { measure, title } = parts[part];
    const rows = rowsOf(await measure(folder, options));
    console.log(title);
    console.table(rows);
    console.log(JSON.stringify({ bench: `growth ${part}`, worst: Math.max(...rows.map(({ ratio }) => ratio)) }));
    return rows;
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
