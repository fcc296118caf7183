// @paidonce/ledger/audit: what the command `paidonce` does, as functions. They read; `importNdjson`, `copyLedger` and
// `backUpLog` write, to a new place.
export { resolveAsOf } from './as-of.ts';
export { backUpLog, type VerifiedBackup } from './backup.ts';
export { type CheckpointOptions, proveConsistency, type TakenCheckpoint, takeCheckpoint } from './checkpoint.ts';
export { type CopyOptions, type CopyPhase, type CopyResult, copyLedger, type TreeState } from './copy.ts';
export { type ExplainOptions, type Explanation, explainHistory, explainMember, explainOrder } from './explain/explain.ts';
export { explanationLines, type Language, memberLines } from './explain/explanation-lines.ts';
export type { Because, Said, TimelineEntry, Verdict } from './explain/timeline.ts';
export { type Accounts, accountsWith, defaultAccounts } from './export/accounts.ts';
export { csvLines } from './export/csv.ts';
export { type Fee, type Fees, feesIn } from './export/fees.ts';
export { type JournalEntry, type JournalOptions, journalEntries, type Posting } from './export/journal.ts';
export { type JournalFormat, journalWriter } from './export/journal-text.ts';
export { type ExportedSize, type ImportOptions, importNdjson, type LineOptions, ndjsonLines } from './export/ndjson.ts';
export { type Leaf, leafHash, leafText } from './leaf.ts';
export { type LogReader, type LogRow, type ReadableStore, readerOf } from './log-reader.ts';
export { provesConsistency, provesInclusion, type TreeHash } from './merkle-tree.ts';
export { judgeReceipt, type ReceiptOptions, takeReceipt } from './receipt.ts';
export { type Receipt, type ReceiptEvent, type VerifiedReceipt, verifyReceipt } from './receipt-verify.ts';
export { type Replayed, type ReplayOptions, replayLog } from './replay.ts';
export type { Difference } from './replay-streams.ts';
export type { ScanPoolOptions } from './scan-pool.ts';
export { type Checkpoint, type OpenedCheckpoint, openCheckpoint, readCheckpoint, signCheckpoint, splitNotes } from './signed-checkpoint.ts';
export {
  generateNoteKey,
  type NoteSigner,
  type NoteVerifier,
  openNote,
  parseSignerKey,
  parseVerifierKey,
  signNote,
} from './signed-note.ts';
export { sqliteReader } from './sqlite-log.ts';
export { type LogStats, logStats, type StatsOptions } from './stats.ts';
export { type Finding, type Rule, rules } from './verify/finding.ts';
export { type Verification, type VerifyOptions, verifyLog } from './verify.ts';
