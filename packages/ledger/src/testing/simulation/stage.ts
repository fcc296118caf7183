// Everything that takes part in one run: the world, the provider, the shop, the processes, the sources and people that call
// them, and the auditor.
import { createMemoryLog } from '../../event-store/memory.ts';
import { Acknowledgements } from './acknowledgements.ts';
import { Imports } from './imports.ts';
import { LogAuditor } from './log-auditor.ts';
import type { SimulationOptions } from './options.ts';
import { drawOrders, drawStory, type ShopOrder, type Story } from './payment-stories.ts';
import { People } from './people.ts';
import { Provider } from './provider.ts';
import { Shop } from './shop.ts';
import { SimulatedProcess } from './simulated-process.ts';
import type { HeadWaiters } from './simulated-store.ts';
import { Sources } from './sources.ts';
import { World } from './world.ts';

export interface Stage {
  readonly world: World;
  readonly provider: Provider;
  readonly shop: Shop;
  readonly auditor: LogAuditor;
  readonly acknowledgements: Acknowledgements;
  readonly processes: readonly SimulatedProcess[];
  readonly orders: readonly ShopOrder[];
  readonly stories: readonly Story[];
  readonly sources: Sources;
  readonly people: People;
  readonly imports: Imports;
  readonly headWaiters: HeadWaiters;
  /** Puts back what `putBack` of the options names. Written at `backedUpAtStep`; undefined: the run ended before. */
  backup: (() => void) | undefined;
}

export function setStage(options: SimulationOptions): Stage {
  const world = new World(options, createMemoryLog());
  const provider = new Provider();
  const shop: Shop = new Shop(world, () => auditor.log);
  const auditor: LogAuditor = new LogAuditor({
    world,
    provider,
    sequenceAtShop: (membershipId) => shop.sequenceOf(membershipId),
    onImported: (membershipId, row) => shop.keepImported(membershipId, row),
  });
  const acknowledgements = new Acknowledgements(world, auditor.log);
  const headWaiters: HeadWaiters = new Set();
  const processes = options.processes.map(
    (process) =>
      new SimulatedProcess({
        world,
        options: process,
        headWaiters,
        onAppended: (by) => auditor.readAppended(by),
        deliver: (by, change, signal) => shop.deliver(by, change, signal),
        onAbandoned: () => world.coverage.met('alert: abandoned'),
      }),
  );
  const orders = drawOrders(world);
  let payments = 0;
  const stories = orders.flatMap((order) =>
    Array.from({ length: world.random.between(1, options.paymentsPerOrder) }, () => drawStory(world, provider, orders, order, ++payments)),
  );
  const sources = new Sources({ world, provider, processes, acknowledgements, orders });
  const people = new People({ world, sources, auditor, acknowledgements, orders });
  const imports = new Imports({ world, sources, provider, shop, acknowledgements, people, stories });
  const backup = undefined;
  return { world, provider, shop, auditor, acknowledgements, processes, orders, stories, sources, people, imports, headWaiters, backup };
}
