// A process of `npm run bench -- peers`: it runs one side, and measures the slots that it is asked for. A process each, so that no
// side pays for another's garbage, and what a peer prints is not read as ours.
import type { Side } from '../side.ts';
import type { Answer, Checked, Measured, Slot } from '../slot.ts';
import { open } from './open.ts';

const mostAttempts = 30;
const acknowledged = new Set<number>();
const refused = new Set<number>();
let failedCalls = 0;
let firstError: string | undefined;

/** Tells it again where it fails, after a moment, as a provider does, as long as there is time. */
async function tell(side: Side, payment: number, hasTime: () => boolean): Promise<void> {
  for (let attempt = 1; attempt === 1 || (attempt <= mostAttempts && hasTime()); attempt++) {
    try {
      await side.paid(payment);
      acknowledged.add(payment);
      return;
    } catch (error) {
      failedCalls += 1;
      firstError ??= String(error instanceof Error ? error.message : error);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 2 ** Math.min(attempt, 6)));
    }
  }
  refused.add(payment);
}

/** @param payments in the order in which callers take them. Answers how many were begun. */
async function tellAll(side: Side, payments: readonly number[], callers: number, atMostMs: number): Promise<number> {
  const startedMs = performance.now();
  const hasTime = (): boolean => performance.now() - startedMs < atMostMs;
  let next = 0;
  const caller = async (): Promise<void> => {
    while (next < payments.length && hasTime()) await tell(side, payments[next++] as number, hasTime);
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return next;
}

async function measure(side: Side, { from, count, callers, atMostMs }: Slot): Promise<Measured> {
  const payments = Array.from({ length: count }, (_, index) => from + index);
  await side.prepare(payments);
  const twice = payments.flatMap((payment) => [payment, payment]);
  const startedMs = performance.now();
  const begun = await tellAll(side, twice, callers, atMostMs);
  const firstMs = performance.now() - startedMs;
  const known = payments.slice(0, Math.ceil(begun / 2));
  const againMs = performance.now();
  const told = await tellAll(side, known, callers, atMostMs);
  await side.settle?.();
  return { count: known.length, firstMs, again: told, againMs: performance.now() - againMs };
}

async function check(side: Side): Promise<Checked> {
  const times = await side.counted();
  const lost = [...acknowledged].filter((payment) => !times.has(payment)).length;
  const doubled = [...times.values()].filter((each) => each > 1).length;
  const error = firstError === undefined ? {} : { firstError };
  return {
    payments: acknowledged.size,
    lost,
    doubled,
    failedCalls,
    refused: [...refused].filter((payment) => !acknowledged.has(payment)).length,
    ...error,
  };
}

const [name = '', folder = '', url = ''] = process.argv.slice(2);
const opened = open[name]?.({ folder, url }) ?? Promise.reject(new Error(`There is no side "${name}"`));

function answer(work: Promise<Answer>): void {
  work.then(
    (answer) => process.send?.(answer),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.message : String(error) } satisfies Answer),
  );
}

process.on('message', (asked: Slot | 'check') =>
  answer(opened.then<Answer>((side) => (asked === 'check' ? check(side) : measure(side, asked)))),
);
process.on('disconnect', () => void opened.then((side) => side.close()).finally(() => process.exit()));
answer(opened.then(() => ({ ready: true })));
