// The colours of the console, in light and dark. A test computes their contrast: text at least 5.9:1, graphics 3.1:1.

/** On the light scheme, on the dark one. */
export type Pair = readonly [light: string, dark: string];

/** Behind other things. */
export const grounds: Readonly<Record<'ground' | 'card' | 'sunk', Pair>> = {
  ground: ['#f6f7f8', '#0e0f12'],
  card: ['#ffffff', '#16181c'],
  sunk: ['#eff1f3', '#1d2025'],
};

/** Text. Each stands on every ground. */
export const inks: Readonly<Record<'ink' | 'soft', Pair>> = {
  ink: ['#14171c', '#eceef2'],
  soft: ['#535963', '#a9b0bc'],
};

/** Text in a tone, on the grounds and on its own wash. */
export const tones: Readonly<Record<'accent' | 'ok' | 'warn' | 'bad' | 'info', Pair>> = {
  accent: ['#3546c8', '#a9b5ff'],
  ok: ['#115f39', '#74d9a4'],
  warn: ['#7b440a', '#f3bb70'],
  bad: ['#a82117', '#ff9f95'],
  info: ['#195594', '#8fc4ff'],
};

export const washes: Readonly<Record<keyof typeof tones, Pair>> = {
  accent: ['#edf0ff', '#1d2242'],
  ok: ['#e5f5ec', '#11291d'],
  warn: ['#fdf2de', '#2d2211'],
  bad: ['#fdebe9', '#361917'],
  info: ['#e7f1fb', '#132639'],
};

/** Text on the accent, as on the main button. */
export const accentInk: Pair = ['#ffffff', '#12173d'];

/** Borders of what can be pressed, and bars. Hair lines (`line`) only part things, and mean nothing. */
export const graphics: Readonly<Record<'edge' | 'webhook' | 'poll' | 'query' | 'manual', Pair>> = {
  edge: ['#7d838e', '#7b818f'],
  webhook: ['#5666dd', '#7d8dff'],
  poll: ['#b0640a', '#f3b65c'],
  query: ['#0f8576', '#58dcc8'],
  manual: ['#3b404a', '#d4d8e0'],
};

const line: Pair = ['#e2e5ea', '#292d34'];

const all: readonly (readonly [string, Pair])[] = [
  ...Object.entries({ ...grounds, ...inks, ...tones, ...graphics, line, 'accent-ink': accentInk }),
  ...Object.entries(washes).map(([name, pair]) => [`${name}-wash`, pair] as const),
];

export const tokens: string = `:root {
color-scheme: light dark;
${all.map(([name, [light, dark]]) => `--${name}: light-dark(${light}, ${dark});`).join('\n')}
--r: .5rem;
--sans: system-ui, -apple-system, "Segoe UI", Roboto, "PingFang TC", "Microsoft JhengHei", "Noto Sans TC", sans-serif;
--mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
`;
