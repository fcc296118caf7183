// What holds of the rows of any timeline.
import { expect } from 'vitest';
import { rowText } from './row-text.ts';
import type { Row } from './row-types.ts';
import { rowsOf } from './rows.ts';
import { sentenceText } from './sentence.ts';
import type { TimelineEntry } from './timeline.ts';

/** Expects of the rows of the entries, and of each beginning of them, all that rows promise. Returns the kinds of rows met. */
export function expectSoundRows(entries: readonly TimelineEntry[]): ReadonlySet<string> {
  const met = new Set<string>();
  for (let length = 0; length <= entries.length; length++) {
    const prefix = entries.slice(0, length);
    const rows = rowsOf(prefix);
    expectEachOnce(rows, prefix);
    for (const row of rows) {
      met.add(row.kind);
      expectNothingHidden(row);
    }
    for (const language of ['en', 'zh-TW'] as const) {
      for (const row of rows) expect(sentenceText(rowText(row, language).title)).not.toMatch(/undefined|NaN|\[object|^$/);
    }
  }
  return met;
}

function expectEachOnce(rows: readonly Row[], entries: readonly TimelineEntry[]): void {
  const shown = rows.flatMap((row) => row.entries);
  expect(shown.length).toBe(entries.length);
  expect(new Set(shown)).toEqual(new Set(entries));
  const firsts = rows.map((row) => entries.indexOf(row.entries[0] as TimelineEntry));
  expect(firsts).toEqual([...firsts].sort((a, b) => a - b));
}

/** Decisions, reviews, persons and failed deliveries are on the face of their row. */
function expectNothingHidden(row: Row): void {
  const decisions = row.entries.filter(({ kind }) => kind === 'decided');
  expect(decisions).toEqual(row.kind === 'decided' ? [row.decision] : []);
  const reviews = row.entries.filter(({ kind }) => kind === 'review');
  expect(reviews).toEqual(row.kind === 'decided' || row.kind === 'review' ? row.reviews.map(({ opened }) => opened) : []);
  const failures = row.entries.filter(({ kind }) => kind === 'delivery_failed');
  if (failures.length > 0) expect(row.kind === 'decided' || row.kind === 'delivery' ? row.delivery.failures : []).toEqual(failures);
  const text = JSON.stringify(rowText(row, 'en'));
  for (const entry of row.entries) {
    const by = 'report' in entry ? entry.report.by : 'by' in entry ? entry.by : undefined;
    if (by) expect(text).toContain(JSON.stringify(by.actor));
  }
}
