// The end of a roll-out: each process of an older release must say what it cannot read, and then becomes a newer one. What it
// has passed must be whole afterwards, which the audits of the end check.
import type { Incarnation } from './incarnation.ts';
import type { Answer, SimulatedProcess } from './simulated-process.ts';
import type { Stage } from './stage.ts';
import { until } from './until.ts';

const law = 'an older release says what it cannot read';

export async function upgrade(stage: Stage): Promise<void> {
  const { world, processes } = stage;
  for (const process of processes) {
    const by = process.incarnation;
    if (by?.release !== 'older' || world.violation) continue;
    await saysSo(stage, process, by);
    process.upgrade();
    let stopped = false;
    void process.stop().then(() => {
      stopped = true;
    });
    await until(stage, `${process.name} stops for its upgrade`, () => stopped);
    if (!process.runs) process.start();
  }
}

/** Nothing fails any more, so one `settle` reads everything. With files of its own nobody else reads for it. */
async function saysSo(stage: Stage, process: SimulatedProcess, by: Incarnation): Promise<void> {
  const { world } = stage;
  let answer: Answer<unknown> | undefined;
  void process
    .call('settle before its upgrade', (ledger) => ledger.settle())
    .then((given) => {
      answer = given;
    });
  await until(stage, `${process.name} settles or says why not`, () => answer !== undefined);
  const isRefused = answer !== undefined && answer !== 'no answer' && 'refused' in answer && answer.refused === 'file_newer';
  const isAlerted = by.alerted.has('roll_forward_failed');
  if (isRefused || isAlerted) world.coverage.met('an older release said so');
  if (by.options.readModels === 'shared' || world.violation) return;
  const [orders] = world.newerEvents.streams(['order-']);
  const [references] = world.newerEvents.streams(['reference-']);
  if (orders !== undefined && !isRefused) world.report(law, `${process.name} settles, and cannot read ${orders}`);
  else if (references !== undefined && !isRefused && !isAlerted)
    world.report(law, `${process.name} passes ${references}, and alerts nobody`);
}
