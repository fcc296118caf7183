// Checks liveness: after the faults have stopped, all work ends, the final state is right, the shop and every read model have
// it, and a process that is disposed does nothing more.

import { compareAndRepair } from './compare-and-repair.ts';
import { auditFinalState, auditHeld, auditMoved, undelivered } from './final-audit.ts';
import { auditRows } from './replayed-rows.ts';
import type { Answer } from './simulated-process.ts';
import { slowestMs } from './simulated-store.ts';
import { hasValue } from './sources.ts';
import type { Stage } from './stage.ts';
import { until } from './until.ts';
import { upgrade } from './upgrade.ts';

const hourMs = 3_600_000;
/** Longer than any delivery takes: the longest wait after a failure, the time before a take-over, and a reserve. */
const longestDeliveryMs = 3 * hourMs;

export async function converge(stage: Stage): Promise<void> {
  const { world, sources } = stage;
  await until(stage, 'who is stopping stops', () => world.stopping.size === 0);
  // What failed slowly fails now: a call, and then its late effect.
  if (world.options.store.slow > 0) await pass(stage, 2 * slowestMs, () => true);
  await upgrade(stage);
  await until(stage, 'sources and people come to their end', () => world.tasks === 0);
  // First without new observations: what was acknowledged must not need to be reported again.
  await settled(stage);
  check(stage, () => auditHeld(stage));
  check(stage, () => auditMoved(stage));
  await putBack(stage);
  world.some('last poll', async () => {
    while (!world.violation && (await sources.poll()) !== 'finished');
  });
  await until(stage, 'the last poll ends', () => world.tasks === 0);
  if (stage.backup) await repair(stage);
  await settled(stage);
  check(stage, () => auditHeld(stage));
  check(stage, () => auditMoved(stage));
  check(stage, () => auditFinalState(stage));
  await readModels(stage);
}

function check({ world }: Stage, audit: () => void): void {
  if (!world.violation) audit();
}

/** Puts the log or the shop's table back, as an operator does, and says again what only the shop and its people know. */
async function putBack(stage: Stage): Promise<void> {
  const { world, orders, stories, people, imports, sources } = stage;
  if (world.violation || !stage.backup) return;
  stage.backup();
  if (world.options.putBack === 'shop') {
    world.coverage.met('shop put back');
    return;
  }
  await putBackLog(stage);
  for (const order of orders) {
    if (order.imported) imports.bring(order);
    else people.place(order, stories);
  }
  sources.enterTransfersAgain();
  await until(stage, 'orders are placed again', () => world.tasks === 0);
}

/** The event of each process is gone, so each refuses; then each is started again. */
async function putBackLog(stage: Stage): Promise<void> {
  const { world, processes, auditor, acknowledgements, headWaiters } = stage;
  const before = auditor.events;
  world.coverage.met('log put back');
  auditor.putBack();
  acknowledgements.putBack();
  const lost = before - world.log.rows.length;
  const woken = [...headWaiters];
  headWaiters.clear();
  for (const wake of woken) wake();
  for (const process of processes) {
    if (lost === 0) break;
    let answer: Answer<unknown> | undefined;
    void process
      .call('order', (ledger) => ledger.order('any'))
      .then((given) => {
        answer = given;
      });
    await until(stage, `${process.name} answers`, () => answer !== undefined);
    if (answer === undefined || answer === 'no answer') continue;
    if ('refused' in answer && answer.refused === 'log_went_back') world.coverage.met('refused: the log went back');
    else world.report('a log that went back is refused', `${process.name} answers, though ${lost} events are gone`);
  }
  for (const process of processes) process.crash();
  world.readModels.replace();
  for (const process of processes) process.start();
}

/** Compares the shop with the log, and asks for the delivery of what differs, as `paidonce compare --repair`. */
async function repair(stage: Stage): Promise<void> {
  const { world, auditor } = stage;
  for (let round = 0; round < 3 && !world.violation; round += 1) {
    const due = (): boolean => [...auditor.log.orders.values()].every(({ decisions, settled }) => decisions.length === settled);
    for (let waited = 0; waited < longestDeliveryMs && !world.violation; waited += 60_000) {
      await settleAll(stage);
      if (due()) break;
      await pass(stage, 60_000);
    }
    if (!world.violation) await compareAndRepair(stage);
  }
}

/** Waits until the newest decision of every order is at the shop. */
async function settled(stage: Stage): Promise<void> {
  const { world, auditor, people } = stage;
  const limitMs = world.scheduler.nowMs + longestDeliveryMs;
  for (;;) {
    await settleAll(stage);
    if (world.violation) return;
    for (const { orderId, abandoned } of auditor.log.orders.values()) if (abandoned) people.redeliver(orderId);
    const left = undelivered(stage);
    if (left.length === 0) return;
    if (world.scheduler.nowMs > limitMs) world.report('the newest decision is delivered', left.join('; '));
    await pass(stage, 60_000);
  }
}

async function settleAll(stage: Stage): Promise<void> {
  const { world, processes } = stage;
  let left = processes.length;
  for (const process of processes) {
    void process
      .call('settle', (ledger) => ledger.settle())
      .then((answer) => {
        if (!hasValue(answer)) world.report('settle ends', `${process.name} does not settle, though nothing fails`);
        left -= 1;
      });
  }
  await until(stage, 'all have settled', () => left === 0 && world.scheduler.waiting('call') === 0);
}

/** @param reached what must be reached too. Default: people and sources have nothing to do. */
async function pass(stage: Stage, ms: number, reached: () => boolean = () => stage.world.tasks === 0): Promise<void> {
  const { scheduler, network } = stage.world;
  let passed = false;
  scheduler.timer(network, ms, 'time passes', () => {
    passed = true;
  });
  await until(stage, 'time passes', () => passed && reached());
}

/** Checks that the read models of each process agree with the log. */
async function readModels(stage: Stage): Promise<void> {
  const { world, processes, orders, auditor } = stage;
  let left = 0;
  for (const process of processes) {
    for (const memberId of new Set(orders.map((order) => order.memberId))) {
      left += 1;
      void process.call(`memberships ${memberId}`, async (ledger) => {
        const { items } = await ledger.memberships(memberId);
        const found = items.map(({ membershipId, status }) => `${membershipId} ${status}`).join();
        const expected = [...auditor.log.orders.values()]
          .filter(({ placed, status }) => placed?.memberId === memberId && status !== 'none')
          .map(({ orderId, status }) => `${orderId} ${status}`)
          .sort()
          .join();
        if (found !== expected)
          world.report('read models follow the log', `${process.name}: ${memberId} has ${found}, the log says ${expected}`);
        left -= 1;
      });
    }
  }
  await until(stage, 'read models are read', () => left === 0);
  await auditRows(stage);
}

/** Disposes all processes, and checks that they append nothing afterwards and have no open work. */
export async function dispose(stage: Stage): Promise<void> {
  const { world, processes } = stage;
  let left = processes.length;
  for (const process of processes) void process.stop().then(() => (left -= 1));
  await until(stage, 'all are disposed', () => left === 0);
  const events = world.log.rows.length;
  while (!world.violation && (await world.scheduler.step()));
  if (world.log.rows.length > events) world.report('disposed means done', 'events were appended after it');
}
