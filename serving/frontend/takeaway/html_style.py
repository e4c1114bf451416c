"""The look of the HTML document: light and dark, narrow and printed, from one style sheet of its own."""

import base64
import hashlib

__all__ = ["STYLE", "STYLE_HASH"]

STYLE = """
:root { color-scheme: light dark; --ink: #1d2733; --soft: #566270; --page: #fff; --raised: #f5f7f9; --edge: #d3d9e0;
  --link: #1f5fa8; --mark: #ffedaa; --doubt: #fdf3e0; --doubt-edge: #9a6a00; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6eaf0; --soft: #a3adba; --page: #12171d; --raised: #1b222b; --edge: #39434f;
    --link: #7ab3ef; --mark: #5c4a00; --doubt: #33280f; --doubt-edge: #e0b84d; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 52rem; padding: 1.5rem 1rem 4rem; background: var(--page); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  overflow-wrap: anywhere; }
h1, h2, h3, h4 { line-height: 1.3; text-wrap: balance; }
h1 { font-size: 1rem; font-weight: 600; color: var(--soft); margin: 0; }
h2 { font-size: 1.5rem; margin: 2.5rem 0 1rem; padding-top: 1.5rem; border-top: 2px solid var(--edge); }
h3 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
h4 { font-size: 1rem; margin: 1.25rem 0 .25rem; }
p, ul, ol { margin: .5rem 0; }
li > p { margin: .15rem 0; }
a { color: var(--link); }
a:focus-visible, .wide:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
:target { background: var(--mark); }
.small { font-size: .875rem; color: var(--soft); }
mark { background: var(--mark); color: inherit; font-weight: 700; }
blockquote, .warning { margin: .5rem 0 1rem; padding: .5rem 1rem; border-left: 4px solid var(--edge);
  background: var(--raised); border-radius: 0 .375rem .375rem 0; }
.warning { border-left-color: var(--doubt-edge); background: var(--doubt); }
.wide { overflow-x: auto; margin: .75rem 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
th, td { padding: .3rem .6rem; border-bottom: 1px solid var(--edge); text-align: left; vertical-align: top;
  min-width: 4rem; }
th { font-weight: 600; border-bottom-width: 2px; }
th:first-child, td:first-child { min-width: 8rem; }
.number { text-align: right; }
td.number { white-space: nowrap; }
hr { border: 0; border-top: 1px solid var(--edge); margin: 1.5rem 0; }
@media print {
  :root { color-scheme: light; --ink: #000; --soft: #333; --page: #fff; --raised: #fff; --edge: #999; --link: #000;
    --mark: #ffedaa; --doubt: #fff; --doubt-edge: #000; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  h1, h2, h3, h4 { break-after: avoid; }
  tr, blockquote > p { break-inside: avoid; }
  .wide { overflow: visible; }
  td, th { overflow-wrap: anywhere; min-width: 0; }
  a[href^="http"]::after { content: " (" attr(href) ")"; }
}
"""

# What a content security policy names the style sheet by.
STYLE_HASH = f"sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}"
