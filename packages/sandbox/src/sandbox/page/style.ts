// The pages' only style sheet, put into the page itself.

export const STYLE: string = `
:root {
  color-scheme: light dark;
  --ground: #f4f5f9; --card: #fff; --ink: #1b2138; --soft: #5a6280; --line: #d9dce8;
  --accent: #4f46e5; --accent-ink: #fff; --chosen: #eef0ff; --warn: #9f1239; --warn-ground: #fff1f3;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #10131f; --card: #191d2e; --ink: #eceef7; --soft: #a3aac6; --line: #333a54;
    --accent: #8b87ff; --accent-ink: #10131f; --chosen: #252a45; --warn: #fda4af; --warn-ground: #3a1722;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
h1, h2, p, ul, dl, dd { margin: 0; padding: 0; }
a { color: var(--accent); text-underline-offset: 3px; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.bar { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: center; gap: .5rem; max-width: 62rem; margin: 0 auto; padding: 1.25rem 1.25rem 0; }
.brand { font-weight: 650; letter-spacing: .01em; }
.badge { font-size: .8125rem; color: var(--soft); border: 1px solid var(--line); border-radius: 99px; padding: .15rem .75rem; background: var(--card); }
main { max-width: 62rem; margin: 0 auto; padding: 1.25rem 1.25rem 4rem; }
.panes { display: grid; gap: 1.25rem; align-items: start; }
@media (min-width: 52rem) { .panes { grid-template-columns: 5fr 7fr; gap: 2rem; } .summary { position: sticky; top: 1.25rem; } }
.pane { background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 1.5rem; }
.pane.narrow { max-width: 34rem; margin: 1.5rem auto; }
.summary h1 { font-size: 1rem; font-weight: 500; color: var(--soft); }
.price { font-size: 2.25rem; font-weight: 700; letter-spacing: -.02em; line-height: 1.2; margin: .25rem 0 1.25rem; font-variant-numeric: tabular-nums; }
.lines { border-top: 1px solid var(--line); }
.lines div { display: flex; justify-content: space-between; gap: 1rem; padding: .6rem 0; border-bottom: 1px solid var(--line); }
.lines dt { min-width: 0; overflow-wrap: anywhere; }
.lines dd { white-space: nowrap; font-variant-numeric: tabular-nums; }
.lines .total { font-weight: 650; border-bottom: 0; }
.soft { color: var(--soft); font-size: .875rem; }
.ids { margin-top: 1rem; overflow-wrap: anywhere; font-size: .75rem; color: var(--soft); }
details { margin: 0 0 1.25rem; }
summary { cursor: pointer; color: var(--soft); margin-bottom: .625rem; }
fieldset { border: 0; margin: 0 0 1.25rem; padding: 0; min-width: 0; }
legend { font-weight: 650; padding: 0; margin-bottom: .625rem; }
.options { display: grid; gap: 1px; background: var(--line); border: 1px solid var(--line); border-radius: 10px; overflow: hidden; }
.option { display: grid; grid-template-columns: auto 1fr; column-gap: .75rem; align-items: center; padding: .5rem .875rem; cursor: pointer; background: var(--card); }
.option:has(:checked) { background: var(--chosen); }
.option:has(:focus-visible) { outline: 3px solid var(--accent); outline-offset: -3px; }
.option input { margin: 0; width: 1.05rem; height: 1.05rem; accent-color: var(--accent); }
.option input:focus-visible { outline: none; }
.option .text { display: grid; min-width: 0; line-height: 1.35; }
.option .number { font-variant-numeric: tabular-nums; color: var(--soft); font-size: .6875rem; }
.option .outcome { color: var(--soft); font-size: .8125rem; }
@media (min-width: 36rem) { .options { grid-template-columns: 1fr 1fr; } .option:first-child:nth-last-child(odd) { grid-column: 1 / -1; } }
.field { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem .75rem; margin-top: .75rem; font-size: .875rem; }
input[type=number], input[type=text], select { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--soft); border-radius: 8px; padding: .4rem .6rem; }
input[type=number] { width: 6rem; }
input[type=text] { flex: 1 1 8rem; min-width: 0; }
button { font: inherit; font-weight: 600; border-radius: 10px; padding: .7rem 1.25rem; cursor: pointer; border: 1px solid var(--line); background: var(--card); color: var(--ink); }
button.main { width: 100%; border-color: var(--accent); background: var(--accent); color: var(--accent-ink); font-size: 1.0625rem; }
button.main:hover { filter: brightness(1.08); }
.back { text-align: center; margin-top: 1rem; }
.alert { border: 1px solid var(--warn); border-radius: 10px; background: var(--warn-ground); color: var(--warn); padding: .75rem 1rem; margin-bottom: 1.25rem; font-weight: 550; }
.tables { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .875rem; }
caption { text-align: left; font-weight: 650; padding: 1.25rem 0 .5rem; }
th, td { text-align: left; padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td code { font-size: .8125rem; overflow-wrap: anywhere; }
`;
