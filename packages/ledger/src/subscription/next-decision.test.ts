// S4: which one decision follows where a subscription entitles to something else, and what it says.
import { describe, expect, test } from 'vitest';
import type { LedgerError } from '../errors.ts';
import { nextDecision } from './next-decision.ts';
import { allocation, day, dispute, lifecycle, line, month, paid, refund, Story } from './story.test-support.ts';

const member = (policy: ConstructorParameters<typeof Story>[0] = {}): Story =>
  Story.placed(policy).tell(5, month('in_1', 0), allocation('inpay_1', 'in_1', 'pi_1'), lifecycle('active'));
const canceledAhead = lifecycle('canceled', { endedAt: day(20) });

describe('what is granted', () => {
  test('rests on the time at which it was paid', () => expect(member().state.decided).toMatchObject({ invoice: 'in_1', paidAt: day(5) }));
  test('is nothing while it is disputed from the first', () => {
    const story = Story.placed().tell(0, month('in_1', 0), allocation('inpay_1', 'in_1', 'pi_1'), dispute('pi_1', 'open'));
    expect(story.row).toEqual([]);
    expect(story.tell(1, dispute('pi_1', 'won')).row).toEqual(['granted paid 33']);
  });
});

describe('what extends', () => {
  test('is an invoice that reaches further, and none that pays for the same days', () => {
    const story = Story.placed({ free: 'grant' }).tell(0, paid('in_1', [line(0, 30, { netMinor: 0 })]), lifecycle('active'));
    expect(story.row).toEqual(['granted free 33']);
    expect(story.tell(1, month('in_2', 0)).row).toEqual(['granted free 33']);
    expect(story.tell(30, month('in_3', 30)).row.slice(1)).toEqual(['extended paid 63']);
  });
  test('is the first that stands, after all that was paid is held', () => {
    const story = member().tell(6, dispute('pi_1', 'open'), lifecycle('paused'));
    expect(story.state).toMatchObject({ membership: 'suspended', decided: { cause: 'disputed' } });
    expect(story.state.decided).not.toHaveProperty('paidThrough');
    expect(story.tell(7, month('in_2', 30)).row.at(-1)).toMatch(/^extended /);
  });
  test('is none that is held as it comes', () => {
    const story = member().tell(6, dispute('pi_1', 'open'));
    story.tell(7, month('in_2', 30), allocation('inpay_2', 'in_2', 'pi_2'), dispute('pi_2', 'open'));
    expect(story.row.at(-1)).toBe('adjusted disputed 60');
  });
});

test('what is paid for less long is told, also where the member is let in until the same day', () => {
  const story = member()
    .tell(6, canceledAhead)
    .tell(7, month('in_2', 30), allocation('inpay_2', 'in_2', 'pi_2'));
  expect(story.row.slice(1)).toEqual(['adjusted paid 20', 'extended paid 20']);
  expect(story.tell(8, refund('pi_2')).row.slice(3)).toEqual(['adjusted paid 20']);
  expect(story.state.decided?.paidThrough).toBe(day(30));
});

describe('an end', () => {
  test('by running out is about no invoice; by money given back it is about that one', () => {
    expect(member().look(40, lifecycle('active')).state.decided).not.toHaveProperty('invoice');
    expect(member().tell(6, refund('pi_1')).state.decided).toMatchObject({ outcome: 'revoked', invoice: 'in_1', payment: { id: 'pi_1' } });
  });
  test('at the provider, while all that was paid is held, keeps the time at which that was paid', () => {
    const story = member()
      .tell(6, dispute('pi_1', 'open'))
      .tell(7, lifecycle('canceled', { endedAt: day(7) }));
    expect(story.row.at(-1)).toBe('ended canceled 7');
    expect(story.state.decided).toMatchObject({ paidAt: day(5), plan: 'silver' });
    expect(story.state.decided).not.toHaveProperty('invoice');
  });
});

test('a member who was revoked is suspended where only the dispute is left', () => {
  const story = member().tell(6, dispute('pi_1', 'open')).tell(7, refund('pi_1'));
  expect(story.row.at(-1)).toMatch(/^revoked /);
  expect(story.tell(8, refund('pi_1', 1_000, 'failed')).row.at(-1)).toBe('suspended disputed 30');
});

test('a shop that is ahead is told that a member is suspended', () => {
  const story = member().tell(6, dispute('pi_1', 'open')).run({ type: 'shop_ahead', sequence: 9 });
  expect(story.row.slice(1)).toEqual(['suspended disputed 30', 'suspended disputed 30']);
  expect(story.state.sequence).toBe(10);
});

test('nothing is decided of a subscription that is not placed: such a state is of no log', () => {
  const { state, access } = member();
  const { placed: _, ...unplaced } = state;
  expect(() => nextDecision({ ...unplaced, membership: 'none' }, access, 'webhook')).toThrow(
    expect.objectContaining<Partial<LedgerError>>({ code: 'corrupt' }),
  );
});
