// Reads a file of signed checkpoints before more are appended to it. They are appended without syncing the disk, because a sync would
// slow down the log. After a crash the lost ones are signed again.
import { closeSync, lstatSync, openSync, readSync, truncateSync } from 'node:fs';
import { refuseLink } from '../../written-files.ts';
import { type Checkpoint, readCheckpoint, splitNotes } from './signed-checkpoint.ts';

export interface ReadCheckpoints {
  readonly checkpoints: readonly Checkpoint[];
  /** Where the last of them ends in the file, in bytes. */
  readonly end: number;
}

/**
 * Returns the checkpoints in the file. Removes a part of one at its end, which a crash or a full disk has left: nothing else, since
 * somebody may have named a file of his own. None: the file does not exist, or is a pipe or a device.
 *
 * @param origin of the checkpoints that will be appended.
 * @param after where the last ones ended that were read: a year of them takes seconds. A file that is shorter is read as a whole.
 */
export function readCheckpointFile(path: string, origin: string, after: number = 0): ReadCheckpoints {
  refuseLink(path); // The end of the file may be cut off below.
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found?.isFile() !== true) return { checkpoints: [], end: 0 };
  const begin = found.size < after ? 0 : after;
  const text = textBehind(path, begin, found.size);
  const notes = splitNotes(text);
  const whole = notes.at(-1)?.includes('\n\n— ') === false ? notes.slice(0, -1) : notes;
  const checkpoints = whole.flatMap((note) => {
    const checkpoint = readCheckpoint(note);
    return 'refused' in checkpoint ? [] : [checkpoint];
  });
  const kept = whole.join('');
  const origins = new Set([origin, ...checkpoints.map((checkpoint) => checkpoint.origin)]);
  // Not so where something else stands between them: such a file is read as a whole each time.
  if (!text.startsWith(kept)) return { checkpoints, end: 0 };
  const isPart = [...origins].some((each) => beginsCheckpoint(text.slice(kept.length), each));
  const end = begin + Buffer.byteLength(kept);
  if (isPart) truncateSync(path, end);
  return { checkpoints, end };
}

function textBehind(path: string, begin: number, size: number): string {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(size - begin);
    let read = 0;
    for (let more = -1; more !== 0; read += more) more = readSync(file, bytes, read, bytes.length - read, begin + read);
    return bytes.toString('utf8', 0, read);
  } finally {
    closeSync(file);
  }
}

/** True: the text is the beginning of a checkpoint of this origin, whose name is its first line. */
function beginsCheckpoint(text: string, origin: string): boolean {
  const firstLine = `${origin}\n`;
  return text !== '' && (text.startsWith(firstLine) || firstLine.startsWith(text));
}
