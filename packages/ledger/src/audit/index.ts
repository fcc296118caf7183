// The entry point @paidonce/ledger/audit: what the command `paidonce` does, as functions. All of them only read the log
// that they get; `importNdjson`, `copyLedger` and `backUpLog` write to another place, `restoreLog` to that of a log. A function that reads a log throws
// LedgerError `corrupt` or `file_newer` if it meets an event that it cannot read, and what the store throws.

export { type CheckpointOptions, proveConsistency, type TakenCheckpoint, takeCheckpoint } from './checkpoint/checkpoint.ts';
export { type Checkpoint, type OpenedCheckpoint, openCheckpoint, splitNotes } from './checkpoint/signed-checkpoint.ts';
export { generateNoteKey, type NoteSigner, type NoteVerifier, parseSignerKey, parseVerifierKey } from './checkpoint/signed-note.ts';
export {
  type Compared,
  type CompareOptions,
  compareShop,
  type DifferenceKind,
  type LedgerMembership,
  type MembershipType,
  type Repair,
  type ShopDifference,
} from './compare/compare.ts';
export { type ShopMembership, shopMembershipsIn } from './compare/shop-memberships.ts';
export { backUpLog, type VerifiedBackup } from './copy/backup.ts';
export { type CopyOptions, type CopyPhase, type CopyResult, copyLedger, type TreeState } from './copy/copy.ts';
export { type RestoredLog, restoreLog } from './copy/restore.ts';
export { type ExplainOptions, type Explanation, explainHistory, explainMember, explainOrder } from './explain/explain.ts';
export {
  explainMemberSubscriptions,
  explainSubscription,
  explainSubscriptionHistory,
  type SubscriptionExplanation,
} from './explain/explain-subscription.ts';
export { explanationLines, type LineOptions as ExplanationLineOptions, memberLines } from './explain/explanation-lines.ts';
export type { Language } from './explain/language.ts';
export { reviewTitle, rowText } from './explain/row-text.ts';
export type { FoldedLine, RowBelow, RowText } from './explain/row-text-types.ts';
export type {
  AttachedRow,
  DecidedRow,
  DeliveryRow,
  DeliveryTold,
  EntryOf,
  NoteRow,
  ObservedRow,
  OpenedReview,
  PersonEntry,
  PersonRow,
  PlacedRow,
  ReportEntry,
  ReviewRow,
  Row,
} from './explain/row-types.ts';
export { rowsOf } from './explain/rows.ts';
export { type Sentence, type Span, sentenceText } from './explain/sentence.ts';
export {
  type Grant,
  type Headline,
  headlineOf,
  headlines,
  type OpenReviewAmounts,
  type Standing,
} from './explain/standing.ts';
export { subscriptionLines, subscriptionSummary } from './explain/subscription-lines.ts';
export { subscriptionRowText } from './explain/subscription-row-text.ts';
export {
  type SubscriptionEntry,
  type SubscriptionReviewTold,
  type SubscriptionRow,
  subscriptionRows,
} from './explain/subscription-rows.ts';
export type { Because, SourceReport, TimelineEntry, Verdict } from './explain/timeline.ts';
export { whyText } from './explain/why.ts';
export { type Accounts, defaultAccounts } from './export/accounts.ts';
export { csvLines } from './export/csv.ts';
export { type Fee, type Fees, feesIn } from './export/fees.ts';
export { type JournalEntry, type JournalOptions, journalEntries, type Posting } from './export/journal.ts';
export { type JournalFormat, journalWriter } from './export/journal-text.ts';
export { type ExportedSize, type ImportOptions, importNdjson, type LineOptions, ndjsonLines } from './export/ndjson.ts';
export { resolveAsOf } from './log/as-of.ts';
export { type LogReader, type ReadableStore, readerOf } from './log/log-reader.ts';
export type { LogRow } from './log/log-row.ts';
export { sqliteReader } from './log/sqlite-reader.ts';
export { type ReceiptOptions, takeReceipt, verifyReceiptDecisions } from './receipt/receipt.ts';
export { type Receipt, type ReceiptEvent, type VerifiedReceipt, verifyReceipt } from './receipt/receipt-verify.ts';
export type { Difference } from './replay/difference.ts';
export { type Replayed, type ReplayOptions, replayLog } from './replay/replay.ts';
export { type ResolvedId, type ResolveOptions, resolveId } from './resolve-id.ts';
export type { ScanPoolOptions } from './scan/scan-pool.ts';
export { type LogStats, logStats, type StatsOptions } from './stats.ts';
export { provesConsistency, type TreeHash } from './tree/merkle-tree.ts';
export type { Finding, Rule } from './verify/finding.ts';
export { type Verification, type VerifyOptions, verifyLog } from './verify/verify.ts';
export { readOrder, type Waiting, type WaitingOptions, waitingIn } from './waiting.ts';
