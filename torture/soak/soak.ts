// Minutes of mixed load on one process of the shop. A sample at each interval: its memory and event loop as it sees them itself,
// how long requests took, and how long a new order took to come to the lists of the console.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { startLoad } from '../shop/customers.ts';
import { brokenIn, verdictsOnceQuiet } from '../shop/quiet.ts';
import { openScene, operatorPassword, type Scene } from '../shop/scene.ts';
import { type Sample, type Third, thirdsOf } from './thirds.ts';

export interface SoakReport {
  readonly samples: number;
  readonly customers: number;
  readonly requests: number;
  readonly thirds: readonly Third[];
  /** A sentence for each law that is broken in the end. */
  readonly broken: readonly string[];
}

export interface SoakOptions {
  readonly minutes: number;
  readonly seed: number;
}

const intervalMs = 5_000;
/** Well below what a slow machine serves: what is measured is the shop, not its queue. */
const load = { atOnce: 5, pauseMs: 1_000 };

export async function soak({ minutes, seed }: SoakOptions): Promise<SoakReport> {
  const tookMs: number[] = [];
  let requests = 0;
  await using scene = await openScene({
    onAnswer: (answered) => {
      requests += 1;
      tookMs.push(answered.tookMs);
    },
    env: (dataDir) => ({ NODE_OPTIONS: `--import=${new URL('probe.ts', import.meta.url).href}`, TORTURE_PROBE: join(dataDir, 'probe') }),
  });
  await scene.start();
  const customers = startLoad(scene, { seed, ...load });
  const samples: Sample[] = [];
  const endMs = performance.now() + minutes * 60_000;
  while (performance.now() < endMs) {
    const nextMs = performance.now() + intervalMs;
    const lagMs = await lagOfLists(scene);
    await wait(Math.max(0, nextMs - performance.now()));
    samples.push({ ...lastProbe(join(scene.dataDir, 'probe')), lagMs, latencyMs: percentile95(tookMs.splice(0)) });
  }
  await customers.stop();
  const broken = brokenIn(await verdictsOnceQuiet(scene));
  return { samples: samples.length, customers: customers.served, requests, thirds: thirdsOf(samples), broken };
}

type Probe = Pick<Sample, 'reachableMb' | 'residentMb' | 'loopDelayMs'>;

/** The worst of the last interval. */
function lastProbe(file: string): Probe {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
  const last = lines.slice(-intervalMs / 1_000).map((line) => JSON.parse(line) as Probe);
  const worst = (measure: keyof Probe): number => Math.max(...last.map((probe) => probe[measure]));
  return { reachableMb: worst('reachableMb'), residentMb: worst('residentMb'), loopDelayMs: worst('loopDelayMs') };
}

function percentile95(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.95)] ?? 0;
}

/** From the answer to an order until the list of the console has it, which is read from the read models. */
async function lagOfLists({ url, stripe }: Scene): Promise<number> {
  const body = new URLSearchParams({ plan: 'year', memberId: 'lag', fate: 'delivered', afterwards: 'leaves' });
  const { headers } = await fetch(`${url}/orders`, { method: 'POST', body, redirect: 'manual' });
  const startedMs = performance.now();
  const { metadata } = await stripe.checkout.sessions.retrieve(/cs_test_\w+/.exec(headers.get('location') ?? '')?.[0] ?? 'none');
  const authorization = `Basic ${Buffer.from(`support-7:${operatorPassword}`).toString('base64')}`;
  for (;;) {
    const list = await fetch(`${url}/admin/payments/orders`, { headers: { authorization, accept: 'application/json' } });
    if ((await list.text()).includes(metadata?.['paidonce_order'] ?? 'none')) return performance.now() - startedMs;
    await wait(5);
  }
}
