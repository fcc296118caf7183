// The rows of every order that the simulation writes: crashes, lost replies, late, doubled and contradicting reports.
import { expect, test } from 'vitest';
import { openMemoryEventStore } from '../../event-store/memory.ts';
import { runs } from '../../testing/runs.ts';
import { simulate } from '../../testing/simulation/simulation.ts';
import { readerOf } from '../log/log-reader.ts';
import { explainOrder } from './explain.ts';
import { expectSoundRows } from './row-properties.test-support.ts';

test('each event of a simulated history is in exactly one row, in order, and nothing that matters is hidden', async () => {
  const met = new Set<string>();
  let events = 0;
  for (let seed = 1; seed <= runs(20).numRuns; seed++) {
    const logs: Parameters<NonNullable<Parameters<typeof simulate>[1]>>[0][] = [];
    await simulate(seed, (log) => logs.push(log));
    for (const log of logs) {
      const orders = [...log.streams.keys()].filter((stream) => stream.startsWith('order-')).map((stream) => stream.slice('order-'.length));
      const reader = readerOf(openMemoryEventStore({ log }));
      for (const orderId of orders) {
        const explanation = await explainOrder(reader, orderId);
        events += explanation?.entries.length ?? 0;
        for (const kind of expectSoundRows(explanation?.entries ?? [])) met.add(kind);
      }
      await reader.close();
    }
  }
  expect(events).toBeGreaterThan(500);
  // Otherwise the property proved little.
  expect([...met].sort()).toEqual(expect.arrayContaining(['attached', 'decided', 'observed', 'person', 'placed', 'review']));
});
