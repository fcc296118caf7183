// Standard output and error as the commands use them: results on the one, everything else on the other.
import { once } from 'node:events';

export interface Terminal {
  /** A line of the result. */
  out(line: string): void;
  /** A line for the person. */
  err(line: string): void;
  /** Results without end: waits where the reader is slower. */
  write(text: string): Promise<void>;
  /** Events so far, of how many; with the rate. Shown only where a person watches. */
  progress(what: string, events: number, of?: number): void;
  /** Takes the progress away. */
  endProgress(): void;
}

interface Stream {
  write(text: string): boolean;
  readonly isTTY?: boolean;
  once(event: 'drain', listener: () => void): unknown;
}

/** @param nowMs monotonic. */
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

export function progressText(what: string, events: number, of: number | undefined, seconds: number): string {
  const share = of ? `, ${Math.min(100, Math.floor((events / of) * 100))} %` : '';
  return `${what}: ${grouped(events)} events${share}, ${rateText(events, seconds)}`;
}

/** `82,000/s`. */
export function rateText(events: number, seconds: number): string {
  return `${grouped(Math.round(events / Math.max(seconds, 0.001)))}/s`;
}

export function grouped(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ',');
}
