// When a time of Stripe's is in doubt: by the times before it and a clock that only runs forward.
import { LedgerError } from '@paidonce/ledger';
import { describe, expect, test } from 'vitest';
import { invoice, subscription } from '../billing-objects.test-support.ts';
import { toSubscriptionObservation } from '../mapping/to-subscription-observation.ts';
import { inDoubt, ProviderClock } from './provider-clock.ts';

const noon = Date.parse('2026-05-03T12:00:00Z');
const minute = 60_000;
const hour = 60 * minute;

/** A process, the clock of Stripe, and how far the answers are off it. */
function opened() {
  let [passedMs, off] = [0, 0];
  const asked: string[] = [];
  const clock = new ProviderClock({ monotonicNowMs: () => passedMs });
  const time = (ms = 0) => new Date(noon + passedMs + off + ms).toISOString();
  const ask = async () => {
    asked.push(time());
    return time();
  };
  return {
    asked,
    pass: (ms: number) => {
      passedMs += ms;
    },
    setOff: (ms: number) => {
      off = ms;
    },
    read: (aheadMs = 0) => clock.isDoubtful(time(aheadMs), 'read', ask),
    event: (aheadMs = 0) => clock.isDoubtful(time(aheadMs), 'event', ask),
    clock,
  };
}

describe('the clock of Stripe', () => {
  test('is asked twice by a process that has seen none, and then no more', async () => {
    const process = opened();
    expect(await Promise.all([process.event(), process.event()])).toEqual([false, false]);
    expect(process.asked).toHaveLength(2);
    process.pass(40 * 24 * hour);
    expect(await process.read()).toBe(false);
    expect(process.asked).toHaveLength(2);
  });

  test('is believed up to ten minutes ahead, and not beyond', async () => {
    const process = opened();
    await process.read();
    expect(await process.event(10 * minute + 1_000)).toBe(true);
    expect(await process.event(10 * minute)).toBe(false);
  });

  test('is believed for what is old, however old', async () => {
    const process = opened();
    expect(await process.event(-3 * 24 * hour)).toBe(false);
    expect(await process.read()).toBe(false);
  });

  test('that jumps ahead once is in doubt, and is believed again where it was', async () => {
    const process = opened();
    await process.read();
    process.setOff(5 * 24 * hour);
    expect(await process.read()).toBe(true);
    process.setOff(0);
    expect(await process.read()).toBe(false);
    process.pass(hour);
    process.setOff(5 * 24 * hour);
    expect(await process.read()).toBe(true); // The hour between was no agreement.
  });

  test('by which a machine has slept is believed once its reads have said the same for a quarter of an hour', async () => {
    const process = opened();
    await process.read();
    process.setOff(8 * hour);
    expect(await process.read()).toBe(true);
    process.pass(14 * minute);
    expect(await process.read()).toBe(true);
    process.pass(minute);
    expect(await process.event()).toBe(true); // An event is no read.
    expect(await process.read()).toBe(false);
    expect(await process.event()).toBe(false);
  });

  test('whose two first answers disagree is in doubt, and is asked again', async () => {
    const process = opened();
    const answers = [noon + 9 * 24 * hour, noon, noon, noon];
    const ask = async () => new Date(answers.shift() ?? noon).toISOString();
    expect(await process.clock.isDoubtful(new Date(noon).toISOString(), 'read', ask)).toBe(true);
    expect(await process.clock.isDoubtful(new Date(noon).toISOString(), 'read', ask)).toBe(false);
    expect(answers).toEqual([]);
  });

  test('that answers without a date is in doubt', async () => {
    const { clock, read } = opened();
    expect(await clock.isDoubtful(new Date(noon).toISOString(), 'event', async () => undefined)).toBe(true);
    expect(await read()).toBe(false);
  });

  test('that cannot be asked leaves the question open', async () => {
    const process = opened();
    const ask = () => Promise.reject(new LedgerError('provider_unavailable', 'nobody answers'));
    await expect(process.clock.isDoubtful(new Date(noon).toISOString(), 'event', ask)).rejects.toMatchObject({
      code: 'provider_unavailable',
    });
    expect(await process.event()).toBe(false);
  });
});

describe('what is told while its time is in doubt', () => {
  const statementsOf = (object: unknown) =>
    toSubscriptionObservation(object, { account: 'acct_1', asOf: '2031-05-03T12:00:00.000Z' }, 'paidonce').statements;

  test('counts, and its time moves nothing', () => {
    expect(inDoubt(statementsOf(invoice()))).toEqual(statementsOf(invoice()).map((statement) => ({ ...statement, doubtful: true })));
  });

  test('is no state of the subscription: the source comes again', () => {
    expect(() => inDoubt(statementsOf(subscription({ latest_invoice: invoice() })))).toThrow(
      expect.objectContaining({ code: 'provider_unavailable', message: expect.stringContaining('sub_1 is told as of 2031-05-03') }),
    );
  });
});
