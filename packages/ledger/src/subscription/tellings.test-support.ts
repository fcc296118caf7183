// What sources tell in tests: one telling is what one event, read or look says, hence one append. Times are days since 2026-01-01.
import type { Source } from '../observation.ts';
import type { Random } from '../testing/simulation/random.ts';
import type { SubscriptionFact, SubscriptionStatement } from './observation.ts';

export interface Telling {
  readonly statements: readonly SubscriptionStatement[];
  readonly source: Source;
  /** Its time, where it is a look. */
  readonly look?: string;
}

const dayMs = 86_400_000;

/** @param day may have a fraction. */
export function onDay(day: number): string {
  return new Date(Date.UTC(2026, 0, 1) + Math.round(day * dayMs)).toISOString();
}

export function dayOf(time: string): number {
  return (Date.parse(time) - Date.UTC(2026, 0, 1)) / dayMs;
}

export function statement(fact: SubscriptionFact, day: number, more: Partial<SubscriptionStatement> = {}): SubscriptionStatement {
  return { fact, asOf: onDay(day), evidence: { objectId: 'id' in fact ? fact.id : 'sub_1' }, ...more };
}

export const sources: readonly Telling['source'][] = ['webhook', 'poll', 'status_query'];

/** In another order, some of them told again, some told together. */
export function shuffled(random: Random, tellings: readonly Telling[]): readonly Telling[] {
  const again = tellings.filter(() => random.chance(0.3)).map((telling) => ({ ...telling, source: random.pick(sources) }));
  const bag = [...tellings, ...again];
  for (let index = bag.length - 1; index > 0; index--) {
    const other = random.below(index + 1);
    [bag[index], bag[other]] = [bag[other]!, bag[index]!];
  }
  return batched(random, bag);
}

function batched(random: Random, bag: readonly Telling[]): readonly Telling[] {
  const batches: Telling[] = [];
  for (const telling of bag) {
    const last = batches.at(-1);
    // A look's time is its own: what is told together with it is told by it.
    if (last && last.look === undefined && telling.look === undefined && random.chance(0.3)) {
      batches[batches.length - 1] = { ...last, statements: [...last.statements, ...telling.statements] };
    } else batches.push(telling);
  }
  return batches;
}
