// The contrast of every pair that the sheet puts together, computed over the tokens: WCAG's formula, in both schemes.
import { describe, expect, test } from 'vitest';
import { accentInk, graphics, grounds, inks, type Pair, tokens, tones, washes } from './tokens.ts';

const schemes = ['light', 'dark'] as const;

function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

const pairs = (fronts: Readonly<Record<string, Pair>>, backs: Readonly<Record<string, Pair>>) =>
  Object.entries(fronts).flatMap(([front, inFront]) =>
    Object.entries(backs).flatMap(([back, behind]) =>
      schemes.map((scheme, at) => ({ what: `${front} on ${back}, ${scheme}`, ratio: contrast(inFront[at as 0 | 1], behind[at as 0 | 1]) })),
    ),
  );

/** Each tone on its own wash alone. */
const onOwnWash = Object.entries(tones).flatMap(([name, tone]) =>
  pairs({ [name]: tone }, { [`${name} wash`]: washes[name as keyof typeof washes] }),
);

test('black on white is 21, as the formula has it', () => {
  expect(contrast('#000000', '#ffffff')).toBe(21);
  expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2);
});

describe('text has at least 5.9:1', () => {
  test.each([
    ...pairs({ ...inks, ...tones }, grounds),
    ...onOwnWash,
    ...pairs({ ink: inks.ink }, washes),
    ...pairs({ 'ink of the main button': accentInk }, { accent: tones.accent }),
  ])('$what: $ratio', ({ ratio }) => {
    expect(ratio).toBeGreaterThanOrEqual(5.9);
  });
});

describe('graphics have at least 3.1:1', () => {
  test.each(pairs({ ...graphics, ...tones }, grounds))('$what: $ratio', ({ ratio }) => {
    expect(ratio).toBeGreaterThanOrEqual(3.1);
  });
});

test('the sheet takes each colour from one place', () => {
  for (const [name, [light, dark]] of Object.entries({ ...grounds, ...inks, ...tones, ...graphics }))
    expect(tokens).toContain(`--${name}: light-dark(${light}, ${dark});`);
});
