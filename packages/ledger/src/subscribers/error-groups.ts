// Of the groups of failed deliveries a console gets the most frequent by name, and the rest as one.

import { defined } from '../defined.ts';
import type { UndeliveredGroup } from '../undelivered-group.ts';

/** The groups of errors that are listed by name. */
export const mostGroups = 20;
/** Names all others together. */
export const otherErrors = 'other';

/** @param groups most frequent first. */
export function shownGroups(groups: readonly UndeliveredGroup[]): readonly UndeliveredGroup[] {
  const [named, others] = [groups.slice(0, mostGroups), groups.slice(mostGroups)];
  if (others.length === 0) return named;
  const earliest = (times: readonly (string | undefined)[]): string | undefined => times.filter((time) => time !== undefined).sort()[0];
  const nextTryAt = earliest(others.map((group) => group.nextTryAt));
  const count = others.reduce((sum, group) => sum + group.count, 0);
  const firstAt = earliest(others.map((group) => group.firstAt)) ?? '';
  return [...named, { error: otherErrors, count, firstAt, ...defined({ nextTryAt }) }];
}
