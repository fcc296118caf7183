// Reads a file of signed checkpoints before more are appended to it. They are appended without syncing the disk, because a sync would
// slow down the log. After a crash the lost ones are signed again.
import { lstatSync, readFileSync, truncateSync } from 'node:fs';
import { refuseLink } from '../../written-files.ts';
import { type Checkpoint, readCheckpoint, splitNotes } from './signed-checkpoint.ts';

/**
 * Returns the checkpoints in the file. Removes a part of one at its end, which a crash or a full disk has left: nothing else, since
 * somebody may have named a file of his own. Empty: the file does not exist, or is a pipe or a device.
 *
 * @param origin of the checkpoints that will be appended.
 */
export function readCheckpointFile(path: string, origin: string): readonly Checkpoint[] {
  refuseLink(path); // The end of the file may be cut off below.
  if (lstatSync(path, { throwIfNoEntry: false })?.isFile() !== true) return [];
  const text = readFileSync(path, 'utf8');
  const notes = splitNotes(text);
  const whole = notes.at(-1)?.includes('\n\n— ') === false ? notes.slice(0, -1) : notes;
  const checkpoints = whole.flatMap((note) => {
    const checkpoint = readCheckpoint(note);
    return 'refused' in checkpoint ? [] : [checkpoint];
  });
  const kept = whole.join('');
  const origins = new Set([origin, ...checkpoints.map((checkpoint) => checkpoint.origin)]);
  const isPart = text.startsWith(kept) && [...origins].some((each) => beginsCheckpoint(text.slice(kept.length), each));
  if (isPart) truncateSync(path, Buffer.byteLength(kept));
  return checkpoints;
}

/** True: the text is the beginning of a checkpoint of this origin, whose name is its first line. */
function beginsCheckpoint(text: string, origin: string): boolean {
  const firstLine = `${origin}\n`;
  return text !== '' && (text.startsWith(firstLine) || firstLine.startsWith(text));
}
