// Random choices that a seed repeats. Each scenario draws from its own source, so that `only` changes nothing in the
// others.
import { createHash } from 'node:crypto';

export interface Random {
  /** A whole number from 0 to `below - 1`. */
  below(below: number): number;
  pick<T>(from: readonly [T, ...T[]]): T;
}

export function randomOf(seed: number, name: string): Random {
  let drawn = 0;
  const below = (limit: number): number => {
    drawn += 1;
    return createHash('sha256').update(`${seed} ${name} ${drawn}`).digest().readUInt32BE() % limit;
  };
  return { below, pick: (from) => from[below(from.length)] ?? from[0] };
}
