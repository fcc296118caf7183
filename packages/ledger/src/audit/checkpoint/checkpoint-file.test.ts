// Reading the file of checkpoints again: only what is new.
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { newDirectory } from '../../event-store/sqlite/log-directory.test-support.ts';
import { readCheckpointFile } from './checkpoint-file.ts';
import { signCheckpoint } from './signed-checkpoint.ts';
import { generateNoteKey, parseSignerKey } from './signed-note.ts';

const origin = 'shop.example/ledger';
const signers = [parseSignerKey(generateNoteKey(origin).signerKey)];
const note = (size: number): string => signCheckpoint({ origin, size, root: Buffer.alloc(32, size) }, signers);

function fileWith(text: string): string {
  const directory = newDirectory();
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, 'checkpoints');
  writeFileSync(file, text);
  return file;
}

test('what was read is not read again, and a part behind it is removed', () => {
  const file = fileWith(note(1) + note(2));
  const first = readCheckpointFile(file, origin);
  expect(first).toMatchObject({ checkpoints: [{ size: 1 }, { size: 2 }], end: Buffer.byteLength(note(1) + note(2)) });
  appendFileSync(file, note(3) + note(4).slice(0, 30));
  const next = readCheckpointFile(file, origin, first.end);
  expect(next).toMatchObject({ checkpoints: [{ size: 3 }], end: first.end + Buffer.byteLength(note(3)) });
  expect(readFileSync(file, 'utf8')).toBe(note(1) + note(2) + note(3));
  expect(readCheckpointFile(file, origin, next.end)).toEqual({ checkpoints: [], end: next.end });
});

test('a file that is shorter than what was read is another one, and is read as a whole', () => {
  const file = fileWith(note(1));
  expect(readCheckpointFile(file, origin, 10_000)).toMatchObject({ checkpoints: [{ size: 1 }], end: Buffer.byteLength(note(1)) });
});
