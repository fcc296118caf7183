// Opens the log that a command names, calls the command's work, and closes the log in every case.
import { resolveAsOf } from '../audit/log/as-of.ts';
import type { LogReader } from '../audit/log/log-reader.ts';
import type { ExitCode, Invocation } from '../command-line/command.ts';
import { openReader, storeUrl } from '../command-line/open-store.ts';
import { grouped, rateText } from '../command-line/terminal.ts';
import type { Position } from '../event-store/event-store.ts';

export async function withLog({ options, env, terminal }: Invocation, work: (log: LogReader) => Promise<ExitCode>): Promise<ExitCode> {
  const log = await openReader(storeUrl(options.text('store'), env), { terminal });
  try {
    return await work(log);
  } finally {
    await log.close();
  }
}

/** Returns the value of `--as-of` as an option of the audits. Empty: it was not given. */
export async function asOfIn({ options }: Invocation, log: LogReader): Promise<{ readonly asOf?: Position }> {
  const text = options.text('as-of');
  return text === undefined ? {} : { asOf: await resolveAsOf(log, text) };
}

export interface Measured {
  /** Shows the progress. */
  readonly onEvents: (events: number) => void;
  /** Removes the progress, and returns the end of a summary: `1,000,000 events in 8.1 s (123,457/s)`. */
  end(events: number): string;
}

/** Measures the time of a command. @param passes how often it reads each event. */
export function measured({ terminal }: Invocation, what: string, log: LogReader, passes = 1): Measured {
  const startedMs = performance.now();
  const of = log.sqlite?.extent().events;
  return {
    onEvents: (events) => terminal.progress(what, Math.round(events / passes), of),
    end: (events) => {
      terminal.endProgress();
      const seconds = (performance.now() - startedMs) / 1_000;
      return `${grouped(events)} events in ${seconds.toFixed(1)} s (${rateText(events, seconds)})`;
    },
  };
}

/** Returns how often each event is read by an audit that scans by stream: once more if the log is copied first. */
export function withCopy(log: LogReader, passes: number): number {
  return log.sqlite ? passes : passes + 1;
}
