// Opens the log that a command was given, hands it over, and closes it whatever happens.
import { resolveAsOf } from '../audit/as-of.ts';
import type { LogReader } from '../audit/log-reader.ts';
import type { Position } from '../event-store/event-store.ts';
import type { ExitCode, Invocation } from './command.ts';
import { openReader, storeUrl } from './store-url.ts';

export async function withLog({ options, env }: Invocation, work: (log: LogReader) => Promise<ExitCode>): Promise<ExitCode> {
  const log = await openReader(storeUrl(options.text('store'), env));
  try {
    return await work(log);
  } finally {
    await log.close();
  }
}

/** `--as-of`, as an option of the audits. */
export async function asOfIn({ options }: Invocation, log: LogReader): Promise<{ readonly asOf?: Position }> {
  const text = options.text('as-of');
  return text === undefined ? {} : { asOf: await resolveAsOf(log, text) };
}

/** How much there is to read, where that is known. */
export function eventsIn(log: LogReader): number | undefined {
  return log.sqlite?.extent().events;
}
