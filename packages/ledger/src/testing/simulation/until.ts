// Lets the simulated world run until something is reached. What is never reached breaks a law.
import type { Stage } from './stage.ts';

/** If the work has not ended after this number of steps, it never ends. */
const mostSteps = 40_000;

/** Runs until `reached` returns true, or a law is broken. */
export async function until({ world }: Stage, what: string, reached: () => boolean): Promise<void> {
  const { scheduler } = world;
  const limit = scheduler.steps + mostSteps;
  while (!world.violation && !reached()) {
    if (scheduler.steps < limit && (await scheduler.step())) continue;
    world.report('all that is begun ends', `not reached: ${what}`);
  }
}
