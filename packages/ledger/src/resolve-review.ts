// A person resolves a review. An order and a subscription differ in what they decide then; what is checked, and answered, is one.
import { parse, resolveSchema } from './input.ts';
import { givenActionSchema, type ManualAction } from './observation.ts';
import type { OrderCommand } from './order/decide.ts';
import type { Resolution } from './order/events.ts';

/** The streams of what has the review. */
interface Reviewed {
  command(id: string, cause: string, command: Extract<OrderCommand, { type: 'resolve' }>): Promise<ReviewedAnswer>;
}

interface ReviewedAnswer {
  readonly state: { readonly revision: number; readonly reviews: readonly { readonly reviewId: string; readonly resolution?: string }[] };
  /** That were added. */
  readonly events: readonly unknown[];
}

export interface AskedResolution {
  readonly reviewId: string;
  readonly how: { readonly resolution: Resolution; readonly seenRevision: number };
  readonly by: ManualAction;
  /** ISO 8601 UTC. */
  readonly at: string;
}

/** `stale`: it has news since `seenRevision`, or the review was resolved otherwise. `revision`: as it is now. */
export async function resolveReview(
  streams: Reviewed,
  id: string,
  { reviewId, how, by, at }: AskedResolution,
): Promise<{ readonly outcome: 'resolved' } | { readonly outcome: 'stale'; readonly revision: number }> {
  const { resolution, seenRevision } = parse(resolveSchema, how, 'how');
  const signed = parse(givenActionSchema, by, 'by');
  const command = { type: 'resolve', reviewId, resolution, seenRevision, by: signed, at } as const;
  const { state, events } = await streams.command(id, `resolve ${reviewId}`, command);
  // Where nothing was added, the same resolution again is no contradiction.
  const same = state.reviews.some((review) => review.reviewId === reviewId && review.resolution === resolution);
  return events.length > 0 || same ? { outcome: 'resolved' } : { outcome: 'stale', revision: state.revision };
}
