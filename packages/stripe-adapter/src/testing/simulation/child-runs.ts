// Each mutant in a process of its own, as many at a time as the machine has cores, until the first seed that catches it.
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Mutant } from '@paidonce/ledger/simulation';
import type { SeedsReport } from './report.ts';

const main = fileURLToPath(new URL('main.ts', import.meta.url));

export interface MutantReport {
  readonly mutant: Mutant;
  /** Absent: it lived through all seeds, or could not be made. */
  readonly caught?: { readonly law: string; readonly seed: number };
  /** Why it could not be made from the source of today. */
  readonly unmade?: string;
}

export async function runMutants(mutants: readonly Mutant[], seedsAtMost: number): Promise<readonly MutantReport[]> {
  const reports: MutantReport[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let index = next++; index < mutants.length; index = next++) {
      const mutant = mutants[index];
      if (mutant) reports[index] = await runMutant(mutant, seedsAtMost);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
  return reports;
}

async function runMutant(mutant: Mutant, seedsAtMost: number): Promise<MutantReport> {
  try {
    const [caught] = (await runChild(['--mutant', mutant.name, '--seeds', String(seedsAtMost)])).failures;
    return { mutant, ...(caught ? { caught: { law: caught.law, seed: caught.seed } } : {}) };
  } catch (error) {
    return { mutant, unmade: error instanceof Error ? error.message : String(error) };
  }
}

function runChild(args: readonly string[]): Promise<SeedsReport> {
  const child = spawn(process.execPath, ['--conditions=@paidonce/source', main, ...args, '--json'], { stdio: ['ignore', 'pipe', 'pipe'] });
  return new Promise((resolve, reject) => {
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(Buffer.concat(out).toString()) as SeedsReport);
      else reject(new Error(`simulate --stripe ${args.join(' ')} ended with ${code}:\n${Buffer.concat(err)}`));
    });
  });
}
