// Icons as masks in the sheet: a page pays nothing for them, and they take the colour of the text. In forced colours they are
// drawn in the colour of text too.

const svg = (inside: string): string =>
  `url("data:image/svg+xml,${`<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'>${inside}</svg>`.replaceAll('<', '%3C').replaceAll('>', '%3E').replaceAll('#', '%23')}")`;
/** Shapes with holes. */
const solid = (path: string): string => svg(`<path fill-rule='evenodd' d='${path}'/>`);
const drawn = (inside: string): string => svg(`<g fill='none' stroke='#000' stroke-width='1.6'>${inside}</g>`);
const disc = 'M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Z';

const masks: Readonly<Record<string, string>> = {
  ok: solid(`${disc}m3.6 5.3-4.5 4.6L4.4 8.3l1.1-1.1 1.6 1.6 3.4-3.6z`),
  pause: solid(`${disc}M5.2 5h2v6h-2zm3.6 0h2v6h-2z`),
  x: solid(`${disc}M5.8 4.7 8 6.9l2.2-2.2 1.1 1.1L9.1 8l2.2 2.2-1.1 1.1L8 9.1l-2.2 2.2-1.1-1.1L6.9 8 4.7 5.8z`),
  ring: drawn("<circle cx='8' cy='8' r='6' stroke-dasharray='2.6 1.9'/>"),
  flag: solid('M8 .8 15.2 8 8 15.2.8 8zM7.2 4.3v4.5h1.6V4.3zm0 5.7v1.6h1.6V10z'),
  warn: solid('M8 1.2 15.6 14.6H.4zM7.2 6v4.1h1.6V6zm0 5.2v1.6h1.6v-1.6z'),
  clock: drawn("<circle cx='8' cy='8' r='6.2'/><path d='M8 4.2V8l2.6 1.6'/>"),
  hand: drawn("<path d='M2 5.5h12v8H2zM4.2 5.5V2.6h7.6v2.9M6 9.5h4'/>"),
  query: drawn("<circle cx='6.8' cy='6.8' r='4.6'/><path d='m10.3 10.3 4 4'/>"),
  bolt: svg("<path d='M9.6.8 2.8 9.2h4L6 15.2l7-8.6H8.8z'/>"),
  poll: drawn("<path d='M13.8 8A5.8 5.8 0 0 1 3.6 11.7M2.2 8A5.8 5.8 0 0 1 12.4 4.3M12.8 1.2v3.4H9.4M3.2 14.8v-3.4h3.4'/>"),
  user: svg("<circle cx='8' cy='4.8' r='3.3'/><path d='M1.6 15c.4-4 3-6 6.4-6s6 2 6.4 6z'/>"),
  shop: drawn("<path d='M2.6 7v6.8h10.8V7M1.4 6.6 3 2.2h10l1.6 4.4z'/>"),
  ext: drawn("<path d='M6 3H3v10h10v-3M9 2.6h4.4V7M13 3 7.4 8.6'/>"),
  copy: drawn("<path d='M5.5 5.5h8v8h-8zM10.5 2.5h-8v8'/>"),
};

export const icons: string = `.i::before {
content: ""; display: inline-block; flex: none; width: 1em; height: 1em; vertical-align: -.125em;
background: currentColor; mask: var(--i) center / contain no-repeat;
}
${Object.entries(masks)
  .map(([name, mask]) => `.i-${name} { --i: ${mask}; }`)
  .join('\n')}
@media (forced-colors: active) { .i::before { background: CanvasText; forced-color-adjust: none; } }
`;
