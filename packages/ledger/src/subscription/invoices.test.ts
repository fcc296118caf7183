// What each invoice pays for, whether it stands, and what money that went back leaves of it.
import { describe, expect, test } from 'vitest';
import { type InvoiceKind, type JudgedInvoice, judgeInvoices, planOf, type Rulings, type Standing } from './invoices.ts';
import type { PaidInvoice, SubscriptionFact } from './observation.ts';
import {
  allocation,
  creditNote,
  day,
  dispute,
  lifecycle,
  line,
  month,
  paid,
  placed1,
  policy1,
  refund,
  Story,
} from './story.test-support.ts';

/** The invoice as it is judged, where a person has ruled so. */
function judged({ state, policy }: Story, id: string, rulings: Rulings = {}): JudgedInvoice | undefined {
  return judgeInvoices({ ...state, placed: placed1, rulings }, policy).find((invoice) => invoice.id === id);
}
const trialUntil = (days: number): SubscriptionFact => lifecycle('trialing', { trialEnd: day(days) });
/** An invoice of one line that costs nothing. */
const free = (id: string, from: number, to: number): PaidInvoice => paid(id, [line(from, to, { netMinor: 0 })]);
const odd = { price: 'price_odd' };

describe('S10: what an invoice is', () => {
  const creditAlone = paid('in_1', [line(10, 30, { role: 'credit' })]);
  test.each<[string, readonly SubscriptionFact[], InvoiceKind]>([
    ['money, where one of its lines costs something', [paid('in_1', [line(0, 30, { netMinor: 0 }), line(0, 30, { id: 'z' })])], 'money'],
    ['nothing, where no line of it is of a plan', [month('in_1', 0, { lines: [line(0, 30, odd)] })], 'nothing'],
    ['nothing, where it credits alone', [creditAlone], 'nothing'],
    ['a trial, where it begins before the trial ends', [free('in_1', 0, 14), trialUntil(14)], 'trial'],
    [
      'a trial, where the first of its lines does, whichever has the first id',
      [paid('in_1', [line(14, 30, { id: 'a', netMinor: 0 }), line(0, 14, { id: 'b', netMinor: 0 })]), trialUntil(14)],
      'trial',
    ],
    ['a trial, where another part of it began before', [free('in_1', 7, 14), free('in_2', 0, 7), trialUntil(14)], 'trial'],
    ['free, where it begins as the trial ends', [free('in_1', 14, 30), trialUntil(14)], 'free'],
    ['a trial, where what costs money begins with it', [free('in_1', 0, 14), month('in_2', 0), trialUntil(14)], 'trial'],
    ['free, where what costs money began before', [free('in_1', 10, 14), month('in_2', 9), trialUntil(14)], 'free'],
    [
      'free, where any that costs money began before, whichever has the first id',
      [free('in_1', 10, 14), month('in_2', 14), month('in_3', 9), trialUntil(14)],
      'free',
    ],
  ])('%s', (_, facts, kind) => {
    expect(judged(Story.placed().tell(0, ...facts), 'in_1')?.kind).toBe(kind);
  });
  test('a trial is paid for from its beginning on, and everything else from its payment on', () => {
    const since = (...facts: readonly SubscriptionFact[]) => judged(Story.placed().tell(2, ...facts), 'in_1')?.since;
    expect(since(free('in_1', 0, 14), trialUntil(14))).toBe(day(0));
    expect(since(free('in_1', 0, 14))).toBe(day(2));
    expect(since(month('in_1', 0), trialUntil(14))).toBe(day(2));
  });
});

describe('whether an invoice stands', () => {
  const standing = (story: Story, rulings: Rulings = {}): Standing | undefined => judged(story, 'in_1', rulings)?.standing;
  const [accepted, rejected]: Rulings[] = [{ in_1: 'accepted' }, { in_1: 'rejected' }];
  const creditOfUnpaid = (totalMinor: number): Story => {
    const lines = [line(0, 30), line(0, 30, { ...odd, role: 'credit', credits: 'in_0' })];
    return Story.placed().tell(0, { kind: 'invoice', id: 'in_0', status: 'open' }, paid('in_1', lines, { totalMinor }));
  };
  test('a trial and free time do as the policy says, and a person may accept them', () => {
    const [trial, none] = [Story.placed().tell(0, free('in_1', 0, 14), trialUntil(14)), Story.placed({ free: 'none' })];
    expect([standing(trial), standing(trial, accepted)]).toEqual(['none', 'stands']);
    expect(standing(Story.placed({ trial: 'grant' }).tell(0, free('in_1', 0, 14), trialUntil(14)))).toBe('stands');
    expect([standing(none.tell(0, free('in_1', 0, 30))), standing(none, accepted)]).toEqual(['none', 'stands']);
  });
  test('what no line of a plan pays for does not, though it is accepted', () => {
    const story = Story.placed().tell(0, paid('in_1', [line(10, 30, { role: 'credit' })]));
    expect([standing(story), standing(story, accepted)]).toEqual(['none', 'none']);
  });
  test('what credits more than it costs, of an invoice that nobody paid, does not, unless it is accepted', () => {
    expect(standing(creditOfUnpaid(0))).toBe('none');
    expect(standing(creditOfUnpaid(0), accepted)).toBe('stands');
    expect(standing(creditOfUnpaid(1))).toBe('stands');
  });
  test('what credits an invoice that was paid stands, though another one is unpaid', () => {
    const story = creditOfUnpaid(0).tell(1, month('in_0', -30), { kind: 'invoice', id: 'in_9', status: 'open' });
    expect(judged(story, 'in_1')?.creditsUnpaid).toBe(false);
  });
  test('a charge that names an unpaid invoice credits nothing', () => {
    const story = Story.placed().tell(
      0,
      { kind: 'invoice', id: 'in_0', status: 'open' },
      paid('in_1', [line(0, 30, { credits: 'in_0' })], { totalMinor: 0 }),
    );
    expect(judged(story, 'in_1')?.creditsUnpaid).toBe(false);
  });
  test('what a person rejected is undone', () => {
    expect(standing(Story.placed().tell(0, month('in_1', 0)), rejected)).toBe('undone');
  });
  test('of another currency it cuts nothing by its credits, unless it is accepted', () => {
    const credit = paid('in_2', [line(10, 30, { role: 'credit' })], { currency: 'eur', reason: 'update' });
    const story = Story.placed().tell(10, month('in_1', 0), credit);
    expect(judged(story, 'in_2')?.cuts).toBe(false);
    expect(judged(story, 'in_2', { in_2: 'accepted' })?.cuts).toBe(true);
  });
});

describe('where no currency was placed, it is that of the invoice whose lines begin first', () => {
  const euros = { currency: 'eur' };
  test.each<[string, PaidInvoice, PaidInvoice]>([
    ['whichever has the first id', month('in_1', 30), month('in_2', 0, euros)],
    [
      'of its lines the first in time, whichever has the first id',
      month('in_1', 5),
      paid('in_2', [line(30, 60, { id: 'a' }), line(0, 30, { id: 'b' })], euros),
    ],
    ['and no invoice without lines', paid('in_1', []), month('in_2', 30, euros)],
  ])('%s', (_, others, first) => {
    const story = Story.placed().tell(0, others, first);
    expect([judged(story, 'in_1')?.misfits, judged(story, 'in_2')?.misfits]).toEqual([['currency'], []]);
  });
  test('of two that begin together, that of the first id', () => {
    const story = Story.placed().tell(0, month('in_1', 0), month('in_2', 0, euros));
    expect([judged(story, 'in_1')?.misfits, judged(story, 'in_2')?.misfits]).toEqual([[], ['currency']]);
  });
});

describe('the plan of a line', () => {
  test('is none where no plan names its price, and nobody accepted its invoice', () => {
    const other = { price: 'price_odd', product: 'prod_odd' };
    expect(planOf(other, policy1, 'silver')).toBeUndefined();
    expect(planOf(other, policy1, 'silver', true)).toBe('silver');
  });
  test('that runs out is that of a retired price, and of no other', () => {
    const { state } = Story.placed().tell(0, month('in_1', 0));
    const story = Object.assign(new Story({ plans: { gold: ['price_gold'] }, retired: ['price_year'] }), { state });
    expect(story.access).toMatchObject({ access: 'over' });
  });
  test('a charge below 0 is no credit: the prorations beside it pay for their time', () => {
    const lines = [line(0, 30, { role: 'proration', id: 'a', netMinor: -1 }), line(0, 30, { role: 'proration', id: 'b' })];
    expect(Story.placed().tell(0, paid('in_1', lines, { reason: 'update' })).access.paidThrough).toBe(day(30));
  });
});

describe('S5: what money that went back leaves', () => {
  const returnedDebit = { returnedDebit: true } as const;
  const paidBy = (invoice: Partial<PaidInvoice>, ...parts: readonly number[]): Story => {
    const allocations = parts.map((amountMinor, index) => allocation(`inpay_${index}`, 'in_1', `pi_${index}`, amountMinor));
    return Story.placed({ returnedDebit: 'revoke' }).tell(0, month('in_1', 0, invoice), ...allocations);
  };
  test.each<[string, Partial<PaidInvoice>, readonly number[], readonly SubscriptionFact[], Standing]>([
    ['nothing, where all was refunded but what was written off', { writtenOffMinor: 400 }, [600], [refund('pi_0', 600)], 'undone'],
    ['all, where nothing was received that could go back', { totalMinor: 0 }, [], [creditNote('in_1', 100)], 'stands'],
    [
      'nothing, where all that the card paid is lost, and the rest was paid outside',
      { outsideMinor: 900 },
      [100],
      [dispute('pi_0', 'lost')],
      'undone',
    ],
    [
      'a part, where a payment went back twice: it gives back what it gave',
      { totalMinor: 2_000 },
      [1_000, 1_000],
      [refund('pi_0'), dispute('pi_0', 'lost')],
      'stands',
    ],
    [
      'nothing, where one dispute is lost, though an open one of the payment stands before it',
      {},
      [1_000],
      [dispute('pi_0', 'open', { id: 'dp_1' }), dispute('pi_0', 'lost', { id: 'dp_2' })],
      'undone',
    ],
    [
      'all, where the payment that is refunded did not pay for it after all',
      {},
      [],
      [{ ...allocation('inpay_0', 'in_1', 'pi_0'), status: 'canceled' }, refund('pi_0')],
      'stands',
    ],
  ])('%s', (_, invoice, parts, back, standing) => {
    expect(judged(paidBy(invoice, ...parts).tell(1, ...back), 'in_1')?.standing).toBe(standing);
  });
  test.each<[string, readonly SubscriptionFact[], JudgedInvoice['undoneBy']]>([
    ['a refund, though a dispute was won before', [dispute('pi_0', 'won'), refund('pi_0', 500), refund('pi_1', 500)], 'refunded'],
    [
      'a dispute, where one of its payments was refunded, and one is lost',
      [refund('pi_0', 500), dispute('pi_1', 'lost', { amountMinor: 500 })],
      'disputed',
    ],
    [
      'a dispute that is open, of debits that the bank returned',
      ['pi_0', 'pi_1'].map((id) => dispute(id, 'open', { ...returnedDebit, amountMinor: 500 })),
      'disputed',
    ],
  ])('it is undone by %s', (_, back, undoneBy) => {
    const story = paidBy({}, 500, 500).tell(1, ...back);
    expect(judged(story, 'in_1')).toMatchObject({ standing: 'undone', undoneBy });
  });
});
