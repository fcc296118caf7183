// Plans everything that people, sources and the provider do in a run. The scheduler chooses when.
import type { SimulatedProcess } from './simulated-process.ts';
import type { Stage } from './stage.ts';

export function plan(stage: Stage): void {
  planOrders(stage);
  const { world, sources, stories, processes } = stage;
  const { random, options } = world;
  for (const story of stories) sources.play(story);
  for (let round = 0; round < options.polls; round++) {
    world.later(random.between(0, 30_000), 'time to poll', () => world.some('poll', async () => void (await sources.poll())));
  }
  somebody(stage, options.people);
  for (const process of processes) if (!process.background) cron(stage, process);
}

function planOrders({ world, people, imports, orders, stories }: Stage): void {
  const { random, options, coverage } = world;
  for (const order of orders) {
    if (order.imported) world.later(random.between(1, options.placedLateMs), 'the shop gets a ledger', () => imports.bring(order));
    else if (!order.placedLate) people.place(order, stories);
    else {
      coverage.met('order placed late');
      world.later(random.between(1, options.placedLateMs), 'the shop is late', () => people.place(order, stories));
    }
  }
  for (const { payment, attaches } of stories) {
    if (attaches === undefined || !random.chance(options.sources.misnamed)) continue;
    coverage.met('attach to another order');
    people.attach(random.pick(orders).orderId, payment, attaches);
  }
}

/** Lets people do their actions one after the other, while other things happen. */
function somebody(stage: Stage, more: number): void {
  if (more === 0) return;
  stage.world.some('somebody comes', () => {
    oneOfThem(stage);
    somebody(stage, more - 1);
  });
}

function oneOfThem({ world, sources, people, orders, provider }: Stage): void {
  const { random, options } = world;
  const does = {
    statusQuery: () => sources.statusQuery(),
    repair: () => sources.repair(),
    review: () => people.review(),
    redeliver: () => people.redeliver(random.pick(orders).orderId),
    look: () => people.look(),
    move: () => people.move(random.pick(provider.payments)),
    withdraw: () => people.withdraw(random.pick(orders).orderId),
    lookUp: () => people.lookUp(random.pick(provider.payments)),
  };
  const others = { statusQuery: 2, repair: 1, review: 4, redeliver: 0.5, look: 1, lookUp: 2 };
  does[random.weighted({ ...others, move: options.moves, withdraw: options.withdrawals })]();
}

/** Lets a short-lived host call `settle` from time to time. */
function cron(stage: Stage, process: SimulatedProcess): void {
  const { scheduler, network, random } = stage.world;
  scheduler.timer(network, random.between(1_000, 60_000), `cron of ${process.name}`, () => {
    if (stage.world.faultless) return;
    void process.call('settle', (ledger) => ledger.settle()).then(() => cron(stage, process));
  });
}
