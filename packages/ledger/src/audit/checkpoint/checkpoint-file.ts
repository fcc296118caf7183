// Reads a process's own file of signed checkpoints when the process starts. Checkpoints are appended to the file without
// syncing the disk, because a sync would slow down the log. After a crash the lost ones are signed again.
import { existsSync, readFileSync, truncateSync } from 'node:fs';
import { refuseLink } from '../../written-files.ts';
import { type Checkpoint, readCheckpoint, splitNotes } from './signed-checkpoint.ts';

/** Returns the checkpoints in the file. Removes a last one that a crash has cut off. Empty: the file does not exist. */
export function readCheckpointFile(path: string): readonly Checkpoint[] {
  if (!existsSync(path)) return [];
  refuseLink(path); // The end of the file may be cut off below.
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
