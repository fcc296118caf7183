// Reads the files that a command line names: keys and checkpoints.
import { existsSync } from 'node:fs';
import { splitNotes } from '../audit/checkpoint/signed-checkpoint.ts';
import { type NoteSigner, type NoteVerifier, parseSignerKey, parseVerifierKey } from '../audit/checkpoint/signed-note.ts';
import { LedgerError } from '../errors.ts';
import { readText } from '../written-files.ts';

/** Reads private keys from files. A private key is never an argument, because other users can see arguments. */
export function readSigners(paths: readonly string[]): readonly NoteSigner[] {
  return paths.map((path) => {
    if (path.includes('PRIVATE+KEY'))
      throw new LedgerError(
        'invalid_input',
        '--key-file names a file, not the key itself: other users can see arguments. Replace that key',
      );
    return parseSignerKey(readText(path));
  });
}

/** Returns public keys. Each value is a key, or the name of a file with one key per line. */
export function readVerifierKeys(given: readonly string[]): readonly string[] {
  return given.flatMap((each) => {
    if (each.includes('+')) return [each];
    if (!existsSync(each))
      throw new LedgerError('invalid_input', `--key ${each} is neither a public key, like NAME+1a2b3c4d+…, nor a file that holds one`);
    return readText(each)
      .split('\n')
      .filter((line) => line.trim() !== '');
  });
}

export function readVerifiers(given: readonly string[]): readonly NoteVerifier[] {
  return readVerifierKeys(given).map(parseVerifierKey);
}

/** A year of checkpoints, one each minute, is 110 MB. */
const mostCheckpointBytes = 400 * 1024 * 1024;

export function readCheckpoints(paths: readonly string[]): readonly string[] {
  return paths.flatMap((path) => {
    const notes = splitNotes(readText(path, mostCheckpointBytes));
    if (notes.length === 0) throw new LedgerError('invalid_input', `${path} holds no checkpoint`);
    return notes;
  });
}
