// Narrow screens, print, motion.
export const mediaStyle: string = `@media (max-width: 76rem) { .tiles { grid-template-columns: repeat(3, 1fr); } }
@media (max-width: 64rem) {
.order, .c21 { grid-template-columns: minmax(0, 1fr); }
}
@media (max-width: 52rem) {
body { grid-template: auto auto 1fr / minmax(0, 1fr); }
.top { grid-template-columns: 1fr auto; gap: .5rem 1rem; padding: .6rem 1rem; position: static; }
.find { grid-column: 1 / -1; grid-row: 2; }
.find kbd, .who .opt { display: none; }
nav.side { border-right: 0; border-bottom: 1px solid var(--line); padding: .35rem .6rem; display: flex; overflow-x: auto; background: var(--card); scrollbar-width: thin; }
nav.side h2 { display: none; }
nav.side ul { display: flex; }
nav.side a { white-space: nowrap; min-height: 2.25rem; align-items: center; }
main { padding-top: 1.1rem; }
.w { display: none !important; }
.narrow { display: revert !important; } td .narrow { display: block !important; }
.tiles { grid-template-columns: 1fr 1fr; }
.versus { grid-template-columns: 1fr; gap: .4rem; }
.versus > div { grid-template-columns: 1fr auto; align-items: baseline; }
.versus > div::before { display: none; }
.versus dd { text-align: right; }
.tl > li { grid-template-columns: 1.25rem minmax(0, 1fr); gap: 0 .7rem; }
.tl > li > time { grid-column: 2; grid-row: 1; text-align: left; }
.tl > li > time span { display: inline; margin-left: .4rem; }
.tl .node { grid-column: 1; grid-row: 1; }
.tl > li > div { grid-column: 2; }
.tl > li::before { left: .56rem; }
.tl > li.gap p { grid-column: 2; }
.facts { grid-template-columns: repeat(2, minmax(0, 1fr)); } .facts .pill { white-space: normal; border-radius: .6rem; }
th, td { padding-inline: .35rem; }
.nums th + th { white-space: normal; vertical-align: bottom; } .nums :is(th, td) { padding-inline: .2rem; }
td .pill { white-space: normal; border-radius: .6rem; }
.card.flush { overflow: auto hidden; }
th:first-child, td:first-child { padding-left: .75rem; } th:last-child, td:last-child { padding-right: .75rem; }
td:first-child:not(.c) { min-width: 4.7rem; }
th.c, td.c { padding-right: 0; }
.card { padding: .9rem; }
}
@media print {
:root { color-scheme: light; }
body { display: block; background: #fff; font-size: 10.5pt; }
.top, nav.side, .actions, .acts, .copy, .filters, .tabs, .skip, .foot .noprint, dialog { display: none !important; }
main { padding: 0; max-width: none; }
.card, .banner { break-inside: avoid; border-color: #bbb; }
.order { grid-template-columns: 1fr; }
.id .m { font-size: inherit; } .id .m::before { content: none; }
.tl > li { break-inside: avoid; padding-bottom: .6rem; }
details::details-content { content-visibility: visible; block-size: auto; }
a { color: inherit; }
}
@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth; } }
`;
