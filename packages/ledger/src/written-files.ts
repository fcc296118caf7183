// How files are written that a command line or an option names: never over another file, never through a link (somebody who may
// write in the folder could lead us to any file of ours), and never readable for everybody: a log names members and payments.
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { LedgerError } from './errors.ts';

/** Owner and group; the process's umask may take more away. */
export const fileMode = 0o640;
// On Windows there is no such flag.
const noFollow = constants.O_NOFOLLOW ?? 0;

/** Writes a new file. @throws LedgerError `invalid_input`: something stands at the path, also a link, or it cannot be written. */
export function writeNewFile(path: string, text: string, mode: number = fileMode): void {
  let file: number | undefined;
  try {
    file = openSync(path, 'wx', mode); // With O_EXCL, a link is something that stands there.
    writeFileSync(file, text);
  } catch (error) {
    if (file !== undefined) rmSync(path, { force: true }); // A part of a key is none, and would stand in the way of the next try.
    throw notWritten(path, error);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Appends to a file, or makes it. @throws LedgerError `invalid_input`: the path is a link, or cannot be written. */
export function appendToFile(path: string, text: string): void {
  let file: number | undefined;
  try {
    file = openSync(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | noFollow, fileMode);
    writeFileSync(file, text);
  } catch (error) {
    throw notWritten(path, error);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/**
 * Makes an empty file for SQLite, so that neither it nor the files beside it can be read by everybody. Leaves what is there as it
 * is, and any failure to SQLite, whose message says more.
 */
export function makePrivately(path: string): void {
  try {
    closeSync(openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, fileMode));
  } catch {
    // SQLite opens what stands there, or says why it cannot.
  }
}

/** @throws LedgerError `invalid_input`: the path is a link. */
export function refuseLink(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true) throw notWritten(path, { code: 'ELOOP' });
}

/** Makes the LedgerError `invalid_input` for a file that could not be written. */
export function notWritten(path: string, error: unknown): LedgerError {
  const code = (error as { readonly code?: unknown } | undefined)?.code;
  if (code === 'EEXIST') return new LedgerError('invalid_input', `${path} exists. It was left as it is; name a new file.`);
  if (code === 'ELOOP') return new LedgerError('invalid_input', `${path} is a link. It was left as it is; name the file itself.`);
  return new LedgerError('invalid_input', `${path} cannot be written: ${error instanceof Error ? error.message : String(error)}`);
}

/**
 * Reads a text file, or a pipe, up to a size: memory has an end, and a device has none.
 * @throws LedgerError `invalid_input`: it cannot be read, or is larger; the message has its name.
 */
export function readText(path: string, mostBytes: number = 64 * 1024 * 1024): string {
  let file: number | undefined;
  try {
    file = openSync(path, constants.O_RDONLY);
    if (fstatSync(file).isDirectory()) throw new Error('it is a folder');
    return decoded(file, mostBytes, path);
  } catch (error) {
    if (error instanceof LedgerError) throw error;
    throw new LedgerError('invalid_input', `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

const chunkBytes = 1024 * 1024;

function decoded(file: number, mostBytes: number, path: string): string {
  const chunks: Buffer[] = [];
  for (let size = 0; ; ) {
    const chunk = Buffer.allocUnsafe(chunkBytes);
    const read = readSync(file, chunk, 0, chunkBytes, null);
    if (read === 0)
      return Buffer.concat(chunks)
        .toString('utf8')
        .replace(/^\ufeff/, '');
    size += read;
    if (size > mostBytes) throw new LedgerError('invalid_input', `${path} holds more than ${mostBytes} bytes. Is it the right file?`);
    chunks.push(chunk.subarray(0, read));
  }
}
