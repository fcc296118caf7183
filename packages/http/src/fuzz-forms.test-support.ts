// The console's forms, nearly as an operator sends them.
//
// A form that changes something is never fully honest where its sender may send it: it has one fault that must be refused. So no
// request of the fuzz may write, and the log must be the same afterwards. At the end the test sends each form without a fault, and
// it is done: so the fault alone is what refused it.
import { type FuzzedConsole, type FuzzedRoute, formText, type HonestForm, pathOf } from './fuzz-routes.test-support.ts';
import { operators } from './fuzz-shop.test-support.ts';
import {
  anyValue,
  consoleHeaders,
  type FuzzRequest,
  inPath,
  oddText,
  pick,
  type Random,
  unknownId,
  whole,
} from './fuzz-values.test-support.ts';

const formType = 'application/x-www-form-urlencoded';

type Fields = Readonly<Record<string, unknown>>;

/** A form before it is sent. A fault changes it. */
interface Draft {
  readonly route: FuzzedRoute;
  fields: Fields;
  params: Readonly<Record<string, string>>;
  method: string;
  headers: FuzzRequest['headers'];
  /** In place of the fields. */
  body?: string;
}
type Fault = (draft: Draft, random: Random) => void;

/** As the operator's browser sends it. */
export function sentForm(route: FuzzedRoute, fields: Fields): FuzzRequest {
  const headers = { authorization: operators.all, accept: 'text/html', 'sec-fetch-site': 'same-origin' };
  return requestOf({ route, fields, params: route.honest.params, method: 'POST', headers });
}

/** Refused by the route, for one field; where nothing is changed, honest. */
export function firstForm(random: Random, route: FuzzedRoute, form: HonestForm): FuzzRequest {
  const { fields } = form;
  return sentForm(route, route.route.may === 'read' ? fields : { ...fields, reason: unusable(random) });
}

interface FormSender {
  readonly route: FuzzedRoute;
  readonly form: HonestForm;
  readonly authorization: string;
  /** The sender may not send it, so that it needs no fault. */
  readonly mayBeHonest: boolean;
}

export function formRequest(random: Random, console: FuzzedConsole, { route, form, authorization, mayBeHonest }: FormSender): FuzzRequest {
  const isHarmless = mayBeHonest || route.route.may === 'read';
  const headers = { ...consoleHeaders(random, authorization), 'sec-fetch-site': 'same-origin' };
  const draft: Draft = { route, fields: { ...form.fields }, params: route.honest.params, method: 'POST', headers };
  for (const name of Object.keys(form.fields)) if (random() < 0.1) draft.fields = { ...draft.fields, [name]: anyField(random, console) };
  if (!isHarmless || random() < 0.5) pick(random, faultsOf(route, form))(draft, random);
  if (draft.body === undefined && random() < 0.25) {
    draft.headers = { 'content-type': 'application/json', ...draft.headers };
    draft.body = JSON.stringify(draft.fields);
  }
  return requestOf(draft);
}

function requestOf({ route, fields, params, method, headers, body }: Draft): FuzzRequest {
  const texts = Object.entries(fields).map(([name, value]) => [name, Array.isArray(value) ? value.map(String) : String(value)] as const);
  return {
    kind: 'operator',
    method,
    path: pathOf(route.route, params),
    headers: { 'content-type': formType, ...headers },
    body: Buffer.from(body ?? formText(Object.fromEntries(texts))),
    route: route.name,
  };
}

function anyField(random: Random, console: FuzzedConsole): unknown {
  const text = (): string => anyValue(random, console);
  return pick<() => unknown>(random, [text, text, text, () => [text(), text()], () => null, () => ({ a: [] }), () => true, () => 1e308])();
}

/** No field of any form takes it: no id, number, time, zone, word or plain reason has a control character, or is so long. */
function unusable(random: Random): string {
  const length = pick(random, [501, 501, 501, 70_000]) + whole(random, 3_000);
  return pick(random, [() => `x${oddText(random, 8)}\u0000${oddText(random, 8)}x`, () => 'y'.repeat(length)])();
}

/** Those that this form must be refused for. */
function faultsOf({ honest, route }: FuzzedRoute, { fields, hasNews }: HonestForm): readonly Fault[] {
  const hasParams = Object.keys(honest.params).length > 0;
  // Only a person who asks Stripe may leave the reason out, and is not asked about an address in it.
  const isSigned = !route.pattern.endsWith('recheck') && 'reason' in fields;
  return [
    ...[wrongField, wrongField, wrongField, otherOrigin, otherMethod, otherType, cutJson],
    ...(hasParams ? [unknownPath] : []),
    ...(isSigned ? [address, noReason] : []),
    ...(route.pattern === 'recheck' ? [unknownObject, unknownObject] : []),
    ...(hasNews ? [stale, stale, stale] : []),
  ];
}

const wrongField: Fault = (draft, random) => {
  draft.fields = { ...draft.fields, [pick(random, Object.keys(draft.fields))]: unusable(random) };
};
const noReason: Fault = (draft, random) => {
  const { reason, ...others } = draft.fields;
  draft.fields = random() < 0.5 ? others : { ...others, reason: ' ' };
};
const address: Fault = (draft, random) => {
  draft.fields = { ...draft.fields, reason: `${oddText(random, 4)} ada@shop.example` };
};
/** Who sends it has seen the first event alone. */
const stale: Fault = (draft) => {
  draft.fields = { ...draft.fields, seenRevision: '0' };
};
const unknownPath: Fault = (draft, random) => {
  draft.params = { ...draft.params, [pick(random, Object.keys(draft.params))]: `no-${inPath(random)}` };
};
/** Stripe is asked, and has none. */
const unknownObject: Fault = (draft, random) => {
  draft.fields = { ...draft.fields, id: unknownId(random) };
};
const otherOrigin: Fault = (draft, random) => {
  const { 'sec-fetch-site': _, ...headers } = draft.headers;
  const site = pick(random, ['cross-site', 'same-site', 'none', oddText(random, 2)]);
  const origin = pick(random, ['https://evil.example', 'null', oddText(random, 4)]);
  draft.headers = { ...headers, ...(random() < 0.5 ? { 'sec-fetch-site': site } : { origin }) };
};
const otherMethod: Fault = (draft, random) => {
  draft.method = pick(random, ['PUT', 'PATCH', 'DELETE']);
};
/** Another type, or one that the body is not of. */
const otherType: Fault = (draft, random) => {
  const type = pick(random, ['text/plain', 'application/json;', 'multipart/form-data; boundary=x', `x${oddText(random, 2)}`]);
  draft.headers = { ...draft.headers, 'content-type': type };
  draft.body = 'reason=1';
};
/** Never empty: a recheck needs no field. */
const cutJson: Fault = (draft, random) => {
  const text = JSON.stringify(draft.fields);
  draft.headers = { ...draft.headers, 'content-type': 'application/json' };
  draft.body = text.slice(0, 1 + whole(random, text.length - 1));
};
