// The version that a request asks for shapes its answer, and names what it may send. Of Stripe's many changes the sandbox makes
// two of a Checkout session: the names of `ui_mode`, and whether a line shows that its quantity can be changed.

/** The version whose shapes the sandbox's objects have: what `stripe@23.1` pins. */
export const shapesOf = '2026-10-28.endive';

const adjustableSince = '2026-02-25';
const renamedSince = '2026-03-25';
const formerUiModes = { hosted_page: 'hosted', embedded_page: 'embedded', elements: 'custom' } as const;
export type UiMode = keyof typeof formerUiModes;

/** The answer, as a client of this version gets it. */
export function shapedAnswer(answer: object, version: string): object {
  const day = version.slice(0, 10);
  return day < renamedSince ? (shaped(answer, day) as object) : answer;
}

function shaped(value: unknown, day: string): unknown {
  if (Array.isArray(value)) return value.map((each) => shaped(each, day));
  if (typeof value !== 'object' || value === null) return value;
  if ('object' in value && value.object === 'event') return value; // Its copy keeps the shape in which it was made.
  const fields = Object.entries(value).map(([name, field]) => [name, shaped(field, day)] as const);
  const { adjustable_quantity: _, ...older } = Object.fromEntries(fields) as Record<string, unknown>;
  if (older['object'] === 'item' && day < adjustableSince) return older;
  if (older['object'] === 'checkout.session') return { ...older, ui_mode: formerUiModes[older['ui_mode'] as UiMode] };
  return Object.fromEntries(fields);
}

/** Where a session is paid, by the names that this version has for it. */
export function uiModesOf(version: string): ReadonlyMap<string, UiMode> {
  const isFormer = version.slice(0, 10) < renamedSince;
  return new Map(Object.entries(formerUiModes).map(([name, former]) => [isFormer ? former : name, name as UiMode]));
}
