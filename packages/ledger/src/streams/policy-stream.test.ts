import { describe, expect, test } from 'vitest';
import { createMemoryLog, openMemoryEventStore } from '../event-store/memory.ts';
import { type Faults, openFaultyStore, unknownOutcome } from '../faulty-store.test-support.ts';
import { instantRuntime } from '../instant-runtime.test-support.ts';
import { defaultPolicy } from '../order/policy.ts';
import { type SubscriptionPolicyOptions, withSubscriptionDefaults } from '../subscription/policy.ts';
import { policyAdoption, policyHash, subscriptionPolicyAdoption } from './policy-stream.ts';
import { openTransactions } from './transact.ts';

const strict = { ...defaultPolicy, partialRefund: 'revoke' } as const;

function open() {
  const log = createMemoryLog();
  const faults: Faults = {};
  const store = openFaultyStore(openMemoryEventStore({ log }), faults);
  let processes = 0;
  const adopt = (policy = defaultPolicy) =>
    policyAdoption(openTransactions({ store, runtime: instantRuntime(`p${++processes}`), instance: '' }), policy);
  const adoptPrices = (asked: SubscriptionPolicyOptions) =>
    subscriptionPolicyAdoption(
      openTransactions({ store, runtime: instantRuntime(`p${++processes}`), instance: '' }),
      withSubscriptionDefaults(asked),
    )();
  const adopted = async () => (await openMemoryEventStore({ log }).readStream('policy')).map(({ data }) => data);
  return { store, faults, adopt, adoptPrices, adopted };
}

describe('a policy', () => {
  test('is adopted before its name is told, and stands in the log as data', async () => {
    const { adopt, adopted } = open();
    expect(await adopt()()).toBe(policyHash(defaultPolicy));
    expect(await adopted()).toEqual([{ hash: policyHash(defaultPolicy), policy: defaultPolicy }]);
  });
  test('is adopted once, by however many processes and callers', async () => {
    const { adopt, adopted } = open();
    const [a, b] = [adopt(), adopt()];
    await Promise.all([a(), b(), a(), b(), adopt()()]);
    expect(await adopted()).toHaveLength(1);
  });
  test('asks the log once', async () => {
    const { adopt, store } = open();
    const hash = adopt();
    await hash();
    const { length } = store.calls;
    await hash();
    expect(store.calls.length).toBe(length);
  });
  test('that differs stands beside it, and neither is adopted again', async () => {
    const { adopt, adopted } = open();
    for (const policy of [defaultPolicy, strict, defaultPolicy, strict]) await adopt(policy)();
    expect((await adopted()).map((each) => 'policy' in each && each.policy)).toEqual([defaultPolicy, strict]);
  });
  test.each(['before', 'after'] as const)(
    'that could not be adopted is tried again by the next caller (the append failed %s it took effect)',
    async (when) => {
      const { adopt, adopted, faults } = open();
      const hash = adopt();
      faults[when] = ({ method }) => {
        if (method === 'append') throw unknownOutcome();
      };
      await expect(hash()).rejects.toMatchObject({ code: 'store_unavailable' });
      delete faults[when];
      expect(await hash()).toBe(policyHash(defaultPolicy));
      expect(await adopted()).toHaveLength(1);
    },
  );
  test('of a newer release, with a field that this one does not know, stops nobody', async () => {
    const { adopt, adopted, store } = open();
    const data = { hash: 'f'.repeat(64), policy: { ...defaultPolicy, trial: 'none' } };
    await store.append('policy', -1, [{ id: 'e1', type: 'PolicyAdopted', data, metadata: { version: '1' } }]);
    await adopt()();
    expect(await adopted()).toHaveLength(2);
  });
  test('that is damaged is corrupt', async () => {
    const { adopt, store } = open();
    await store.append('policy', -1, [{ id: 'e1', type: 'PolicyAdopted', data: { hash: 'short' }, metadata: { version: '1' } }]);
    await expect(adopt()()).rejects.toMatchObject({ code: 'corrupt' });
  });
});

describe('a policy of subscriptions, after another one in the log', () => {
  const sold = { silver: ['price_old', 'price_new'] };
  const kept = { silver: ['price_new'] };
  test('is refused without a price that a plan named', async () => {
    const { adoptPrices } = open();
    await adoptPrices({ plans: sold });
    await expect(adoptPrices({ plans: kept })).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringMatching(/price_old/),
    });
  });
  test('is refused without a price that was retired: who paid it for a year would be out at once', async () => {
    const { adoptPrices, adopted } = open();
    await adoptPrices({ plans: sold });
    await adoptPrices({ plans: kept, retired: ['price_old'] });
    await expect(adoptPrices({ plans: kept })).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringMatching(/price_old/),
    });
    expect(await adopted()).toHaveLength(2);
  });
});
