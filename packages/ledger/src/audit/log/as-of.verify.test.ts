// Tests what the time zone of the machine changes: nothing. Only in a process of its own does TZ change what Date reads.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createMemoryLog, openMemoryEventStore } from '../../event-store/memory.ts';
import { writeStories } from '../golden-log.test-support.ts';
import { resolveAsOf } from './as-of.ts';
import { readerOf } from './log-reader.ts';

const zone = process.env['TZ'];
beforeEach(() => {
  process.env['TZ'] = 'Asia/Taipei';
});
afterEach(() => {
  if (zone === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zone;
});

test('a time without a zone is UTC, wherever the machine is', async () => {
  expect(new Date('2026-01-05T09:00:15').toISOString()).toBe('2026-01-05T01:00:15.000Z'); // The zone is in force.
  const memory = createMemoryLog();
  await writeStories(openMemoryEventStore({ log: memory }));
  const log = readerOf(openMemoryEventStore({ log: memory }));
  const utc = await resolveAsOf(log, '2026-01-05T09:00:15Z');
  expect(await resolveAsOf(log, '2026-01-05T09:00:15')).toBe(utc);
  expect(await resolveAsOf(log, '2026-01-05T17:00:15+08:00')).toBe(utc);
  expect(await resolveAsOf(log, '2026-01-05')).toBe(await resolveAsOf(log, '2026-01-05T23:59:59.999Z'));
  await log.close();
});
