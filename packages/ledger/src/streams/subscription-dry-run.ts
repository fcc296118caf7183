// Dry runs of the one write path of subscriptions. It is the writer itself, on streams that keep what it would have written and on
// references that link nothing: so reports, imports and comparisons need no second set of rules.
import type { AdapterSubscriptions } from '../adapter-subscriptions.ts';
import { defined } from '../defined.ts';
import { parse } from '../input.ts';
import { SubscriptionWriter } from '../observe-subscription.ts';
import type { Runtime } from '../runtime.ts';
import { subscriptionObservationSchema } from '../subscription/observation-schemas.ts';
import type { SubscriptionPolicy } from '../subscription/policy.ts';
import type { SubscriptionState } from '../subscription/subscription.ts';
import { subscriptionViewOf } from '../subscription/view.ts';
import { readImport } from '../subscription-calls.ts';
import type { References } from './reference-streams.ts';
import { decideAll, type SubscriptionStreams } from './subscription-streams.ts';

export type SubscriptionDryRuns = Pick<AdapterSubscriptions, 'wouldObserve' | 'wouldImport'>;

interface DryRunParts {
  readonly references: References;
  readonly subscriptions: Pick<SubscriptionStreams, 'read'>;
  readonly policy: SubscriptionPolicy;
  readonly runtime: Runtime;
}

/** A writer for one call, and the states that it leads to. */
interface DryWriter {
  readonly writer: SubscriptionWriter;
  /** As it would stand now. */
  read(subscriptionId: string): Promise<SubscriptionState>;
}

/** Nobody is named in what is not written. */
const nobody = { actor: 'preview', reason: 'preview' };

export function openSubscriptionDryRuns(parts: DryRunParts): SubscriptionDryRuns {
  const { subscriptions, policy } = parts;

  async function viewsOf(subscriptionId: string, dry: DryWriter) {
    const [before, after] = [await subscriptions.read(subscriptionId), await dry.read(subscriptionId)];
    return defined({ before: subscriptionViewOf(before, policy), after: subscriptionViewOf(after, policy) });
  }

  return {
    wouldObserve: async (observation) => {
      const dry = openDryWriter(parts);
      const result = await dry.writer.observe(parse(subscriptionObservationSchema, observation, 'observation'));
      return { result, ...('subscriptionId' in result ? await viewsOf(result.subscriptionId, dry) : {}) };
    },
    wouldImport: async (subscription, read) => {
      const dry = openDryWriter(parts);
      const { placed, said } = readImport(subscription, read, policy);
      const result = await dry.writer.import(placed, said, nobody);
      return { result, ...(await viewsOf(placed.subscriptionId, dry)) };
    },
  };
}

function openDryWriter({ references, subscriptions, policy, runtime }: DryRunParts): DryWriter {
  const states = new Map<string, SubscriptionState>();
  const read = async (subscriptionId: string): Promise<SubscriptionState> =>
    states.get(subscriptionId) ?? (await subscriptions.read(subscriptionId));
  const linkSubscription = references.wouldLinkSubscription;
  const dryReferences = { ...references, linkSubscription }; // Of the others only `hold` writes, and that is for a payment by itself.
  const dryStreams = {
    read,
    command: async (subscriptionId: string, _cause: string, ...commands: Parameters<typeof decideAll>[1]) => {
      const answer = decideAll(await read(subscriptionId), commands, policy);
      states.set(subscriptionId, answer.state);
      return answer;
    },
  };
  return { writer: new SubscriptionWriter(dryReferences, dryStreams, runtime), read };
}
