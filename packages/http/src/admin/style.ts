// The console's one style sheet. It is part of the page, and the content policy allows it by its hash.
import { createHash } from 'node:crypto';

export const style = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#fafaf9, #141413);
  --card: light-dark(#fff, #1d1d1b);
  --ink: light-dark(#1c1917, #f1f0ee);
  --soft: light-dark(#5f5a55, #a8a29e);
  --line: light-dark(#e4e2df, #34322f);
  --edge: light-dark(#8a8580, #7a756f);
  --accent: light-dark(#1d4ed8, #93b4ff);
  --accent-ink: light-dark(#fff, #0b1f4d);
  --warn: light-dark(#9a3412, #fdba74);
}
*, *::before, *::after { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 0 1.25rem 4rem; max-width: 64rem;
  background: var(--ground); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", sans-serif;
}
a { color: var(--accent); text-underline-offset: .2em; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: .5rem; padding: .5rem 1rem; background: var(--card); }
header { display: flex; flex-wrap: wrap; gap: .75rem 2rem; align-items: center; justify-content: space-between; padding: 1.5rem 0; }
header > a { color: inherit; font-weight: 650; text-decoration: none; }
header p { margin: 0; color: var(--soft); }
form.find { display: flex; gap: .5rem; align-items: end; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: .5rem 0 1rem; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 2.25rem 0 .75rem; }
h3 { font-size: 1rem; margin: 0 0 .5rem; overflow-wrap: anywhere; }
.soft { color: var(--soft); }
.warn { color: var(--warn); font-weight: 600; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1rem 1.25rem; margin: 0 0 1rem; }
.card > :first-child { margin-top: 0; }
.card > :last-child { margin-bottom: 0; }
.notice { border-left: 4px solid var(--accent); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .45rem 1rem .45rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--soft); font-weight: 500; font-size: .875rem; }
td.id { overflow-wrap: anywhere; min-width: 9rem; }
label { display: block; }
label small, legend + p { color: var(--soft); }
fieldset { border: 0; padding: 0; margin: 0 0 .75rem; }
legend { padding: 0; font-weight: 600; }
input[type=text], input[type=search] {
  font: inherit; color: inherit; background: var(--card); border: 1px solid var(--edge); border-radius: .5rem; padding: .4rem .6rem; width: 100%;
}
button { font: inherit; font-weight: 600; color: var(--accent-ink); background: var(--accent); border: 0; border-radius: .5rem; padding: .45rem 1rem; cursor: pointer; }
.choice { display: flex; gap: .6rem; align-items: baseline; padding: .2rem 0; }
.field { margin: 0 0 .75rem; }
.two { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); }
.two > .card { margin: 0; }
ol.timeline { list-style: none; padding: 0; margin: 0; }
ol.timeline li { padding: .4rem 0 .4rem 1rem; border-left: 2px solid var(--line); overflow-wrap: anywhere; }
ol.timeline time { display: block; color: var(--soft); font-size: .875rem; font-variant-numeric: tabular-nums; }
`;

export const styleHash: string = `sha256-${createHash('sha256').update(style).digest('base64')}`;
