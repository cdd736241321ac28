/** The page's whole style. Colours are the Okabe-Ito set, which people with colour blindness tell apart. */
export const style = `
:root { color-scheme: light dark; --ink: #1c2024; --soft: #5b6570; --paper: #fff; --band: #f3f5f7; --rule: #d5dade;
  --c0: #0072b2; --c1: #d55e00; --c2: #009e73; --c3: #9b4f80; --c4: #4d5560; --right: #009e73; --wrong: #d55e00; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ec; --soft: #9aa5b0; --paper: #15181b; --band: #1e2226; --rule: #363c42;
    --c0: #56b4e9; --c1: #e69f00; --c2: #2fc59b; --c3: #d990bb; --c4: #b8c0c8; --right: #1f9e7a; --wrong: #d9742b; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem 1rem 4rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.2rem; margin: 2.5rem 0 .5rem; } p { margin: .4rem 0; max-width: 46rem; }
.soft, caption, figcaption, nav { color: var(--soft); font-size: .875rem; }
a { color: var(--c0); } nav a { margin-right: .9rem; white-space: nowrap; }
:focus-visible { outline: 2px solid var(--c0); outline-offset: 2px; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .75rem; margin: 1.25rem 0; padding: 0; }
.figures div { background: var(--band); border-radius: .5rem; padding: .75rem 1rem; }
.figures dt { color: var(--soft); font-size: .875rem; } .figures dd { margin: 0; font-size: 1.5rem; font-weight: 600; }
.scroll { overflow: auto; max-height: 34rem; margin: .75rem 0; border: 1px solid var(--rule); border-radius: .5rem; }
table { border-collapse: collapse; width: 100%; font-size: .875rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding: .4rem .6rem; }
th, td { padding: .3rem .6rem; text-align: left; vertical-align: top; overflow-wrap: break-word; }
thead th { position: sticky; top: 0; background: var(--band); white-space: nowrap; }
tbody tr + tr > * { border-top: 1px solid var(--rule); }
.number { text-align: right; white-space: nowrap; }
tr.main > * { font-weight: 600; background: var(--band); }
.heat th[scope=col] { vertical-align: bottom; } .heat th[scope=col] span { writing-mode: vertical-rl; transform: rotate(180deg); }
.heat tbody th { white-space: nowrap; font-weight: 400; position: sticky; left: 0; background: var(--paper); }
.heat tbody td { text-align: center; min-width: 2.4rem; background: color-mix(in srgb, var(--shown) var(--shade), transparent); }
.heat .right { --shown: color-mix(in srgb, var(--right) 70%, transparent); } .heat .wrong { --shown: var(--wrong); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 1rem; }
figure { margin: .75rem 0; max-width: 36rem; } svg { width: 100%; height: auto; display: block; overflow: visible; }
svg text { fill: var(--soft); font-size: 12px; } .grid { stroke: var(--rule); stroke-width: 1; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; } path.guide { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 4 4; }
path.c0 { stroke: var(--c0); } path.c1 { stroke: var(--c1); } path.c2 { stroke: var(--c2); } path.c3 { stroke: var(--c3); } path.c4 { stroke: var(--c4); }
circle.c0 { fill: var(--c0); } circle.c1 { fill: var(--c1); } circle.c2 { fill: var(--c2); } circle.c3 { fill: var(--c3); } circle.c4 { fill: var(--c4); }
.key { margin-right: 1rem; white-space: nowrap; } .key i { display: inline-block; width: .9rem; height: .2rem; margin-right: .35rem; vertical-align: middle; background: var(--soft); }
.key .c0 { background: var(--c0); } .key .c1 { background: var(--c1); } .key .c2 { background: var(--c2); } .key .c3 { background: var(--c3); } .key .c4 { background: var(--c4); }
.bars { display: grid; grid-template-columns: max-content minmax(4rem, 20rem) 1fr; gap: .35rem .9rem; align-items: center; margin: 1rem 0; font-size: .875rem; }
.track { background: var(--band); border-radius: 3px; height: .9rem; overflow: hidden; } .track i { display: block; height: 100%; background: var(--c0); }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.25rem; margin: .75rem 0; } .facts dt { color: var(--soft); } .facts dd { margin: 0; }
.examples { margin: .5rem 0; padding-left: 1.1rem; font-size: .875rem; } .examples li { white-space: pre-line; overflow-wrap: anywhere; }
details > summary { cursor: pointer; margin: .5rem 0; }
@media print { .scroll { max-height: none; } nav { display: none; } }
`;
