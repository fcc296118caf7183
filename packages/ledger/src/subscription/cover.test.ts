// Until when invoices pay, where several reach the same end, and what credits leave of their lines.
import { fc, test } from '@fast-check/vitest';
import { afterAll, describe, expect } from 'vitest';
import { meetsEveryCase, runs } from '../testing/runs.ts';
import type { CoverLine } from './observation.ts';
import { day, line, month, paid, Story } from './story.test-support.ts';

const free = { netMinor: 0 };
const gold = { price: 'price_gold' };
const creditOf = (from: number, to: number, differs: Partial<CoverLine> = {}): CoverLine => line(from, to, { role: 'credit', ...differs });
const gotFor = (from: number, to: number, differs: Partial<CoverLine> = {}): CoverLine =>
  line(from, to, { role: 'proration', ...gold, ...differs });

describe('S3: what is paid through rests on the invoice that reaches furthest', () => {
  test.each<[string, CoverLine, CoverLine, string]>([
    ['of two with one end, that which was paid with money', line(0, 30, free), line(0, 30), 'in_2'],
    ['also where it came first', line(0, 30), line(0, 30, free), 'in_1'],
    ['of two that cost money, that of the first id', line(0, 30), line(0, 30), 'in_1'],
    ['of two that are free, that of the first id', line(0, 30, free), line(0, 30, free), 'in_1'],
    ['a later end, although it is free', line(0, 30, free), line(0, 20), 'in_1'],
  ])('%s', (_, first, second, invoice) => {
    const story = Story.placed().tell(0, paid('in_1', [first]), paid('in_2', [second]));
    expect(story.access).toMatchObject({ paidThrough: day(30), invoice: { id: invoice } });
  });
});

describe('S9: the plan is that of the line that began last', () => {
  test.each<[string, CoverLine, CoverLine, string]>([
    ['whichever of their ids is the later one', line(10, 40, { id: 'il_1', ...gold }), line(0, 60, { id: 'il_2' }), 'gold'],
    ['of two that began together, the one that ends later', line(0, 60, { id: 'il_1', ...gold }), line(0, 30, { id: 'il_2' }), 'gold'],
    ['of two alike, that of the later id', line(0, 30, { id: 'il_2', ...gold }), line(0, 30, { id: 'il_1' }), 'gold'],
    ['of two of one id, that of the first invoice', line(0, 30, { id: 'il_1', ...gold }), line(0, 30, { id: 'il_1' }), 'gold'],
  ])('%s', (_, first, second, plan) => {
    const story = Story.placed().tell(20, paid('in_1', [first]), paid('in_2', [second]));
    expect(story.access).toMatchObject({ plan, planInvoice: 'in_1' });
  });
});

describe('S3: a credit gives back what was left of a line', () => {
  test.each<[string, number, ...CoverLine[]]>([
    ['to the latest end of what was got for it', 30, creditOf(10, 30), gotFor(10, 20, { id: 'a' }), gotFor(10, 30, { id: 'b' })],
    ['but not where that begins after the credit', 15, creditOf(10, 30), gotFor(10, 15), gotFor(20, 30)],
    ['to where the credit begins, at least', 10, creditOf(10, 30), line(0, 5, gold)],
    ['all of it, where the credit begins with the line', 0, creditOf(0, 30)],
    ['and nothing of a line at another price', 30, creditOf(10, 30, gold)],
  ])('%s', (_, days, ...lines) => {
    const story = Story.placed()
      .tell(0, month('in_1', 0))
      .tell(10, paid('in_2', lines, { reason: 'update' }));
    expect(story.access.paidThrough).toBe(day(days));
  });
  test.each([
    ['in_1', 'in_2'],
    ['in_2', 'in_1'],
  ])(
    'where one of two lines that were got for it is given back, the other one holds, whichever id comes first: %s, %s',
    (first, second) => {
      const two = [creditOf(10, 30), gotFor(10, 30, { id: 'a' }), gotFor(10, 30, { id: 'b', price: 'price_year' })];
      const story = Story.placed()
        .tell(0, month(first, 0))
        .tell(10, paid(second, two, { reason: 'update' }))
        .tell(20, paid('in_3', [creditOf(20, 30, gold)], { reason: 'update' }));
      expect(story.access.paidThrough).toBe(day(30));
    },
  );
  test('in one invoice with changes before it: what it gives back itself is not got for it, so that no two of them hold each other', () => {
    const year = (id: string, from: number, role: 'credit' | 'proration', quantity: number) =>
      line(from, 360, { id, role, quantity, price: 'price_year', netMinor: role === 'credit' ? -quantity * 100 : quantity * 100 });
    const changes = [
      year('il_1', 10, 'credit', 2),
      year('il_2', 10, 'proration', 4),
      year('il_3', 20, 'credit', 4),
      year('il_4', 20, 'proration', 5),
    ];
    const story = Story.placed()
      .tell(0, paid('in_1', [line(0, 360, { price: 'price_year', quantity: 2 })]))
      .tell(
        40,
        paid('in_2', [...changes, year('il_5', 40, 'credit', 5), line(40, 70, { id: 'il_6', quantity: 5 })], {
          reason: 'update',
          totalMinor: -100,
        }),
      );
    expect(story.access.paidThrough).toBe(day(70));
  });
  test('that stands on its own invoice, and is not what was got for it', () => {
    const story = Story.placed().tell(0, paid('in_1', [line(0, 30), creditOf(10, 30)]));
    expect(story.access.paidThrough).toBe(day(10));
  });
});

describe('S1: until when invoices pay does not depend on their ids', () => {
  const met = new Set<string>();
  if (meetsEveryCase) afterAll(() => expect([...met].sort()).toEqual(['cut', 'whole']));
  const anyLine = fc.record({
    from: fc.constantFrom(0, 10, 20),
    to: fc.constantFrom(30, 40),
    role: fc.constantFrom('base', 'proration', 'credit'),
    price: fc.constantFrom('price_month', 'price_year', 'price_gold'),
  });
  const anyInvoices = fc.array(fc.array(anyLine, { minLength: 1, maxLength: 4 }), { minLength: 2, maxLength: 4 });

  test.prop(
    [anyInvoices.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray([...all.keys()], { minLength: all.length })))],
    runs(1_000),
  )('of any few, changed and credited in any way', ([all, ids]) => {
    const paidThrough = (idOf: (index: number) => number): string | undefined => {
      const invoices = all.map((lines, index) => {
        const told = lines.map(({ from, to, ...each }, at) => line(from, to, { ...each, id: `il_${index}_${at}` }));
        return paid(`in_${idOf(index)}`, told, { reason: 'update', totalMinor: 1 });
      });
      return Story.placed().tell(0, ...invoices).access.paidThrough;
    };
    const [sorted, shuffled] = [paidThrough((index) => index), paidThrough((index) => ids.indexOf(index))];
    expect(shuffled).toBe(sorted);
    const longest = all.flat().flatMap(({ role, to }) => (role === 'base' ? [day(to)] : []));
    if (sorted !== undefined) met.add(longest.includes(sorted) ? 'whole' : 'cut');
  });
});
