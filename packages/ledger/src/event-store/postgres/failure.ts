// Decides what a failure means for the call: to try again, to refuse it, or that the log went back. PostgreSQL names its
// failures by SQLSTATE; what it did not name is a connection that is lost.
import { LedgerError, type LedgerErrorCode } from '../../errors.ts';
import { isolationCode, replicaCode, wentBackCode } from './append-function.ts';

export type FailureMeaning =
  /** The event that the caller knows is not in the log. */
  | { readonly kind: 'went_back' }
  /** The default isolation is not READ COMMITTED. */
  | { readonly kind: 'isolation' }
  | {
      readonly kind: 'again';
      /** The code, once the time is over. */
      readonly code: 'store_busy' | 'store_unavailable';
      /** What happened and what to check, as sentences without the last full stop. */
      readonly advice: string;
      /** True: the connection cannot be used any more. */
      readonly lost: boolean;
      /** True: an append that was sent may be stored, or may still be. */
      readonly doubt: boolean;
      /** True: the settings are wrong. While a store opens, another attempt does not help. */
      readonly permanent: boolean;
    }
  /** Another attempt would get the same answer. Nothing was written by this one. */
  | { readonly kind: 'refused'; readonly code: LedgerErrorCode; readonly what: string };

/** No answer came in time, or no connection; or the server cannot know the answer yet. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered';
}

/** There is no connection: nothing was sent on one. */
export class NotConnected extends Error {
  override readonly name = 'NotConnected';
}

interface DriverError {
  readonly code?: unknown;
  readonly message?: unknown;
}

/** Decides what an error means. Undefined: it is a bug, and keeps its stack. */
export function meaningOf(error: unknown): FailureMeaning | undefined {
  if (error instanceof NotConnected) return ofNoConnection(error.cause);
  if (
    error instanceof LedgerError ||
    error instanceof TypeError ||
    error instanceof RangeError ||
    error instanceof ReferenceError ||
    error instanceof SyntaxError
  ) {
    return undefined;
  }
  const { code, message } = (error ?? {}) as DriverError;
  return typeof code === 'string' && isState(code) ? ofState(code, firstLine(message)) : lost(adviceOn(error));
}

/** A SQLSTATE: five characters. No class of them begins with E, as the names of Node's failures do (EPIPE). */
function isState(code: string): boolean {
  return /^(?!E)[0-9A-Z]{5}$/.test(code);
}

/** Nothing that keeps a connection away says anything of the log; a pooler answers its own failures with any SQLSTATE. */
function ofNoConnection(cause: unknown): FailureMeaning | undefined {
  const meaning = meaningOf(cause);
  if (meaning?.kind === 'again') return { ...meaning, doubt: false };
  const isOfRights = (cause as DriverError | undefined)?.code === noRight;
  return meaning?.kind === 'refused' && !isOfRights ? again('store_unavailable', meaning.what) : meaning;
}

/** The role lacks a right. */
const noRight = '42501';

// biome-ignore format: a table
const STATES: readonly (readonly [RegExp, (code: string, message: string) => FailureMeaning])[] = [
  [new RegExp(`^${wentBackCode}$`),       () => ({ kind: 'went_back' })],
  [new RegExp(`^${isolationCode}$`),      () => ({ kind: 'isolation' })],
  [new RegExp(`^(${replicaCode}|25006)$`), () => ({ ...again('store_unavailable', readOnlyServer), lost: true })],
  [/^55P03$/,                             () => again('store_busy', lockHeld)],
  [/^57014$/,                             (_, message) => again('store_busy', `PostgreSQL cancelled it (${message}). Is statement_timeout of this role below what a busy server needs?`)],
  [/^40/,                                 (_, message) => again('store_busy', `PostgreSQL rolled it back (${message})`)],
  [/^53300$/,                             () => ({ ...lost('The server has no connection left. Raise max_connections, use a smaller pool, or a pooler'), doubt: false })],
  [/^(53100|53200)$/,                     (_, message) => ({ kind: 'refused', code: 'store_full', what: `PostgreSQL: ${message}. Make room, then send it again` })],
  [/^28/,                                 (_, message) => ({ ...lost(`PostgreSQL refused the role (${message}). Check user and password in the URL, and pg_hba.conf`), doubt: false, permanent: true })],
  [/^3D/,                                 (_, message) => ({ ...lost(`PostgreSQL: ${message}. Check the database's name at the end of the URL`), doubt: false, permanent: true })],
  [/^(08|57P|25P0|58)/,                   (_, message) => lost(`The connection ended (${message})`)],
  [/^XX000$/,                             (_, message) => lost(`PostgreSQL or its pooler failed (${message}). Look at its log`)],
  [/^(XX001|XX002|23...)$/,               (code, message) => ({ kind: 'refused', code: 'corrupt', what: `PostgreSQL ${code}: ${message}. Stop the writers, and keep the database as it is` })],
  [/^(42P01|42883|3F000)$/,               (_, message) => ({ ...lost(`PostgreSQL: ${message}. Was the schema dropped, or is this a replica that does not have it yet?`), doubt: false })],
  [new RegExp(`^${noRight}$`),            (_, message) => ({ kind: 'refused', code: 'store_unavailable', what: `PostgreSQL: ${message}. Was a right of this role taken away? Restart the process: opening says what is missing` })],
];

const readOnlyServer =
  'The server is a read replica, or transactions of this role are read only. Name the primary (with several hosts: the address that follows it)';
const lockHeld =
  'Another session holds the lock of the log: a standby that does not confirm, or a transaction that was left open (pg_locks, locktype advisory)';

function ofState(code: string, message: string): FailureMeaning {
  const row = STATES.find(([pattern]) => pattern.test(code));
  return (
    row?.[1](code, message) ?? {
      kind: 'refused',
      code: 'store_unavailable',
      what: `PostgreSQL ${code}: ${message}. Look at the server's log`,
    }
  );
}

type Again = Extract<FailureMeaning, { kind: 'again' }>;

/** The server said that nothing was written. */
function again(code: Again['code'], advice: string): Again {
  return { kind: 'again', code, advice, lost: false, doubt: false, permanent: false };
}

function lost(advice: string | { readonly advice: string; readonly permanent: boolean }): Again {
  const said = typeof advice === 'string' ? { advice, permanent: false } : advice;
  return { kind: 'again', code: 'store_unavailable', lost: true, doubt: true, ...said };
}

// What the layers below report, and the advice for it. The first row that matches is used.
// biome-ignore format: a table
const ADVICE: readonly (readonly [RegExp, string, boolean])[] = [
  [/ENOTFOUND|EAI_AGAIN/,                          'The host is not known. Check the host in the URL', false],
  [/ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ENOENT/, 'Nobody listens there. Check host and port in the URL, and that the server runs', false],
  [/timeout exceeded when trying|connection timeout/, 'There was no connection in time: the server does not answer, or all connections of the pool are in use', false],
  [/does not support SSL/,                         'The server does not speak TLS. Write ?sslmode=disable, if the network is your own', true],
  [/certificate|CERT_|self.signed|altname/i,       "The server's certificate is not trusted. Name its CA in the URL (?sslrootcert=ca.crt), and the host as the certificate does", true],
  [/SASL|password must be a string/,               'The password is missing or cannot be used. Check user and password in the URL', true],
];

function adviceOn(error: unknown): { readonly advice: string; readonly permanent: boolean } {
  if (error instanceof Unanswered) return { advice: error.message, permanent: false };
  const { code, message } = (error ?? {}) as DriverError;
  const text = `${String(code ?? '')} ${String(message ?? '')}`;
  const row = ADVICE.find(([pattern]) => pattern.test(text));
  if (row) return { advice: row[1], permanent: row[2] };
  return {
    advice: `The connection broke (${firstLine(message) || firstLine(code) || 'without a word'}). Look at the server's log`,
    permanent: false,
  };
}

function firstLine(text: unknown): string {
  return typeof text === 'string' ? (text.split('\n', 1)[0] ?? '').slice(0, 200) : '';
}

export interface FailedCall {
  /** The call's name: `order-1: the append`. */
  readonly what: string;
  readonly meaning: FailureMeaning;
  readonly error: unknown;
  /** True: an attempt was sent whose outcome is not known. */
  readonly inDoubt: boolean;
  readonly timeoutMs: number;
}

/** The error of a call whose time is over, or that was refused. The message says what is known of what was to be written. */
export function callFailed({ what, meaning, error, inDoubt, timeoutMs }: FailedCall): LedgerError {
  const written = inDoubt ? 'It may be stored or not; sending it again with the same ids settles it.' : 'Nothing was written.';
  const failed = (code: LedgerErrorCode, said: string): LedgerError =>
    new LedgerError(inDoubt && code !== 'corrupt' ? 'store_unavailable' : code, `${what} ${said}. ${written}`, { cause: error });
  if (meaning.kind === 'again') return failed(meaning.code, `got no answer within ${timeoutMs / 1_000} s. ${meaning.advice}`);
  if (meaning.kind === 'refused') return failed(meaning.code, `was refused. ${meaning.what}`);
  return failed('store_unavailable', `was answered with what makes no sense here (${meaning.kind}). Look at the log of the server`);
}
