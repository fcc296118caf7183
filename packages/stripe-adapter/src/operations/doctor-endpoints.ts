// Checks where Stripe sends events to: webhook endpoints and event destinations, snapshot and thin.
import { defined } from '@paidonce/ledger/adapter';
import * as z from 'zod';
import { apiVersion as ours, releaseOf } from '../stripe/client.ts';
import { secondsSchema } from '../stripe/stripe-objects.ts';
import { type Diagnosis, good, problem, unknown } from './diagnosis.ts';
import { type ProbeOptions, probe, proveSecrets } from './doctor-probes.ts';

export interface EndpointsOptions extends ProbeOptions {
  /** The URL that Stripe should send webhooks to. Absent: every endpoint of the account is checked. */
  readonly webhookUrl?: string;
  /** Accounts with orders or subscriptions that are not the key's own: their events need an endpoint of their own. */
  readonly connectedAccounts: readonly string[];
  /** The types of event that an endpoint should have: lists of at most twenty. */
  readonly eventTypes: readonly (readonly string[])[];
}

const once = { apiVersion: ours, maxNetworkRetries: 0, timeout: 10_000 };
/** Stripe is still sending what is younger than this. */
const underWayMs = 15 * 60_000;
const lookBackMs = 3 * 24 * 3_600_000;

/** A webhook endpoint of /v1, or an event destination of /v2. */
interface Endpoint {
  readonly id: string;
  readonly url: string;
  readonly isEnabled: boolean;
  readonly status: string;
  /** By the names of snapshot events. */
  readonly types: readonly string[];
  readonly apiVersion?: string;
  readonly isThin: boolean;
  readonly isOfConnected: boolean;
}

const endpointSchema: z.ZodType<Endpoint> = z
  .object({
    id: z.string(),
    url: z.string(),
    status: z.string(),
    enabled_events: z.array(z.string()),
    api_version: z.string().nullable(),
    application: z.string().nullable().optional(),
  })
  .transform(({ id, url, status, enabled_events, api_version, application }) => ({
    id,
    url,
    status,
    isEnabled: status === 'enabled',
    types: enabled_events,
    isThin: false,
    isOfConnected: typeof application === 'string',
    ...defined({ apiVersion: api_version ?? undefined }),
  }));

const destinationSchema: z.ZodType<Endpoint> = z
  .object({
    id: z.string(),
    status: z.string(),
    enabled_events: z.array(z.string()),
    event_payload: z.string(),
    events_from: z.array(z.string()).optional(),
    snapshot_api_version: z.string().nullable().optional(),
    webhook_endpoint: z.object({ url: z.string() }),
  })
  .transform(({ id, status, enabled_events, event_payload, events_from = [], snapshot_api_version, webhook_endpoint: { url } }) => ({
    id,
    url,
    status,
    isEnabled: status === 'enabled',
    types: enabled_events.map((type) => type.replace(/^v1\./, '')),
    isThin: event_payload === 'thin',
    isOfConnected: events_from.some((from) => /accounts$/.test(from)),
    ...defined({ apiVersion: snapshot_api_version ?? undefined }),
  }));

const listSchema = z.object({ data: z.array(z.unknown()) });
const eventsSchema = z.object({
  data: z.array(z.object({ id: z.string(), type: z.string(), created: secondsSchema })),
  has_more: z.boolean(),
});

/** All that is checked of the way from Stripe to the shop. */
export async function checkEndpoints(options: EndpointsOptions): Promise<readonly Diagnosis[]> {
  const found: Diagnosis[] = [];
  const listed = await listEndpoints(options, found);
  const { webhookUrl } = options;
  const ours = listed.filter(({ url }) => webhookUrl === undefined || url === webhookUrl);
  if (ours.length === 0 && found.length === 0) {
    const elsewhere =
      listed.length === 0 ? 'there is none' : `none goes to ${webhookUrl}; there are ${listed.map(({ url }) => url).join(', ')}`;
    found.push(problem('webhook endpoint', elsewhere, 'Add one in the dashboard, for the address of POST /webhooks/stripe'));
  }
  const urls = [...new Set([...ours.map(({ url }) => url), ...(webhookUrl === undefined ? [] : [webhookUrl])])];
  for (const url of urls) found.push(...(await checkUrl(url, ours, options)));
  found.push(...(await proveSecrets(urls, options)), ...connected(ours, options), await undelivered(options));
  return found;
}

/** Lists both kinds. What cannot be listed is a diagnosis. */
async function listEndpoints({ stripe }: EndpointsOptions, found: Diagnosis[]): Promise<readonly Endpoint[]> {
  const all = new Map<string, Endpoint>();
  const list = async (what: string, right: string, schema: z.ZodType<Endpoint>, read: () => PromiseLike<unknown>) => {
    try {
      for (const object of listSchema.parse(await read()).data) {
        const { data } = schema.safeParse(object);
        if (data) all.set(data.id, { ...data, isOfConnected: data.isOfConnected || all.get(data.id)?.isOfConnected === true });
      }
    } catch (error) {
      found.push(unknown(what, error, `Give the key Read on ${right}, or look at them in the dashboard`));
    }
  };
  await list('event destinations', 'Event Destinations', destinationSchema, () =>
    stripe.rawRequest('GET', '/v2/core/event_destinations?limit=100&include[0]=webhook_endpoint.url', undefined, once),
  );
  await list('webhook endpoint', 'Webhook Endpoints', endpointSchema, () => stripe.webhookEndpoints.list({ limit: 100 }, once));
  return [...all.values()];
}

async function checkUrl(url: string, ours: readonly Endpoint[], options: EndpointsOptions): Promise<readonly Diagnosis[]> {
  const here = ours.filter((endpoint) => endpoint.url === url);
  const found = here.flatMap((endpoint) => diagnoseEndpoint(endpoint));
  if (here.length > 0) {
    // A snapshot endpoint and a thin destination may share an address, and the types between them.
    const covered = new Set(here.filter(({ isEnabled }) => isEnabled).flatMap(({ types }) => types));
    const missing = covered.has('*') ? [] : options.eventTypes.flat().filter((type) => !covered.has(type));
    found.push(
      missing.length === 0
        ? good(`${url}: event types`, 'all')
        : problem(
            `${url}: event types`,
            `without ${missing.join(', ')}`,
            'Add them to the endpoint; until then the poll finds what they would tell',
          ),
    );
  }
  return [...found, await probe(url, options)];
}

function diagnoseEndpoint({ url, isEnabled, status, isThin, apiVersion }: Endpoint): readonly Diagnosis[] {
  const what = isThin ? `${url} (thin)` : url;
  const enabled = isEnabled
    ? good(`${what}: enabled`, 'yes')
    : problem(
        `${what}: enabled`,
        status,
        'Stripe disables an endpoint that failed for days: enable it in the dashboard, then run `reconcile --repair`',
      );
  if (isThin) return [enabled]; // Each object is read in our own release.
  if (apiVersion === undefined || releaseOf(apiVersion) === releaseOf(ours))
    return [enabled, good(`${what}: API version`, apiVersion ?? "the account's")];
  const remedy = `Each webhook costs one read more; make a new endpoint with ${ours}`;
  return [enabled, problem(`${what}: API version`, `${apiVersion}, and PaidOnce reads ${ours}`, remedy)];
}

/** Events of connected accounts go to endpoints that were made for them, and to no other. */
function connected(ours: readonly Endpoint[], { connectedAccounts }: EndpointsOptions): readonly Diagnosis[] {
  if (connectedAccounts.length === 0) return [];
  const what = 'endpoint for connected accounts';
  const there = ours.find(({ isOfConnected, isEnabled }) => isOfConnected && isEnabled);
  if (there) return [good(what, there.url)];
  const remedy = 'Add one for events on connected accounts, with the same address, and its secret to webhookSecrets';
  return [problem(what, `none, and the ledger has orders or subscriptions on ${connectedAccounts.join(', ')}`, remedy)];
}

/** Events of the last days that an endpoint of the account did not take. */
async function undelivered({ stripe, runtime, eventTypes }: EndpointsOptions): Promise<Diagnosis> {
  const what = 'events delivered';
  const nowMs = runtime.now().getTime();
  const seconds = (ms: number): number => Math.floor(ms / 1_000);
  try {
    const created = { gte: seconds(nowMs - lookBackMs), lte: seconds(nowMs - underWayMs) };
    const lists = eventTypes.map((types) => stripe.events.list({ delivery_success: false, types: [...types], created, limit: 100 }, once));
    const pages = eventsSchema.array().parse(await Promise.all(lists));
    const events = pages.flatMap(({ data }) => data);
    const [newest] = events.toSorted((a, b) => b.created - a.created);
    if (newest === undefined) return good(what, 'all of the last 3 days');
    const count = pages.some(({ has_more }) => has_more) ? `more than ${events.length}` : String(events.length);
    const at = new Date(newest.created * 1_000).toISOString();
    return problem(
      what,
      `${count} of the last 3 days reached not every endpoint, the newest ${newest.id} (${newest.type}, ${at})`,
      'Look at the endpoint’s deliveries in the dashboard; the poll has found what they told, and `reconcile` proves it',
    );
  } catch (error) {
    return unknown(what, error, 'Give the key Read on Events');
  }
}
