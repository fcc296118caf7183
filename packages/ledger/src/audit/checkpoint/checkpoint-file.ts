// A process's own file of signed checkpoints, read at its start. It is appended to without syncing the disk, which would
// slow the log beside it: what a crash takes from its end is signed again.
import { existsSync, readFileSync, truncateSync } from 'node:fs';
import { type Checkpoint, readCheckpoint, splitNotes } from './signed-checkpoint.ts';

/** @returns what it holds. A last one that a crash cut off is taken off the file. */
export function readCheckpointFile(path: string): readonly Checkpoint[] {
  if (!existsSync(path)) return [];
  const text = readFileSync(path, 'utf8');
  const notes = splitNotes(text);
  const whole = notes.at(-1)?.includes('\n\n— ') === false ? notes.slice(0, -1) : notes;
  const kept = whole.join('');
  if (kept.length < text.length && text.startsWith(kept)) truncateSync(path, Buffer.byteLength(kept));
  return whole.flatMap((note) => {
    const checkpoint = readCheckpoint(note);
    return 'refused' in checkpoint ? [] : [checkpoint];
  });
}
