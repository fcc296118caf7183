// Reads the value of `--as-of`, which names an earlier state of the log. A position of the log stands for itself. A time stands
// for the last position before the first event that was recorded later, because the clocks of writers may differ a little.

import { LedgerError } from '../../errors.ts';
import { logStart, type Position } from '../../event-store/event-store.ts';
import { toPosition } from '../../event-store/log-pages.ts';
import type { LogReader } from './log-reader.ts';
import { recordedAt } from './log-row.ts';

/**
 * Returns the position that the text names. For a time it reads the log up to there.
 * @param text a position, an ISO 8601 time (UTC if it has no zone), or a day, which means the end of that day in UTC.
 * @throws LedgerError `invalid_input`: the text is none of these, or a position past the end of the log. Also what the store throws.
 */
export async function resolveAsOf(log: LogReader, text: string): Promise<Position> {
  const named = positionIn(text);
  if (named !== undefined) {
    await refusePastEnd(log, named, text);
    return named;
  }
  const time = parseTime(text);
  let position = logStart;
  for await (const rows of log.rows()) {
    for (const row of rows) {
      if (recordedAt(row.metadata) > time) return position;
      position = row.position;
    }
  }
  return position;
}

/** It would mean the log as it is now, and whoever writes a day without its hyphens means another log than that. */
async function refusePastEnd(log: LogReader, named: Position, text: string): Promise<void> {
  const refusal = (end: string, options?: ErrorOptions) =>
    new LedgerError('invalid_input', `Position ${text} is past the end of the log${end}. A day is written 2020-01-01`, options);
  const end = log.sqlite?.end();
  if (end !== undefined) {
    if (Number(named) > end) throw refusal(` (${end})`);
    return;
  }
  try {
    for await (const _ of log.rows({ after: named })) return;
  } catch (error) {
    throw error instanceof LedgerError && error.code === 'invalid_input' ? refusal('', { cause: error }) : error;
  }
}

/** Returns the day in UTC of the time that the text names. Undefined: it is a position. @throws LedgerError as `resolveAsOf`. */
export function asOfDay(text: string): string | undefined {
  return positionIn(text) === undefined ? parseTime(text).slice(0, 10) : undefined;
}

function positionIn(text: string): Position | undefined {
  if (/^\d{1,15}$/.test(text)) return toPosition(Number(text));
  return /^\d{20,}$/.test(text) ? (text as Position) : undefined;
}

/** Returns the time in UTC. A time without a zone is in UTC too. */
function parseTime(text: string): string {
  const [, day, clock, zone = 'Z'] = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:\d\d)?)?$/.exec(text) ?? [];
  const time = new Date(`${day}T${clock === undefined ? '23:59:59.999' : clock}${zone}`);
  // Date reads 31 February as 3 March.
  if (Number.isNaN(time.getTime()) || new Date(`${day}T00:00Z`).toISOString().slice(0, 10) !== day) {
    throw new LedgerError(
      'invalid_input',
      `as of ${JSON.stringify(text)}: pass a position, a day like 2026-03-01, or a time like 2026-03-01T12:00:00Z`,
    );
  }
  return time.toISOString();
}
