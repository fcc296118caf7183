// Signed checkpoints (c2sp.org/tlog-checkpoint): origin, size and root of the log's tree, as a signed note. One that
// is kept where the log's operator cannot reach it makes every rewriting of what lies before it visible.
import { LedgerError } from '../../errors.ts';
import { type NoteSigner, type NoteVerifier, openNote, signNote } from './signed-note.ts';

export interface Checkpoint {
  /** Which log: a URL without scheme, such as `shop.example/ledger`. */
  readonly origin: string;
  /** Events that it covers: the first `size` of the log. */
  readonly size: number;
  readonly root: Buffer;
}

export type OpenedCheckpoint = (Checkpoint & { readonly signedBy: readonly string[] }) | { readonly refused: string };

export function signCheckpoint({ origin, size, root }: Checkpoint, signers: readonly NoteSigner[]): string {
  refuseOrigin(origin);
  return signNote(`${origin}\n${size}\n${root.toString('base64')}\n`, signers);
}

/** What it says, where a key that we trust has signed it. */
export function openCheckpoint(note: string, trusted: readonly NoteVerifier[]): OpenedCheckpoint {
  const opened = openNote(note, trusted);
  if ('refused' in opened) return opened;
  const checkpoint = readCheckpoint(note);
  return 'refused' in checkpoint ? checkpoint : { ...checkpoint, signedBy: opened.signedBy };
}

/** What it says, whoever signed it: for the process that wrote it, and for messages. */
export function readCheckpoint(note: string): Checkpoint | { readonly refused: string } {
  const [origin = '', size = '', encoded = '', end] = note.split('\n');
  const root = Buffer.from(encoded, 'base64');
  if (
    origin === '' ||
    !/^(?:0|[1-9]\d{0,14})$/.test(size) ||
    root.length !== 32 ||
    root.toString('base64') !== encoded ||
    end === undefined
  ) {
    return { refused: 'it is no checkpoint: a line with the origin, one with the size and one with the root must come first' };
  }
  return { origin, size: Number(size), root };
}

/** A file of checkpoints holds one after the other, as they were signed. */
export function splitNotes(text: string): readonly string[] {
  const notes: string[] = [];
  let lines: string[] = [];
  for (const line of text.split('\n').slice(0, -1)) {
    // The first line that is no signature, behind one that is, begins the next note.
    if (lines.at(-1)?.startsWith('— ') && !line.startsWith('— ')) {
      notes.push(`${lines.join('\n')}\n`);
      lines = [];
    }
    if (lines.length > 0 || line !== '') lines.push(line);
  }
  if (lines.length > 0) notes.push(`${lines.join('\n')}\n`);
  return notes;
}

export function refuseOrigin(origin: string): void {
  if (!/^[^\s+]+$/u.test(origin)) {
    throw new LedgerError(
      'invalid_input',
      `The origin ${JSON.stringify(origin)} must be a name without spaces and +, like shop.example/ledger`,
    );
  }
}
