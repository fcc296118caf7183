// Waits until nothing is under way any more, and judges the whole run by the log, by what Stripe has, and by the shop's table.
import { setTimeout as wait } from 'node:timers/promises';
import { audited } from '../../examples/cluster/run.ts';
import { checkLaws, type Verdict } from '../../examples/demo/laws.ts';
import type { Scene } from './scene.ts';

/** Longer than the half minute after which the delivery of a dead process is taken over, and than the longest pause of a webhook. */
const patienceMs = 300_000;

/**
 * Waits until all laws hold: until then, payments are on their way to the log, and decisions to the shop. What still does not hold
 * after five minutes never will, and the verdicts say what it is.
 * @param but laws that are not asked for.
 */
export async function verdictsOnceQuiet(
  scene: Scene,
  { but = [] }: { readonly but?: readonly string[] } = {},
): Promise<readonly Verdict[]> {
  const deadlineMs = performance.now() + patienceMs;
  await untilLawsHold(scene, but, deadlineMs);
  await scene.sandbox.advance(60_000); // The late webhooks arrive, after everything is decided.
  return [...(await untilLawsHold(scene, but, deadlineMs)), await audited(scene.ledgerUrl)];
}

async function untilLawsHold(scene: Scene, but: readonly string[], deadlineMs: number): Promise<readonly Verdict[]> {
  for (;;) {
    const verdicts = checkLaws(await scene.log(), await scene.books()).filter(({ law }) => !but.includes(law));
    if (brokenIn(verdicts).length === 0 || performance.now() > deadlineMs) return verdicts;
    await wait(500);
  }
}

/** Returns a sentence for each case that breaks a law, and for each law that nothing has tested. */
export function brokenIn(verdicts: readonly Verdict[]): readonly string[] {
  return verdicts.flatMap(({ law, checked, broken }) => (checked === 0 ? [`untested: ${law}`] : broken));
}
