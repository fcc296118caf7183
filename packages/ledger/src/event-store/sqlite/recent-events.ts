// The newest events of the log as long as this process alone has written them: who follows the log gets these from memory, and
// reads what is older, or came from another process.
import type { StoredEvent } from '../event-store.ts';
import { toPosition } from '../log-pages.ts';
import { fromStoredRow } from '../stored-text.ts';

export interface EventRow {
  readonly position: number;
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
  readonly type: string;
  readonly data: string;
  readonly metadata: string;
  /** Written by `storedEventOf`. */
  event?: StoredEvent;
}

/** Followers that are further behind than this read the file. */
const mostEvents = 1_024;
const mostChars = 4 * 1_024 * 1_024;

export class RecentEvents {
  /** Without a gap, up to the end of the log. Written by `add` and `clear`. */
  #rows: EventRow[] = [];
  #chars = 0;

  /** Adds what was committed, in the order of the log. */
  add(rows: readonly EventRow[]): void {
    const [first] = rows;
    if (first && this.#rows.at(-1)?.position !== first.position - 1) this.clear();
    for (const row of rows) {
      this.#rows.push(row);
      this.#chars += charsOf(row);
    }
    let dropped = 0;
    for (const row of this.#rows) {
      if (this.#rows.length - dropped <= mostEvents && this.#chars <= mostChars) break;
      this.#chars -= charsOf(row);
      dropped += 1;
    }
    if (dropped > 0) this.#rows.splice(0, dropped);
  }

  clear(): void {
    this.#rows = [];
    this.#chars = 0;
  }

  /** The events behind the position. Undefined: some of them are not here. */
  after(position: number): readonly EventRow[] | undefined {
    const first = this.#rows[0]?.position;
    return first === undefined || position < first - 1 ? undefined : this.#rows.slice(position - first + 1);
  }
}

function charsOf({ data, metadata }: EventRow): number {
  return data.length + metadata.length;
}

/** Parses it once, however many follow. @throws LedgerError `corrupt`: the text is no JSON. */
export function storedEventOf(row: EventRow): StoredEvent {
  row.event ??= fromStoredRow({ ...row, position: toPosition(row.position) });
  return row.event;
}
