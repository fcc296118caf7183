// The timeline of an order. Its last half, `led`, is the shop's side of a row.
export const timelineStyle: string = `.tl { position: relative; }
.tl > li { position: relative; display: grid; grid-template-columns: 5.9rem 1.25rem minmax(0, 1fr); gap: 0 .8rem; padding-bottom: 1.15rem; }
.tl > li::before { content: ""; position: absolute; left: 7.28rem; top: 1.35rem; bottom: -.1rem; border-left: 2px solid var(--line); }
.tl > li:last-child::before { display: none; }
.tl > li:last-child { padding-bottom: .2rem; }
.tl > li > time { text-align: right; font-size: .8125rem; color: var(--soft); font-variant-numeric: tabular-nums; line-height: 1.65; white-space: nowrap; }
.tl > li > time span { display: block; font-size: .75rem; }
.tl .node { width: 1.25rem; height: 1.25rem; display: grid; place-items: center; margin-top: .06rem; border-radius: 50%; font-size: .9rem; color: var(--soft); background: var(--card); position: relative; z-index: 1; }
.tl .node.ok, .tl .node.bad, .tl .node.warn { font-size: 1.2rem; }
.tl .node.ok { color: var(--ok); } .tl .node.bad { color: var(--bad); } .tl .node.warn { color: var(--warn); }
.tl .node.dot::before { content: ""; width: .6rem; height: .6rem; border: 2px solid var(--edge); border-radius: 50%; }
.tl .t { font-weight: 600; display: flex; flex-wrap: wrap; gap: .15rem .55rem; align-items: center; }
.tl .t.quiet { font-weight: 480; }
.tl .d { font-size: .875rem; color: var(--soft); overflow-wrap: anywhere; }
.tl .d b { color: var(--ink); font-weight: 560; }
.tl .led { margin-top: .45rem; padding: .5rem .75rem; border-left: 3px solid var(--line); background: var(--sunk); border-radius: 0 6px 6px 0; font-size: .875rem; display: grid; gap: .15rem; }
.tl .led.ok { border-color: var(--ok); } .tl .led.bad { border-color: var(--bad); } .tl .led.warn { border-color: var(--warn); }
.tl .led > * { color: var(--ink); }
.tl .led .soft { color: var(--soft); }
.tl details > summary { padding: 0; font-size: .875rem; font-weight: 480; color: var(--soft); }
.tl details li { font-size: .8125rem; color: var(--soft); padding: .2rem 0 .2rem 1rem; overflow-wrap: anywhere; }
.tl > li.gap { padding-bottom: .9rem; }
.tl > li.gap::before { border-left-style: dashed; border-color: var(--edge); top: 0; bottom: 0; }
.tl > li.gap p { grid-column: 3; font-size: .8125rem; color: var(--soft); padding: .15rem 0; }
.said { quotes: "“" "”"; } .said::before { content: open-quote; } .said::after { content: close-quote; }
:lang(zh-TW) .said { quotes: "「" "」"; }
`;
