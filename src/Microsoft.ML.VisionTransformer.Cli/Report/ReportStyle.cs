// The report's style sheet: phones first, light and dark mode, print.
namespace Microsoft.ML.VisionTransformer.Cli.Report;

/// <summary>
/// Blue is for correct predictions, orange for wrong ones and for training: color-blind readers can distinguish the two, and color is never the only cue.
/// Text has a contrast ratio of at least 4.5 (WCAG 2.2, 1.4.3), which a browser test measures.
/// </summary>
internal static class ReportStyle
{
    internal const string Sheet = """
        :root {
          color-scheme: light dark;
          --page: #ffffff; --panel: #f4f5f7; --ink: #1c2127; --soft: #555f6b; --line: #d4d9df; --shade: #00000030;
          --right: #2463b8; --wrong: #b04a00; --right-fill: #6fa1e6; --wrong-fill: #f0a060;
        }
        @media screen and (prefers-color-scheme: dark) {
          :root {
            --page: #15181c; --panel: #1f242a; --ink: #e7eaee; --soft: #a6afba; --line: #3a424c; --shade: #000000c0;
            --right: #8ab6f7; --wrong: #f2a765; --right-fill: #30609f; --wrong-fill: #94500f;
          }
        }
        * { box-sizing: border-box; }
        html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-behavior: smooth; }
        @media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
        body { margin: 0; background: var(--page); color: var(--ink); font: 1rem/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
        header, main, footer { max-width: 66rem; margin: 0 auto; padding: 0 1rem; }
        header { padding-top: 1.5rem; }
        h1, h2, h3 { line-height: 1.2; overflow-wrap: anywhere; text-wrap: balance; }
        h1 { font-size: 1.75rem; margin: 0; }
        h2 { font-size: 1.3rem; margin: 0 0 .75rem; }
        h3 { font-size: 1.05rem; margin: 1.5rem 0 .5rem; }
        p { margin: 0 0 .75rem; max-width: 44rem; overflow-wrap: anywhere; }
        section { padding: 1.75rem 0 1rem; border-top: 1px solid var(--line); margin-top: 1rem; }
        section:first-child { border-top: 0; margin-top: 0; padding-top: 1rem; }
        .note, figcaption, caption, footer { color: var(--soft); font-size: .875rem; }
        .lead { font-size: 1.15rem; }
        a { color: var(--right); }
        nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: .25rem 1.1rem; margin: .75rem 0 0; padding: 0; }
        nav a { display: inline-block; padding: .25rem 0; }
        :focus-visible { outline: 2px solid var(--right); outline-offset: 2px; }
        footer { border-top: 1px solid var(--line); margin-top: 1rem; padding-top: 1rem; padding-bottom: 2rem; }

        .tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .75rem; margin: 0 0 1.5rem; }
        .tiles > div { background: var(--panel); border-radius: .5rem; padding: .75rem .9rem; }
        .tiles dt { color: var(--soft); font-size: .875rem; }
        .tiles dd { margin: 0; }
        .tiles .value { display: block; font-size: 1.6rem; font-weight: 600; line-height: 1.25; }
        .tiles .note { display: block; font-size: .8rem; line-height: 1.35; }

        .scroll {
          overflow-x: auto; max-width: 100%; margin: 0 0 1rem;    /* a shadow at an edge indicates more content */
          background:
            linear-gradient(to right, var(--page) 40%, transparent) left / 3rem 100% no-repeat local,
            linear-gradient(to left, var(--page) 40%, transparent) right / 3rem 100% no-repeat local,
            linear-gradient(to right, var(--shade), transparent) left / .9rem calc(100% - 2px) no-repeat scroll,
            linear-gradient(to left, var(--shade), transparent) right / .9rem calc(100% - 2px) no-repeat scroll;
        }
        table { border-collapse: collapse; font-size: .9375rem; font-variant-numeric: tabular-nums; }
        caption { text-align: left; padding-bottom: .4rem; }
        th, td { padding: .35rem .7rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
        th { font-weight: 600; }
        tbody th { font-weight: 400; }
        th:first-child, td:first-child { padding-left: .25rem; }
        tbody th, tbody td { overflow-wrap: break-word; max-width: min(28rem, 55vw); }
        .number { text-align: right; white-space: nowrap; }
        .meter { min-width: 6rem; }
        thead th { vertical-align: bottom; }
        thead th.number { white-space: normal; }
        .meter {
          background: linear-gradient(var(--right-fill), var(--right-fill)) .7rem calc(100% - 1px) / calc(var(--fraction) * (100% - 1.4rem)) 3px no-repeat;
        }
        .matrix th, .matrix td { border: 1px solid var(--page); min-width: 0; }
        .matrix thead th {
          writing-mode: vertical-rl; transform: rotate(180deg); text-align: left; vertical-align: top; padding: .4rem .35rem; max-height: 12rem;
        }
        .matrix thead td { white-space: nowrap; vertical-align: bottom; color: var(--soft); font-size: .8rem; }
        .matrix tbody th { position: sticky; left: 0; background: var(--page); vertical-align: middle; }
        .matrix tbody td { text-align: center; vertical-align: middle; min-width: 2.6rem; height: 2.6rem; padding: .2rem .35rem; background: var(--panel); }
        .matrix .none { color: var(--soft); }
        .matrix .right { background: color-mix(in srgb, var(--right-fill) calc(20% + 80% * var(--fraction)), var(--panel)); }
        .matrix .wrong { background: color-mix(in srgb, var(--wrong-fill) calc(25% + 75% * var(--fraction)), var(--panel)); }
        .matrix td a { display: block; margin: -.2rem -.35rem; padding: .6rem .35rem; color: inherit; text-underline-offset: .15em; }
        .tall { max-height: 32rem; overflow-y: auto; }
        pre { margin: 0 0 .75rem; padding: .75rem .9rem; background: var(--panel); border-radius: .5rem; font-size: .875rem; white-space: pre-wrap; overflow-wrap: anywhere; }
        details { margin: 0 0 1rem; }
        summary { cursor: pointer; padding: .35rem 0; color: var(--right); }

        .plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); gap: 1rem 2rem; margin-bottom: .75rem; }
        .plot { margin: 0 0 .75rem; max-width: 31rem; }
        .plot figcaption { color: var(--ink); font-weight: 600; font-size: 1rem; }
        .plot svg { display: block; width: 100%; height: auto; }
        .legend { display: flex; gap: 1.25rem; margin: 0; font-size: .875rem; }
        .legend .sample { display: inline-block; width: 1.75rem; height: .5rem; margin-right: .4rem; vertical-align: middle; }
        svg text { fill: var(--soft); font-size: 12px; font-variant-numeric: tabular-nums; }
        .start { text-anchor: start; } .middle { text-anchor: middle; } .end { text-anchor: end; }
        .grid { stroke: var(--line); stroke-width: 1; }
        .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
        .line.validation { stroke: var(--right); } .mark.validation { fill: var(--right); }
        .line.training { stroke: var(--wrong); stroke-dasharray: 5 3; } .mark.training { fill: var(--wrong); }
        .best { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 2 2; }
        .diagonal { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 4 3; }
        .whisker { stroke: var(--right); stroke-width: 1.5; opacity: .6; }
        .dot { fill: var(--right); }
        .bar { fill: var(--right); opacity: .8; }

        .cards { list-style: none; display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 18rem), 1fr)); gap: 1rem; margin: 0; padding: 0; }
        .cards li { background: var(--panel); border-radius: .5rem; padding: .6rem; }
        .images { display: grid; grid-template-columns: 1fr 1fr; gap: .4rem; margin-bottom: .5rem; }
        .images img { display: block; width: 100%; aspect-ratio: 1; object-fit: contain; border-radius: .25rem; }
        .verdict { margin: 0; line-height: 1.35; }
        .verdict bdi { font-weight: 600; }
        .verdict .wrong { color: var(--wrong); }
        .cards.small { grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: .6rem; margin-top: 1rem; }
        .cards.small .verdict { font-size: .875rem; }
        .cards.medium { grid-template-columns: repeat(auto-fill, minmax(min(100%, 14.5rem), 1fr)); }
        .images.single { grid-template-columns: 1fr; }
        .images.single img { aspect-ratio: 4 / 3; }
        .filter { margin: 0 0 1rem; }
        .filter ul { list-style: none; display: flex; flex-wrap: wrap; gap: .4rem; margin: 0; padding: 0; }
        .filter a { display: inline-block; padding: .25rem .75rem; border: 1px solid var(--line); border-radius: 1rem; font-size: .875rem; text-decoration: none; overflow-wrap: anywhere; }
        .filter a:hover { border-color: currentColor; }
        .filter details { margin: .4rem 0 0; }
        .chosen { display: none; max-width: none; scroll-margin-top: 3.5rem; padding: .5rem .9rem; background: var(--panel); border-left: 4px solid var(--wrong); border-radius: .25rem; }
        .chosen:target { display: block; }
        .answers { margin: .25rem 0 0; }
        .answers > div { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 .75rem; border-top: 1px solid var(--line); padding: .15rem 0; }
        .answers dt { color: var(--soft); font-size: .875rem; overflow-wrap: anywhere; }
        .answers dd { margin: 0; overflow-wrap: anywhere; }
        .answers .wrong { color: var(--wrong); }
        .file { margin: .25rem 0 0; color: var(--soft); font-size: .8rem; line-height: 1.3; }

        @media (max-width: 40rem) {
          h1 { font-size: 1.4rem; }
          th, td { padding: .35rem .45rem; }
          .meter { min-width: 0; background-position: .45rem calc(100% - 1px); background-size: calc(var(--fraction) * (100% - .9rem)) 3px; }
          .tiles > div:last-child:nth-child(odd) { grid-column: 1 / -1; }
        }

        @media print {
          html { font-size: 10pt; }
          @page { margin: 15mm; }
          :root { color-scheme: light; }
          nav, details:not([open]), .filter, .tall, .screen { display: none; }
          header, main, footer { max-width: none; padding-left: 0; padding-right: 0; }
          header { padding-top: 0; }
          .scroll { overflow: visible; background: none; }
          th, td { padding: .3rem .45rem; }
          tbody th, tbody td { max-width: 10cm; overflow-wrap: anywhere; }
          tbody .number { overflow-wrap: normal; }
          .matrix tbody th { position: static; }
          .plots { grid-template-columns: 1fr 1fr; }
          .plot { max-width: 9cm; }
          .cards { grid-template-columns: repeat(3, 1fr); }
          .cards.medium { grid-template-columns: repeat(4, 1fr); }
          .cards.small { grid-template-columns: repeat(6, 1fr); }
          .tiles > div, .cards li, tr, .plot, thead { break-inside: avoid; }
          h2, h3, caption { break-after: avoid; }
          .tiles > div, .cards li, td, .bar { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
        }

        """;
}
