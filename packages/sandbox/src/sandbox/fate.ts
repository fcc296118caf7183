// What happens to the webhooks of one payment on their way from Stripe to the shop.

/**
 * - `delivered`: as Stripe does it, retried on failure.
 * - `lost`: the event exists and can be listed, and no delivery is ever tried.
 * - `doubled`: each event is sent five times, at once.
 * - `late`: sent `late:N` seconds later (`late` alone: 10).
 * - `reordered`: nothing is sent until the payment has ended; then newest first, one after the other.
 * - `never_made`: Stripe failed to create the event at all; only the objects show the payment.
 */
export type Fate = 'delivered' | 'lost' | 'doubled' | 'late' | `late:${number}` | 'reordered' | 'never_made';

export const FATE_NAMES = ['delivered', 'lost', 'doubled', 'late', 'reordered', 'never_made'] as const;
export type FateName = (typeof FATE_NAMES)[number];

export const DOUBLED_TIMES = 5;
export const LATE_SECONDS = 10;
const LATEST_SECONDS = 30 * 24 * 3_600;

/** Undefined: the text is no fate. */
export function parseFate(text: string): Fate | undefined {
  const [name, seconds, ...more] = text.trim().split(':');
  const known = FATE_NAMES.find((fate) => fate === name);
  if (known === undefined || more.length > 0) return undefined;
  if (seconds === undefined) return known;
  const wait = Number(seconds);
  return known === 'late' && seconds !== '' && Number.isFinite(wait) && wait >= 0 && wait <= LATEST_SECONDS ? `late:${wait}` : undefined;
}

export function fateName(fate: Fate): FateName {
  return fate.startsWith('late') ? 'late' : (fate as FateName);
}

/** Milliseconds. Zero for every fate except `late`. */
export function delayMs(fate: Fate): number {
  if (fateName(fate) !== 'late') return 0;
  return Number(fate.split(':')[1] ?? LATE_SECONDS) * 1_000;
}

/** The metadata key that gives an object its fate when it is created. */
export const FATE_METADATA = 'sandbox_fate';

export function fateInMetadata(metadata: Readonly<Record<string, string>> | null | undefined): Fate | undefined {
  const text = metadata?.[FATE_METADATA];
  return text === undefined ? undefined : parseFate(text);
}
