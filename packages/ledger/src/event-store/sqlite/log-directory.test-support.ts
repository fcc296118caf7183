// Makes a directory for the log files of one test, which is removed after it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { NewEvent } from '../event-store.ts';

export function newDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'paidonce-log-'));
}

export function newLogPath(): string {
  const directory = newDirectory();
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'ledger.db');
}

/** Makes one event whose stored text is about `bytes` long. */
export function eventOf(bytes: number): NewEvent {
  return { id: crypto.randomUUID(), type: 'Noted', data: { text: 'x'.repeat(bytes) }, metadata: { version: '1' } };
}
