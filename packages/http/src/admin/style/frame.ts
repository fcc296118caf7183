// Elements, and the frame around every page.
export const frameStyle: string = `*, *::before, *::after { box-sizing: border-box; }
html { scroll-padding-top: 4rem; -webkit-text-size-adjust: 100%; }
body {
margin: 0; min-height: 100vh; display: grid; grid-template: auto 1fr / 13.5rem minmax(0, 1fr);
background: var(--ground); color: var(--ink); font: .9375rem/1.5 var(--sans);
}
:lang(zh-TW) { line-break: strict; }
p, h1, h2, h3, ol, ul, dl, dd, fieldset { margin: 0; padding: 0; }
fieldset { border: 0; min-width: 0; }
ol, ul { list-style: none; }
h1 { font-size: 1.5rem; line-height: 1.25; letter-spacing: -.015em; font-weight: 640; overflow-wrap: anywhere; }
h2 { font-size: 1rem; line-height: 1.4; font-weight: 640; }
h3 { font-size: .875rem; font-weight: 640; }
a { color: var(--accent); text-decoration: none; }
a:hover, main p a:not(.btn, .i), .foot a, td.prose a, .sub a:not(.i), li > a:only-child { text-decoration: underline; text-underline-offset: .2em; }
nav a, .tabs a { text-decoration: none !important; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
.soft { color: var(--soft); }
.small { font-size: .8125rem; }
.neg { color: var(--bad); }
.nb { white-space: nowrap; }
.vh { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: -100rem; z-index: 9; }
.skip:focus { left: 1rem; top: .5rem; padding: .5rem 1rem; background: var(--card); }
kbd { font: .75rem var(--mono); color: var(--soft); background: var(--sunk); border: 1px solid var(--line); border-radius: 4px; padding: .05rem .35rem; }
mark { background: var(--warn-wash); color: inherit; box-shadow: inset 0 -2px var(--warn); }
.top {
grid-column: 1 / -1; display: grid; grid-template-columns: 12rem minmax(10rem, 34rem) 1fr; gap: 1.5rem; align-items: center;
padding: .6rem 1.25rem; background: var(--card); border-bottom: 1px solid var(--line); position: sticky; top: 0; z-index: 5;
}
.brand { display: flex; align-items: center; gap: .6rem; color: inherit; font-weight: 660; letter-spacing: -.01em; }
.mode { font-size: .75rem; font-weight: 600; padding: .05rem .45rem; border-radius: 4px; border: 1px solid var(--line); color: var(--soft); }
.find { position: relative; display: flex; gap: .5rem; }
.find input[type=search] { padding-left: 2.1rem; padding-right: 2.2rem; background: var(--ground); }
.find .i { position: absolute; left: .7rem; top: .42rem; color: var(--soft); }
.find kbd { position: absolute; right: .6rem; top: .45rem; }
.who { display: flex; gap: 1rem; justify-content: flex-end; align-items: center; font-size: .8125rem; color: var(--soft); white-space: nowrap; }
button.link { font: inherit; color: var(--accent); background: none; border: 0; padding: .3rem 0; min-height: 1.5rem; cursor: pointer; }
button.link:hover { text-decoration: underline; text-underline-offset: .2em; }
nav.side { padding: 1.1rem .75rem 2rem; border-right: 1px solid var(--line); }
nav.side ul + h2 { margin-top: 1.1rem; }
nav.side h2 { font-size: .75rem; color: var(--soft); font-weight: 600; padding: 0 .6rem .25rem; }
nav.side a { display: flex; justify-content: space-between; gap: .5rem; padding: .32rem .6rem; border-radius: 6px; color: var(--ink); font-size: .875rem; }
nav.side a:hover { background: var(--sunk); }
nav.side a[aria-current] { background: var(--accent-wash); color: var(--accent); font-weight: 620; }
nav.side .count { font-variant-numeric: tabular-nums; font-size: .8125rem; color: var(--soft); }
nav.side .count.hot { color: var(--warn); font-weight: 650; }
main { padding: 1.5rem clamp(1rem, 2.4vw, 2.25rem) 3rem; max-width: 84rem; display: grid; gap: 1.25rem; align-content: start; }
main:focus { outline: 0; }
main > *, .grid > *, .order > * { min-width: 0; }
.crumbs { font-size: .8125rem; color: var(--soft); margin-bottom: .35rem; }
.head { display: flex; flex-wrap: wrap; gap: .75rem 1.5rem; align-items: flex-end; justify-content: space-between; }
.head .title { display: flex; flex-wrap: wrap; gap: .4rem .75rem; align-items: center; }
.why { font-size: 1rem; color: var(--soft); max-width: 52rem; margin-top: .35rem; text-wrap: pretty; }
.why strong { color: var(--ink); font-weight: 600; }
.foot { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; font-size: .8125rem; color: var(--soft); border-top: 1px solid var(--line); padding-top: .9rem; }
dialog { border: 1px solid var(--line); border-radius: var(--r); background: var(--card); color: var(--ink); padding: 1.25rem 1.5rem; max-width: 30rem; }
dialog::backdrop { background: rgb(0 0 0 / 45%); }
dialog dl { display: grid; grid-template-columns: auto 1fr; gap: .35rem 1.25rem; margin: .75rem 0 1rem; font-size: .875rem; }
`;
