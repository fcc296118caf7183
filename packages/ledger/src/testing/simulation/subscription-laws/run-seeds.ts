// Plays a range of seeds of the proof, one after the other, in this process. What breaks a law is reported by its seed.
import { LedgerError } from '../../../errors.ts';
import { Broken, type Met } from '../../../subscription/checks.test-support.ts';
import { prove } from '../../../subscription/proof.test-support.ts';

export interface ProofFailure {
  readonly seed: number;
  readonly law: string;
  readonly message: string;
}

export interface ProofReport {
  readonly seeds: number;
  /** What was met, and how often. */
  readonly met: Readonly<Record<string, number>>;
  readonly failures: readonly ProofFailure[];
}

export async function runSeeds(
  firstSeed: number,
  count: number,
  { untilFailure = false }: { readonly untilFailure?: boolean } = {},
): Promise<ProofReport> {
  const met: Met = new Map();
  const failures: ProofFailure[] = [];
  let seeds = 0;
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    seeds += 1;
    const failure = await failureOf(seed, met);
    if (!failure) continue;
    failures.push(failure);
    if (untilFailure) break;
  }
  return { seeds, met: Object.fromEntries([...met].sort(([a], [b]) => (a < b ? -1 : 1))), failures };
}

async function failureOf(seed: number, met: Met): Promise<ProofFailure | undefined> {
  try {
    await prove(seed, met);
    return undefined;
  } catch (error) {
    if (error instanceof Broken) return { seed, law: error.law, message: error.message };
    // What `decide` makes, `evolve` checks again: a decision that it refuses breaks a law too.
    if (error instanceof LedgerError) return { seed, law: `refused as ${error.code}`, message: error.message };
    throw error;
  }
}
