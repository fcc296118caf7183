import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { openTotals } from './hour-totals.ts';
import { schema } from './read-model-layout.ts';

test('what is counted while the rows have not caught up is not taken for all that there is', () => {
  using db = new DatabaseSync(':memory:');
  db.exec(schema);
  const grant = (at: string) =>
    db.prepare("insert into hours values (?, 'acct_1', 1, 'poll', 1, 0, 0, 0, '')").run(Math.floor(Date.parse(at) / 3_600_000));
  const totals = openTotals(db);
  const now = '2026-06-01T12:00:00.000Z';
  grant('2026-01-01T00:00:00Z');
  expect(totals(now, false).grants.poll).toBe(1);
  grant('2026-02-01T00:00:00Z'); // The rebuild goes on.
  grant('2026-06-01T11:00:00Z');
  expect(totals(now, true).grants.poll).toBe(3);
  grant('2026-06-01T12:00:00Z');
  expect(totals(now, true).grants.poll).toBe(4);
  expect(totals('2026-06-09T12:00:00.000Z', true).grants.poll).toBe(4);
});
