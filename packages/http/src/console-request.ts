// What the console reads from a request beside its path: the language and time zone to show, who may change something, and the
// fields of a form or of JSON.

import { isId } from '@paidonce/ledger/adapter';
import { type Language, languages, type Operator, type Permission } from './console-call.ts';

/** A request as an edge passes it on, before its body is read. */
export interface ConsoleRequest {
  readonly method: string;
  /** What follows the mount in the path, not decoded: empty, or from the slash on. */
  readonly below: string;
  /** The last part of the mount's path: `payments`. */
  readonly mountName: string;
  /** With its `?`, or empty. */
  readonly search: string;
  /** The host that the client asked for, with its port. */
  readonly host: string | undefined;
  /** Where the client calls from, for the log. Absent: the edge does not know it. */
  readonly address?: string;
  header(name: string): string | undefined;
}

/**
 * True if the request may change something and comes from another site. A browser sends cookies with a form from any site, so it
 * must come from our own pages. Browsers state its origin in `Sec-Fetch-Site`, older ones in `Origin`. A client that sends
 * neither is no browser, and carries no cookie that another site could use.
 */
export function isCrossSite({ method, host, header }: ConsoleRequest): boolean {
  if (method === 'GET' || method === 'HEAD') return false;
  const site = header('sec-fetch-site');
  if (site !== undefined) return site !== 'same-origin';
  const origin = header('origin');
  if (origin === undefined) return false;
  return !URL.canParse(origin) || new URL(origin).host !== host;
}

export const badActor = 'authenticate answered an actor that is no id (1 to 128 of A-Z a-z 0-9 . _ : -)';
const permissions: readonly Permission[] = ['read', 'repair', 'money'];

/** Undefined: nobody. A text: why nobody is let in, for the log; it is a mistake of the host's `authenticate`. */
export function admitted(
  operator: Operator | undefined,
): { readonly actor: string; readonly may: ReadonlySet<Permission> } | string | undefined {
  if (!operator?.actor) return undefined;
  const { actor, may = permissions } = operator;
  // Otherwise the ledger would refuse the actor's id, after they have filled in a form.
  if (!isId(actor)) return badActor;
  if (!Array.isArray(may) || may.some((word) => !permissions.includes(word)))
    return `authenticate answered in "may" something else than ${permissions.join(', ')}`;
  return { actor, may: new Set(may) };
}

export function languageOf(header: ConsoleRequest['header']): Language {
  const chosen = cookieIn(header('cookie'), languageCookie);
  return languages.find((language) => language === chosen) ?? preferredOf(header('accept-language') ?? '');
}

/** The best of the languages that we have: the first of those with the highest weight. */
function preferredOf(accepted: string): Language {
  const wanted = accepted
    .split(',')
    .slice(0, 20)
    .map((part) => {
      const [tag = '', ...parameters] = part.trim().toLowerCase().split(';');
      const weight = parameters.map((parameter) => /^\s*q=([01](?:\.\d{0,3})?)\s*$/.exec(parameter)?.[1]).find((found) => found);
      return { language: ofTag(tag.trim()), weight: weight === undefined ? 1 : Number(weight) };
    })
    .filter(({ weight }) => weight > 0)
    .toSorted((a, b) => b.weight - a.weight);
  return wanted.find(({ language }) => language)?.language ?? 'en';
}

/** Simplified Chinese gets English: its readers know that better than the other script. */
function ofTag(tag: string): Language | undefined {
  if (/^en(-|$)/.test(tag) || tag === 'zh-cn' || /^zh-hans(-|$)/.test(tag) || tag === 'zh-sg') return 'en';
  return /^zh(-|$)/.test(tag) ? 'zh-TW' : undefined;
}

export function timeZoneOf(header: ConsoleRequest['header']): string {
  const chosen = cookieIn(header('cookie'), timeZoneCookie);
  return chosen !== undefined && isTimeZone(chosen) ? chosen : 'UTC';
}

export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}

const languageCookie = 'paidonce_lang';
const timeZoneCookie = 'paidonce_tz';

/** Without a path: a browser keeps it for the console alone, also where a proxy has put the console elsewhere. */
export function preferenceCookies(chosen: { readonly language?: Language; readonly timeZone?: string }): readonly string[] {
  const kept = 'Max-Age=31536000; HttpOnly; SameSite=Lax';
  return [
    ...(chosen.language === undefined ? [] : [`${languageCookie}=${chosen.language}; ${kept}`]),
    ...(chosen.timeZone === undefined ? [] : [`${timeZoneCookie}=${encodeURIComponent(chosen.timeZone)}; ${kept}`]),
  ];
}

function cookieIn(header: string | undefined, name: string): string | undefined {
  const pair = header
    ?.split(';')
    .map((part) => part.trim())
    .find((part) => part.startsWith(`${name}=`));
  return pair === undefined ? undefined : decoded(pair.slice(name.length + 1));
}

/** Undefined: it is not percent-encoded text. */
export function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** The body of a request: bytes with their type, or what a parser of the host made of them. */
export type RequestBody = { readonly bytes: Uint8Array; readonly type: string | undefined } | { readonly parsed: unknown };

/** The fields of a form or of a JSON object; a number is the status of the refusal: 413, a form has too many fields. */
export function fieldsOf(body: RequestBody): Readonly<Record<string, unknown>> | 400 | 413 | 415 {
  if ('parsed' in body) return isObject(body.parsed) ? body.parsed : 400;
  if (body.bytes.length === 0) return {};
  const type = body.type?.split(';')[0]?.trim().toLowerCase();
  if (type === 'application/x-www-form-urlencoded') return formFields(new TextDecoder().decode(body.bytes));
  if (type !== 'application/json') return 415;
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body.bytes));
    return isObject(value) ? value : 400;
  } catch {
    return 400;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** More than any form of ours has: a bulk run names up to 5,000 orders, each in a field. */
const mostFields = 6_000;

function formFields(text: string): Readonly<Record<string, unknown>> | 413 {
  const given = new URLSearchParams(text);
  if (given.size > mostFields) return 413;
  const fields = new Map<string, string[]>();
  for (const [name, value] of given) {
    const values = fields.get(name);
    if (values) values.push(value);
    else fields.set(name, [value]);
  }
  return Object.fromEntries([...fields].map(([name, values]) => [name, values.length === 1 ? values[0] : values]));
}
