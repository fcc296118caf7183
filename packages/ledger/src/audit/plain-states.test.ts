// A process that has many streams under way keeps their folded states as JSON (`streams/state-cache.ts`): so each must come back from
// it as it was, or a decision would rest on another state than was folded. Shown on every stream of the golden logs, event by event.
import { createReadStream, readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { openMemoryEventStore } from '../event-store/memory.ts';
import type { Aggregate, Typed } from '../streams/aggregate.ts';
import { ledgerAggregate } from '../streams/ledger-stream.ts';
import { orderAggregate } from '../streams/order-aggregate.ts';
import { policyAggregate } from '../streams/policy-stream.ts';
import { referenceAggregate } from '../streams/reference-streams.ts';
import { slotAggregate } from '../streams/run-slot.ts';
import { runAggregate } from '../streams/run-streams.ts';
import { holdersOf, memberSlotAggregate, type SlotState } from '../streams/slot-streams.ts';
import type { Revised } from '../streams/state-cache.ts';
import { subscriptionAggregate } from '../streams/subscription-aggregate.ts';
import { sweepAggregate } from '../streams/sweep-streams.ts';
import { unreadableAggregate } from '../streams/unreadable-streams.ts';
import { importNdjson } from './export/ndjson.ts';

// Without their types: the test takes any kind of stream, and gives each aggregate its own events alone.
const aggregates = [
  ...[ledgerAggregate, orderAggregate, policyAggregate, referenceAggregate, slotAggregate, runAggregate],
  ...[memberSlotAggregate, subscriptionAggregate, sweepAggregate, unreadableAggregate],
] as unknown as readonly Aggregate<Revised, Typed>[];

const folder = new URL('./golden/', import.meta.url);

test('the state of every stream comes back from JSON as it was', async () => {
  const met = new Set<Aggregate<Revised, Typed>>();
  for (const file of readdirSync(folder)) {
    const store = openMemoryEventStore();
    await importNdjson(createInterface({ input: createReadStream(new URL(file, folder)) }), store);
    const states = new Map<string, Revised>();
    for await (const { events } of store.readLog()) {
      for (const event of events) {
        const prefixed = aggregates.filter((each) => event.stream.startsWith(each.stream('')));
        const aggregate = prefixed.toSorted((a, b) => b.stream('').length - a.stream('').length)[0];
        if (!aggregate) throw new Error(`${event.stream} is of no kind that is known here`);
        met.add(aggregate);
        const before = states.get(event.stream) ?? aggregate.initial(event.stream.slice(aggregate.stream('').length));
        const state = aggregate.evolve(before, aggregate.read(event), 'instance');
        expect(JSON.parse(JSON.stringify(state)), event.stream).toEqual(state);
        states.set(event.stream, state);
      }
    }
  }
  expect(met.size).toBe(aggregates.length);
});

test.each(['constructor', '__proto__'])('a slot of the kind %s, which every object has something under, comes back as it was', (kind) => {
  const back = (slot: SlotState): SlotState => JSON.parse(JSON.stringify(slot)) as SlotState;
  const empty = back(memberSlotAggregate.initial('member-1'));
  expect(holdersOf(empty, kind)).toEqual([]);
  const taken = memberSlotAggregate.evolve(empty, { type: 'SlotTaken', data: { kind, subscriptionId: 'sub-1' } }, '');
  expect(holdersOf(back(taken), kind)).toEqual(['sub-1']);
});
