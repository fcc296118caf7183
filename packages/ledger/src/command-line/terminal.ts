// Standard output and standard error for commands: results go to the first, everything else to the second. What is printed comes
// from logs, receipts, Stripe and people, so characters that move on a terminal are escaped, and secrets are left out of errors.
import { styleText } from 'node:util';
import { printable } from '../plain-text.ts';
import { withoutSecrets } from '../secrets.ts';

/** A part of a line that is coloured where standard output is a terminal with colours, and plain everywhere else. */
export interface Coloured {
  readonly colour: 'green' | 'red' | 'yellow';
  readonly text: string;
}

/** The output of a command. */
export interface Terminal {
  /** Prints one line of the result on standard output. A line break in it is escaped, as all that could move on a terminal. */
  out(...parts: readonly (string | Coloured)[]): void;
  /** Prints one line for the user on standard error. */
  err(line: string): void;
  /**
   * Writes lines to standard output as they are; escaped only where it is a terminal. Resolves when more can be written, so that
   * long results need little memory.
   * @throws Error with the code EPIPE: the reader has gone, as of `| head`.
   */
  write(text: string): Promise<void>;
  /**
   * Shows how many events were processed, of how many, and the rate: at most every 100 ms, and only if standard error is a
   * terminal.
   */
  progress(what: string, events: number, of?: number): void;
  /** Removes the line with the progress. */
  endProgress(): void;
}

/** What a terminal needs of `process.stdout`. */
export interface OutputStream {
  write(text: string): boolean;
  readonly isTTY?: boolean;
  /** True if it shows colours. Absent: it does not. */
  hasColors?(): boolean;
  /** Resolves when more can be written, after `write` returned false. @throws Error `EPIPE`: the reader has gone. */
  drained(): Promise<void>;
}

/** Opens a terminal on two streams. @param nowMs the monotonic clock. Default: the system's. */
export function openTerminal(stdout: OutputStream, stderr: OutputStream, nowMs: () => number = () => performance.now()): Terminal {
  const progress = { shownAtMs: Number.NEGATIVE_INFINITY, startedAtMs: nowMs(), what: '', shown: false, isAmongResults: false };
  const hasColours = stdout.isTTY === true && stdout.hasColors?.() === true;
  const clear = (): void => {
    if (progress.shown) stderr.write('\r\u001b[K');
    progress.shown = false;
  };
  return {
    out: (...parts) => {
      clear();
      stdout.write(`${parts.map((part) => partText(part, hasColours)).join('')}\n`);
    },
    err: (line) => {
      clear();
      stderr.write(`${printable(withoutSecrets(line))}\n`);
    },
    write: async (text) => {
      progress.isAmongResults = stdout.isTTY === true;
      const shown = stdout.isTTY === true ? text.split('\n').map(printable).join('\n') : text;
      if (!stdout.write(shown)) await stdout.drained();
    },
    progress: (what, events, of) => {
      if (stderr.isTTY !== true || progress.isAmongResults) return;
      const now = nowMs();
      if (what !== progress.what) Object.assign(progress, { what, startedAtMs: now, shownAtMs: Number.NEGATIVE_INFINITY });
      if (now - progress.shownAtMs < 100) return;
      progress.shownAtMs = now;
      progress.shown = true;
      stderr.write(`\r\u001b[K${printable(progressText(what, events, of, (now - progress.startedAtMs) / 1_000))}`);
    },
    endProgress: clear,
  };
}

function partText(part: string | Coloured, hasColours: boolean): string {
  if (typeof part === 'string') return printable(part);
  return hasColours ? styleText(part.colour, printable(part.text), { validateStream: false }) : printable(part.text);
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
