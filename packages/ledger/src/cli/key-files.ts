// Reads the files that a command line names: keys, checkpoints and other texts.
import { existsSync, readFileSync } from 'node:fs';
import { splitNotes } from '../audit/checkpoint/signed-checkpoint.ts';
import { type NoteSigner, type NoteVerifier, parseSignerKey, parseVerifierKey } from '../audit/checkpoint/signed-note.ts';
import { LedgerError } from '../errors.ts';

/** Reads a text file. @throws LedgerError `invalid_input`: it cannot be read; the message has its name. */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new LedgerError('invalid_input', `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Makes the LedgerError `invalid_input` for a new file that could not be written. */
export function notWritten(path: string, error: unknown): LedgerError {
  if (error instanceof Error && 'code' in error && error.code === 'EEXIST')
    return new LedgerError('invalid_input', `${path} exists. It was left as it is; name a new file.`);
  return new LedgerError('invalid_input', `${path} cannot be written: ${error instanceof Error ? error.message : String(error)}`);
}

/** Reads private keys from files. A private key is never an argument, because other users can see arguments. */
export function readSigners(paths: readonly string[]): readonly NoteSigner[] {
  return paths.map((path) => parseSignerKey(readText(path).trim()));
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

export function readCheckpoints(paths: readonly string[]): readonly string[] {
  return paths.flatMap((path) => {
    const notes = splitNotes(readText(path));
    if (notes.length === 0) throw new LedgerError('invalid_input', `${path} holds no checkpoint`);
    return notes;
  });
}
