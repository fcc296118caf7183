// Signed checkpoints (c2sp.org/tlog-checkpoint): origin, size and root of the log's tree, as a signed note. A checkpoint
// that is kept where the log's operator cannot reach it shows every later change of the events that it covers.
import { LedgerError } from '../../errors.ts';
import { isPlainText } from '../../plain-text.ts';
import { type NoteSigner, type NoteVerifier, openNote, signNote } from './signed-note.ts';

/** The content of a checkpoint. */
export interface Checkpoint {
  /** The name of the log: a URL without scheme, such as `shop.example/ledger`. */
  readonly origin: string;
  /** How many events it covers: the first `size` of the log. */
  readonly size: number;
  /** The root of the tree over these events, 32 bytes. */
  readonly root: Buffer;
}

/** A checkpoint with the names of the trusted keys that signed it, or the reason why it is refused. */
export type OpenedCheckpoint = (Checkpoint & { readonly signedBy: readonly string[] }) | { readonly refused: string };

/** Returns the checkpoint as a signed note. @throws LedgerError `invalid_input`: the origin has a space or a `+`. */
export function signCheckpoint({ origin, size, root }: Checkpoint, signers: readonly NoteSigner[]): string {
  refuseOrigin(origin);
  return signNote(`${origin}\n${size}\n${root.toString('base64')}\n`, signers);
}

/** Returns the checkpoint if a trusted key has signed it. Never throws: the answer has the reason. */
export function openCheckpoint(note: string, trusted: readonly NoteVerifier[]): OpenedCheckpoint {
  const opened = openNote(note, trusted);
  if ('refused' in opened) return opened;
  const checkpoint = readCheckpoint(note);
  return 'refused' in checkpoint ? checkpoint : { ...checkpoint, signedBy: opened.signedBy };
}

/** Returns the checkpoint without checking any signature: use it only for your own checkpoints, and for messages. */
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

/** Splits the text of a checkpoint file, which has one note after the other, into its notes. */
export function splitNotes(text: string): readonly string[] {
  const notes: string[] = [];
  let lines: string[] = [];
  for (const line of text.split('\n').slice(0, -1)) {
    // A note ends with its signatures: the first other line after them begins the next note.
    if (lines.at(-1)?.startsWith('— ') && !line.startsWith('— ')) {
      notes.push(`${lines.join('\n')}\n`);
      lines = [];
    }
    if (lines.length > 0 || line !== '') lines.push(line);
  }
  if (lines.length > 0) notes.push(`${lines.join('\n')}\n`);
  return notes;
}

/** @throws LedgerError `invalid_input`: the origin is empty, or has a space or a `+`. */
export function refuseOrigin(origin: string): void {
  if (!/^[^\s+]+$/u.test(origin) || !isPlainText(origin)) {
    throw new LedgerError(
      'invalid_input',
      `The origin ${JSON.stringify(origin)} must be a name without spaces and +, like shop.example/ledger`,
    );
  }
}
