// Pictures: SVG without viewBox, so that text keeps its size, and bars take per cents of whatever width there is.
export const pictureStyle: string = `svg.pic { display: block; width: 100%; overflow: visible; font-family: var(--sans); }
.pic text { fill: var(--soft); font-size: .75rem; font-variant-numeric: tabular-nums; }
.pic text.strong { fill: var(--ink); font-weight: 600; }
.pic .gl { stroke: var(--line); } .pic .base { stroke: var(--edge); }
.pic .webhook { fill: var(--webhook); } .pic .poll { fill: var(--poll); } .pic .query { fill: var(--query); } .pic .manual { fill: var(--manual); }
.pic .ok { fill: var(--ok); } .pic .warn { fill: var(--warn); } .pic .bad { fill: var(--bad); } .pic .mute { fill: var(--edge); }
.pic .limit { stroke: var(--bad); stroke-width: 1.5; stroke-dasharray: 5 3; }
.pic .cut { stroke: var(--card); stroke-width: 2; opacity: .75; }
.pic g:not([class]):hover > rect { opacity: .8; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1rem; font-size: .8125rem; margin-bottom: .5rem; }
.legend li { display: flex; gap: .4rem; align-items: center; }
.legend b { font-variant-numeric: tabular-nums; font-weight: 600; }
.key { display: inline-flex; align-items: center; gap: .4rem; }
.key::before { content: ""; width: .7rem; height: .7rem; border-radius: 2px; background: currentColor; forced-color-adjust: none; }
.key.poll::before { background: repeating-linear-gradient(45deg, currentColor 0 2px, var(--card) 2px 3px); }
.key.query::before { background: repeating-linear-gradient(0deg, currentColor 0 2px, var(--card) 2px 3px); }
.astable > summary { font-size: .8125rem; color: var(--soft); padding: .4rem 0 0; font-weight: 480; }
.small-multiples { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 18.5rem), 1fr)); gap: .75rem; }
`;
