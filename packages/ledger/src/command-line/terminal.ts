// Standard output and standard error for commands: results go to the first, everything else to the second.
import { once } from 'node:events';

/** The output of a command. */
export interface Terminal {
  /** Prints a line of the result on standard output. */
  out(line: string): void;
  /** Prints a line for the user on standard error. */
  err(line: string): void;
  /** Writes text to standard output as it is. Resolves when more can be written, so that long results need little memory. */
  write(text: string): Promise<void>;
  /**
   * Shows how many events were processed, of how many, and the rate: at most every 100 ms, and only if standard error is a
   * terminal.
   */
  progress(what: string, events: number, of?: number): void;
  /** Removes the line with the progress. */
  endProgress(): void;
}

interface Stream {
  write(text: string): boolean;
  readonly isTTY?: boolean;
  once(event: 'drain', listener: () => void): unknown;
}

/** Opens a terminal on two streams. @param nowMs the monotonic clock. Default: the system's. */
export function openTerminal(stdout: Stream, stderr: Stream, nowMs: () => number = () => performance.now()): Terminal {
  const progress = { shownAtMs: Number.NEGATIVE_INFINITY, startedAtMs: nowMs(), what: '', shown: false, isAmongResults: false };
  const clear = (): void => {
    if (progress.shown) stderr.write('\r\u001b[K');
    progress.shown = false;
  };
  return {
    out: (line) => {
      clear();
      stdout.write(`${line}\n`);
    },
    err: (line) => {
      clear();
      stderr.write(`${line}\n`);
    },
    write: async (text) => {
      progress.isAmongResults = stdout.isTTY === true;
      if (!stdout.write(text)) await once(stdout as never, 'drain');
    },
    progress: (what, events, of) => {
      if (stderr.isTTY !== true || progress.isAmongResults) return;
      const now = nowMs();
      if (what !== progress.what) Object.assign(progress, { what, startedAtMs: now, shownAtMs: Number.NEGATIVE_INFINITY });
      if (now - progress.shownAtMs < 100) return;
      progress.shownAtMs = now;
      progress.shown = true;
      stderr.write(`\r\u001b[K${progressText(what, events, of, (now - progress.startedAtMs) / 1_000)}`);
    },
    endProgress: clear,
  };
}

/** Returns the line of the progress: events, share and rate. */
export function progressText(what: string, events: number, of: number | undefined, seconds: number): string {
  const share = of ? `, ${Math.min(100, Math.floor((events / of) * 100))} %` : '';
  return `${what}: ${grouped(events)} events${share}, ${rateText(events, seconds)}`;
}

/** Returns the rate: `82,000/s`. */
export function rateText(events: number, seconds: number): string {
  return `${grouped(Math.round(events / Math.max(seconds, 0.001)))}/s`;
}

/** Returns the number with commas: `82,000`. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ',');
}
