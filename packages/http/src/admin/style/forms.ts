// Buttons, forms, tables.
export const formStyle: string = `.btn {
display: inline-flex; align-items: center; gap: .4rem; font: 580 .875rem/1.4 var(--sans); padding: .38rem .85rem; min-height: 2.15rem; cursor: pointer;
color: var(--ink); background: var(--card); border: 1px solid var(--edge); border-radius: 6px;
}
.btn:hover { background: var(--sunk); text-decoration: none; }
.btn.main { color: var(--accent-ink); background: var(--accent); border-color: var(--accent); }
.btn.main:hover { filter: brightness(1.1); }
.btn.danger { color: var(--bad); border-color: currentColor; }
.acts { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; }
input[type=text], input[type=search], input[type=datetime-local], select, textarea {
font: inherit; font-size: .875rem; color: inherit; background: var(--card); border: 1px solid var(--edge); border-radius: 6px; padding: .38rem .6rem; width: 100%; min-height: 2.15rem;
}
input[aria-invalid] { border-color: var(--bad); }
input[type=checkbox], input[type=radio] { width: 1.05rem; height: 1.05rem; accent-color: var(--accent); margin: 0; flex: none; }
td input[type=checkbox] { vertical-align: -.2rem; }
.field { display: grid; gap: .25rem; }
.field label, legend { font-size: .875rem; font-weight: 580; padding: 0; }
.field small, .choice small { color: var(--soft); font-size: .8125rem; }
.field small.bad { color: var(--bad); font-weight: 580; }
.form { display: grid; gap: .8rem; }
.choice { display: grid; grid-template-columns: 1.05rem 1fr; gap: 0 .65rem; padding: .7rem .85rem; border: 1px solid var(--line); border-radius: 6px; align-items: start; }
.choice + .choice { margin-top: .5rem; }
.choice input { margin-top: .18rem; }
.choice b { font-weight: 600; }
.choice small { display: block; }
.choice:has(:checked) { border-color: var(--accent); background: var(--accent-wash); }
.choice:has(:checked) small { color: var(--ink); }
legend { margin-bottom: .45rem; }
.filters { display: flex; flex-wrap: wrap; gap: .5rem; align-items: end; }
.filters .field { min-width: 9rem; }
.tabs { display: flex; flex-wrap: wrap; gap: .35rem; }
.tabs a { padding: .22rem .7rem; border: 1px solid var(--line); border-radius: 1rem; font-size: .8125rem; color: var(--ink); background: var(--card); }
.tabs a[aria-current] { background: var(--accent-wash); border-color: var(--accent); color: var(--accent); font-weight: 600; }
.actions > details { border-top: 1px solid var(--line); }
.actions > details:first-of-type { border-top: 0; }
details > summary { cursor: pointer; padding: .5rem 0; font-size: .875rem; font-weight: 560; }
details > summary small { display: block; font-weight: 400; color: var(--soft); font-size: .8125rem; padding-left: 1rem; }
.actions > details[open] > summary { font-weight: 640; }
.actions > details > .form { padding: .25rem 0 .9rem; }
.versus { display: grid; grid-template-columns: repeat(3, 1fr); gap: .5rem 2.6rem; align-items: start; padding: .9rem 1.1rem; background: var(--sunk); border-radius: 6px; }
.versus > div { display: grid; position: relative; }
.versus dt { font-size: .8125rem; color: var(--soft); }
.versus dd { font-size: 1.25rem; font-weight: 620; font-variant-numeric: tabular-nums; letter-spacing: -.01em; }
.versus dd small { font-size: .8125rem; font-weight: 400; color: var(--soft); display: block; letter-spacing: 0; }
.versus > div + div::before { content: "−"; position: absolute; left: -1.8rem; top: 1.3rem; font-size: 1.1rem; color: var(--soft); }
.versus > div:last-child::before { content: "="; }
.scroll { overflow-x: auto; }
.card.flush { padding: 0; overflow: clip; }
.card.flush > header { padding: .85rem 1.15rem 0; }
table { border-collapse: collapse; width: 100%; font-size: .875rem; }
th, td { text-align: left; padding: .55rem .75rem; border-bottom: 1px solid var(--line); vertical-align: top; }
th:first-child, td:first-child { padding-left: 1.15rem; }
th:last-child, td:last-child { padding-right: 1.15rem; }
.plain :is(th, td):first-child { padding-left: 0; }
.plain :is(th, td):last-child { padding-right: 0; }
tr:last-child > td { border-bottom: 0; }
thead th { color: var(--soft); font-weight: 560; font-size: .8125rem; white-space: nowrap; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
tbody tr:hover { background: color-mix(in srgb, var(--sunk) 60%, transparent); }
tbody tr:focus-within { box-shadow: inset 3px 0 var(--accent); }
td b.id { white-space: nowrap; }
td .sub { display: block; color: var(--soft); font-size: .8125rem; overflow-wrap: anywhere; }
td .row { font-weight: 560; white-space: nowrap; }
td .err { white-space: normal; }
.nums td, .nums th + th { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td:first-child { min-width: 5.2rem; }
th.c, td.c { width: 1px; min-width: 0; padding-right: .2rem; }
.day td { background: var(--sunk); color: var(--soft); font-size: .8125rem; font-weight: 600; padding-block: .3rem; }
.narrow { display: none !important; }
`;
