// Kills the shop (SIGKILL) again and again under load, at moments that a seed draws. After each restart: every fact that was
// acknowledged is in the log, nothing is granted twice, `paidonce verify` finds nothing, and deliveries go on.
import { setTimeout as wait } from 'node:timers/promises';
import { Random } from '@paidonce/ledger/simulation';
import { audited } from '../../examples/cluster/run.ts';
import { checkLogAlone, decisionsOf, ordersIn } from '../../examples/demo/laws.ts';
import { startLoad } from '../shop/customers.ts';
import { brokenIn, verdictsOnceQuiet } from '../shop/quiet.ts';
import { openScene, type Scene } from '../shop/scene.ts';

export interface KillOptions {
  /** A URL, as LEDGER_URL. Default: SQLite. */
  readonly ledgerUrl?: string;
  readonly kills: number;
  readonly seed: number;
}

export interface KillReport {
  readonly kills: number;
  /** How many of them came while the shop was starting. */
  readonly duringStart: number;
  /** How many facts were acknowledged, all of which are in the log. */
  readonly acknowledged: number;
  /** Acknowledged requests, by their kind. */
  readonly requests: Readonly<Record<string, number>>;
  readonly orders: number;
  readonly events: number;
  /** How many orders each source granted. */
  readonly grantedBy: Readonly<Record<string, number>>;
  readonly takenOver: number;
  /** A sentence for each thing that was wrong. */
  readonly broken: readonly string[];
}

const atOnce = 4;
/** After one in so many kills the next one comes while the shop starts: its roll-forward and its catching up are under way then. */
const startsKilledOf = 4;
/** Once in so many lives the shop lives on until as many customers are served as come at once: on a busy machine, too, nobody waits for ever. */
const livesToServe = 10;
const longestStartMs = 1_500;
const longestLifeMs = 1_500;
/** Far longer than a busy machine needs. */
const deliveryWithinMs = 300_000;
/** With so many customers, each source has granted. */
const fewestCustomers = 40;

/** Kills the shop so many times. Ends earlier where something is wrong: the log is the evidence. */
export async function killUnderLoad({ ledgerUrl, kills, seed }: KillOptions): Promise<KillReport> {
  const random = new Random(seed);
  await using scene = await openScene(ledgerUrl === undefined ? {} : { ledgerUrl });
  await scene.shop.start();
  const load = startLoad(scene, { seed, atOnce });
  const broken: string[] = [];
  let killed = 0;
  let duringStart = 0;
  while (killed < kills && broken.length === 0) {
    const served = load.served;
    await wait(random.below(longestLifeMs));
    const life = killed - duringStart + 1;
    while (life % livesToServe === 0 && load.served < served + atOnce) await wait(20);
    await scene.shop.kill();
    killed += 1;
    if (killed < kills && killed % startsKilledOf === 2) {
      await killWhileStarting(scene, random.below(longestStartMs));
      killed += 1;
      duringStart += 1;
    }
    await scene.shop.start();
    broken.push(...(await wrongAfterRestart(scene)).map((what) => `after kill ${killed}: ${what}`));
  }
  if (broken.length === 0) {
    while (load.served < fewestCustomers) await wait(20);
    await load.stop();
    broken.push(...brokenIn(await verdictsOnceQuiet(scene)), ...(await missing(scene)));
  }
  return { kills: killed, duringStart, ...(await figuresOf(scene)), broken };
}

async function killWhileStarting({ shop }: Scene, afterMs: number): Promise<void> {
  const started = shop.start().catch(() => undefined); // It ended before it was ready.
  await wait(afterMs);
  await shop.kill();
  await started;
}

async function wrongAfterRestart(scene: Scene): Promise<readonly string[]> {
  const before = await scene.delivered();
  const lost = await missing(scene);
  const laws = checkLogAlone(ordersIn(await scene.log())).flatMap(({ broken }) => broken);
  const audit = (await audited(scene.ledgerUrl)).broken;
  return [...lost, ...laws, ...audit, ...(await stillness(scene, before))];
}

async function missing({ acknowledged, log }: Scene): Promise<readonly string[]> {
  return (await acknowledged.missingIn(log)).map((fact) => `acknowledged, and not in the log: ${fact}`);
}

async function stillness(scene: Scene, before: number): Promise<readonly string[]> {
  const deadlineMs = performance.now() + deliveryWithinMs;
  while ((await scene.delivered()) <= before) {
    if (performance.now() > deadlineMs) return [`nothing was delivered for ${deliveryWithinMs / 1_000} s`];
    await wait(20);
  }
  return [];
}

async function figuresOf({ acknowledged, log }: Scene): Promise<Omit<KillReport, 'kills' | 'duringStart' | 'broken'>> {
  const events = await log();
  const orders = ordersIn(events);
  const grants = orders.flatMap(decisionsOf).filter(({ type }) => type === 'MembershipGranted');
  const bySource = Map.groupBy(grants, ({ data }) => data.source);
  return {
    acknowledged: acknowledged.size,
    requests: acknowledged.requests,
    orders: orders.length,
    events: events.length,
    grantedBy: Object.fromEntries([...bySource].map(([source, all]) => [source, all.length])),
    takenOver: events.filter(({ type }) => type === 'DeliveryTakenOver').length,
  };
}
