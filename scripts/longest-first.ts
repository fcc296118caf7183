// The order of the test files: what takes minutes begins first, or it would run alone at the end while the other workers are idle.
// Vitest knows how long a file took only where it has run before, and a fresh clone has not.
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Parts of paths, what takes longest first. */
export const longest: readonly string[] = [
  'torture/hosts/',
  'testing/simulation/simulation.verify',
  'examples/club/club.verify',
  'torture/restore/',
  'torture/disk/',
  'ledger/src/move-payment',
  'examples/shop/shop.verify',
  'torture/stripe/',
  'subscription-simulation.verify',
  'subscription-laws/proof.verify',
  'admin/accessible',
];

function rank({ moduleId }: TestSpecification): number {
  const place = longest.findIndex((part) => moduleId.includes(part));
  return place < 0 ? longest.length : place;
}

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}
