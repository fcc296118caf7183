// The shape of a row in words.
import type { Source } from '../../observation.ts';
import type { Sentence } from './sentence.ts';

/** A row in words. */
export interface RowText {
  readonly title: Sentence;
  /** Who reported it first. Absent: no source did. */
  readonly source?: Source;
  readonly detail?: Sentence;
  /** A person's reason: his own words, never translated. */
  readonly reason?: string;
  /** The lower half: what the shop, or a person, made of it. */
  readonly below: readonly RowBelow[];
  /** A folded row has it: how long it took, and a line for each event. */
  readonly folded?: { readonly summary: Sentence; readonly lines: readonly FoldedLine[] };
  /** What stands before the row: how long nothing happened. */
  readonly gap?: Sentence;
}

export interface RowBelow {
  readonly tone: 'ok' | 'warn' | 'bad' | 'plain';
  readonly head: Sentence;
  readonly note?: Sentence;
  readonly lines: readonly Sentence[];
}

export interface FoldedLine {
  readonly at: string;
  readonly source: Source;
  /** The provider's event, or the object that was read. */
  readonly evidence: string;
  /** What it said, where that is not what the row says. */
  readonly said?: Sentence;
}
