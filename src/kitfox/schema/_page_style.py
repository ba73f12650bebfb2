"""What the page looks like. One style sheet, known by its hash to the page's security policy."""

STYLE = """
:root {
  color-scheme: light dark;
  --ink: #1d2129; --soft: #646b78; --line: #e4e6eb; --paper: #fff; --side: #f8f8f7;
  --code: #f4f4f2; --accent: #b8480c; --tint: #fdf0e7; --good: #186a3b; --good-tint: #e8f5ec;
  --flow: #1f5fae; --flow-tint: #e9f1fb;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e4e6ea; --soft: #9aa1ad; --line: #2c3038; --paper: #15171b; --side: #191c21;
    --code: #1e2127; --accent: #f4935a; --tint: #33231a; --good: #7fce9c; --good-tint: #1a2d22;
    --flow: #8bb8ef; --flow-tint: #1b2738;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 1.5rem; }
body {
  margin: 0; display: grid; grid-template-columns: 16rem minmax(0, 1fr);
  background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
a { color: inherit; text-decoration-color: var(--line); text-underline-offset: 3px; }
a:hover { color: var(--accent); text-decoration-color: currentColor; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 2px; }
code, pre, .route { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
code, .route { font-size: .875em; }
nav {
  position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 2rem 1.5rem;
  background: var(--side); border-right: 1px solid var(--line); font-size: .9rem;
}
nav p { margin: 1.5rem 0 .25rem; font-weight: 600; overflow-wrap: anywhere; }
nav p.title { margin: 0; font-size: 1.05rem; }
nav a { text-decoration: none; }
nav ul { list-style: none; margin: 0; padding: 0; }
nav li a { display: block; padding: .15rem 0; color: var(--soft); }
nav li a:hover { color: var(--accent); }
nav span, h2 span { color: var(--soft); font-weight: 400; }
main { padding: 2.5rem clamp(1.25rem, 4vw, 4rem) 6rem; max-width: 86rem; }
h1, h2, h3, h4, p { margin: 0; }
h1 { font-size: 2rem; line-height: 1.2; letter-spacing: -.02em; }
h1 + p { color: var(--soft); margin-top: .35rem; }
h2 { margin: 3.5rem 0 0; font-size: 1.4rem; letter-spacing: -.01em; overflow-wrap: anywhere; }
h3 { font-size: 1.1rem; display: flex; flex-wrap: wrap; align-items: center; gap: .5rem; }
h3 a { text-decoration: none; }
h4 { margin: 1.5rem 0 .25rem; font-size: .8rem; color: var(--soft); font-weight: 600; }
article { padding: 1.75rem 0; border-bottom: 1px solid var(--line); }
h4:first-child { margin-top: 0; }
article p + p { margin-top: .6rem; }
article > header { margin-bottom: .9rem; }
.route { margin-top: .35rem; color: var(--soft); overflow-wrap: anywhere; }
.route b { color: var(--accent); }
.badge {
  padding: .1rem .5rem; border-radius: 1rem; font-size: .75rem; font-weight: 500;
  color: var(--soft); background: var(--code);
}
.badge.server_stream { color: var(--flow); background: var(--flow-tint); }
.badge.idempotent { color: var(--good); background: var(--good-tint); }
table { width: 100%; border-collapse: collapse; }
th, td { padding: .55rem 0; text-align: left; vertical-align: top; }
tr + tr > * { border-top: 1px solid var(--line); }
th { width: 13rem; padding-right: 1.25rem; font-weight: 500; overflow-wrap: anywhere; }
td { overflow-wrap: anywhere; }
td code, article p code { padding: .1em .35em; border-radius: 4px; background: var(--code); }
.where { margin-left: .35rem; }
.where, .optional, .none { color: var(--soft); font-size: .85rem; font-weight: 400; }
.type { color: var(--soft); font-size: .9rem; }
.type a { color: var(--accent); }
aside p { margin: 1rem 0 .35rem; color: var(--soft); font-size: .8rem; font-weight: 600; }
pre {
  margin: 0; padding: .8rem 1rem; overflow-x: auto; border-radius: 8px; white-space: pre-wrap;
  overflow-wrap: anywhere;
  background: var(--code); font-size: .82rem; line-height: 1.5;
}
pre code { font-size: inherit; }
@media (min-width: 75rem) {
  article:has(aside) {
    display: grid; column-gap: 3rem; grid-template-columns: minmax(0, 1fr) minmax(0, 30rem);
  }
  article > header { grid-column: 1 / -1; }
  aside p:first-child { margin-top: 0; }
}
@media (max-width: 52rem) {
  body { display: block; }
  nav { position: static; height: auto; border: 0; border-bottom: 1px solid var(--line); }
  nav ul { display: flex; flex-wrap: wrap; gap: 0 1rem; }
  nav li a { padding: .45rem 0; }
  main { padding-top: 2rem; }
  tr { display: block; padding: .6rem 0; }
  tr + tr { border-top: 1px solid var(--line); }
  tr + tr > * { border: 0; }
  th, td { display: block; width: auto; padding: 0; }
}
@media print {
  nav { display: none; }
  body { display: block; }
}
"""
