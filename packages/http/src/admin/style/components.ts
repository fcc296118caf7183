// Cards, pills, ids, tiles, facts, banners, steps, progress.
export const componentStyle: string = `.card { background: var(--card); border: 1px solid var(--line); border-radius: var(--r); padding: 1rem 1.15rem; }
.card > header { display: flex; flex-wrap: wrap; gap: .15rem 1rem; align-items: baseline; justify-content: space-between; margin-bottom: .6rem; }
.card > header .acts { flex-wrap: wrap; }
.card > header p { font-size: .8125rem; color: var(--soft); }
.grid { display: grid; gap: 1.25rem; }
.c2 { grid-template-columns: repeat(auto-fit, minmax(min(100%, 25rem), 1fr)); }
.c21 { grid-template-columns: minmax(0, 2fr) minmax(0, 1fr); }
.order { display: grid; gap: 1.25rem; grid-template-columns: minmax(0, 1fr) 21rem; align-items: start; }
.stackv { display: grid; gap: 1.25rem; }
.c3 { grid-template-columns: repeat(auto-fit, minmax(min(100%, 18rem), 1fr)); }
.tight { display: grid; gap: .4rem; }
.tight > * { min-width: 0; }
.tight .pill { white-space: normal; border-radius: .7rem; }
.pill {
display: inline-flex; align-items: center; gap: .32rem; padding: .08rem .55rem .08rem .42rem; border-radius: 1rem; white-space: nowrap;
font-size: .8125rem; font-weight: 580; line-height: 1.45; color: var(--soft); background: var(--sunk);
}
.ok { color: var(--ok); } .warn { color: var(--warn); } .bad { color: var(--bad); } .info { color: var(--info); }
.pill.ok { background: var(--ok-wash); } .pill.warn { background: var(--warn-wash); }
.pill.bad { background: var(--bad-wash); } .pill.info { background: var(--info-wash); }
.src { display: inline-flex; align-items: center; gap: .35rem; font-size: .8125rem; font-weight: 580; white-space: nowrap; }
.src.webhook .i, .key.webhook::before { color: var(--webhook); } .src.poll .i, .key.poll::before { color: var(--poll); }
.src.query .i, .key.query::before { color: var(--query); } .src.manual .i, .key.manual::before { color: var(--manual); }
.id { font: .8125rem/1.4 var(--mono); overflow-wrap: anywhere; }
.id .m { font-size: 0; }
.id .m::before { content: "…"; font-size: .8125rem; }
.copy { border: 0; background: none; color: var(--soft); padding: .2rem; min-width: 1.5rem; min-height: 1.5rem; border-radius: 4px; cursor: pointer; font-size: .875rem; line-height: 1; }
.copy:hover { color: var(--ink); background: var(--sunk); }
.copy[hidden] { display: none; }
a.i-ext:not(.btn) { display: inline-grid; place-items: center; min-width: 1.5rem; min-height: 1.5rem; vertical-align: middle; }
.tiles { display: grid; grid-template-columns: repeat(6, 1fr); gap: .75rem; }
.tile { display: grid; gap: .1rem; align-content: start; padding: .8rem .7rem .8rem .8rem; border-radius: var(--r); background: var(--card); border: 1px solid var(--line); color: inherit; }
.tile:hover { border-color: var(--edge); text-decoration: none; }
.tile b { font-size: 1.5rem; font-weight: 620; line-height: 1.25; font-variant-numeric: tabular-nums; display: flex; gap: .45rem; align-items: center; }
.tile b.i::before { font-size: 1rem; }
.tile .what { font-size: .875rem; font-weight: 580; }
.tile .age { font-size: .8125rem; color: var(--soft); }
.tile.zero b { color: var(--soft); font-weight: 500; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .9rem 1.5rem; }
.facts dt, .pairs dt { font-size: .8125rem; color: var(--soft); }
.facts dd { font-weight: 560; overflow-wrap: anywhere; }
.facts dd small { display: block; font-weight: 400; color: var(--soft); font-size: .8125rem; }
.pairs > * { display: flex; justify-content: space-between; gap: 1rem; padding: .3rem 0; border-top: 1px solid var(--line); }
.pairs > li { display: block; }
.pairs > :first-child { border-top: 0; }
.pairs dd { text-align: right; min-width: 0; }
.banner { display: grid; grid-template-columns: 1.25rem 1fr; gap: .15rem .7rem; padding: .85rem 1.1rem; border-radius: var(--r); border: 1px solid var(--line); border-left: 4px solid currentColor; background: var(--card); }
.banner > * { grid-column: 2; }
.banner > .i { grid-column: 1; grid-row: 1; font-size: 1.1rem; line-height: 1.35; }
.banner h2, .banner p, .banner dl { color: var(--ink); }
.banner p { font-size: .9375rem; max-width: 52rem; }
.banner.bad { color: var(--bad); background: var(--bad-wash); } .banner.warn { color: var(--warn); background: var(--warn-wash); }
.banner.ok { color: var(--ok); background: var(--ok-wash); } .banner.info { color: var(--info); background: var(--info-wash); }
.banner .acts { margin-top: .55rem; }
.big { font-size: 2rem; font-weight: 620; letter-spacing: -.02em; line-height: 1.2; font-variant-numeric: tabular-nums; }
.big small { font-size: .9375rem; font-weight: 480; color: var(--soft); letter-spacing: 0; }
.three { display: grid; grid-template-columns: repeat(3, auto); gap: 0 1rem; justify-content: start; }
.tight > .head { flex-wrap: nowrap; gap: 0 1rem; }
.three dt { font-size: .75rem; color: var(--soft); } .three dd { font-weight: 600; font-variant-numeric: tabular-nums; font-size: .875rem; white-space: nowrap; }
progress { width: 100%; height: .6rem; appearance: none; border: 0; border-radius: 1rem; background: var(--sunk); overflow: hidden; }
progress::-webkit-progress-bar { background: var(--sunk); } progress::-webkit-progress-value { background: var(--accent); } progress::-moz-progress-bar { background: var(--accent); }
.steps > li { display: grid; grid-template-columns: 1.4rem 1fr; gap: .1rem .7rem; padding: .75rem 0; border-top: 1px solid var(--line); }
.steps > li:first-child { border-top: 0; }
.steps > li > .i { font-size: 1.15rem; color: var(--soft); } .steps > li > .i-ok { color: var(--ok); }
.steps > li > div { display: grid; gap: .2rem; min-width: 0; }
pre { margin: .25rem 0 0; padding: .55rem .8rem; background: var(--sunk); border-radius: 6px; font: .8125rem/1.5 var(--mono); overflow-x: auto; }
pre.whole { white-space: pre-wrap; overflow-wrap: anywhere; }
.none { padding: 2rem 1.15rem; text-align: center; color: var(--soft); }
`;
