#include "harness/report/page_style.h"

namespace longhaul {

const char* const kPageStyle = R"(
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #5b6570; --rule: #cfd6dd; --paper: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e9ee; --soft: #9aa5b0; --rule: #363d45; --paper: #14181c; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.2rem 4rem; max-width: 84rem; color: var(--ink);
  background: var(--paper); font: 15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
h1 { font-size: 1.9rem; margin: 0 0 .3rem; }
h1, h2, h3, h4, p { overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 2.6rem 0 .8rem; padding-bottom: .2rem;
  border-bottom: 1px solid var(--rule); }
nav a { color: inherit; margin-right: 1.2em; display: inline-block; }
dl { display: grid; grid-template-columns: minmax(5rem, max-content) 1fr; gap: .1rem 1.2rem; margin: 1rem 0; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
.wide { overflow-x: auto; margin: 1.2rem 0 .6rem; scrollbar-width: thin;
  scrollbar-color: var(--soft) transparent; max-height: 90vh; }
table { border-collapse: collapse; font-size: .93rem; font-variant-numeric: tabular-nums; white-space: nowrap; }
caption { text-align: left; color: var(--soft); padding-bottom: .4rem; }
caption span { position: sticky; left: 0; display: inline-block; white-space: normal;
  max-width: calc(100vw - 3rem); }
th, td { padding: .15rem .6rem; text-align: right; vertical-align: top; }
th { font-weight: 600; }
th:first-child { text-align: left; padding-left: 0; background: var(--paper); }
@media (min-width: 700px) { th:first-child { position: sticky; left: 0; } }
thead th { position: sticky; top: 0; background: var(--paper); z-index: 1; }
thead th:first-child { z-index: 2; }
th button { all: unset; cursor: pointer; font: inherit; }
th button:focus-visible, .legend button:focus-visible { outline: 2px solid var(--ink); }
th[aria-sort] button { text-decoration: underline; }
tbody th { font-weight: 400; white-space: pre; }
thead tr, tbody { border-bottom: 1px solid var(--rule); }
tbody + tbody, .flat { color: var(--soft); }
td i { display: inline-block; text-align: left; white-space: pre; font-style: normal;
  color: var(--soft); }
td small { display: block; color: var(--soft); }
.notes { margin: .4rem 0; padding-left: 1.1rem; color: var(--soft); font-size: .87rem; }
figure { margin: 1.4rem 0; }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(20rem, 100%), 1fr)); gap: .8rem; }
.plots div { break-inside: avoid; min-width: 0; }
h3 { font-size: 1.05rem; margin: 1.8rem 0 -.6rem; }
.plots h4 { font-size: .95rem; font-weight: 600; margin: 0 0 .1rem; overflow-wrap: anywhere; }
.plots svg { width: 100%; max-width: 27rem; height: auto; display: block; }
.small { grid-template-columns: repeat(auto-fill, minmax(min(10rem, 100%), 1fr)); font-size: .85rem; }
.small div { overflow-wrap: anywhere; } details p, details h4 { margin: .4rem 0; }
.alone svg { width: 100%; max-width: 44rem; height: auto; display: block; }
.legend { margin: .5rem 0 .2rem; }
.legend > * { all: unset; margin-right: 1.3em; display: inline-block; overflow-wrap: anywhere; max-width: 100%; }
.legend button { cursor: pointer; } .legend button[aria-pressed="true"] { font-weight: 600; }
svg.picked [data-series]:not(.chosen) { opacity: .08; }
.save { font-size: .8rem; } .save > * { all: unset; cursor: pointer; color: var(--soft);
  text-decoration: underline; margin-right: .9em; }
figcaption { color: var(--soft); font-size: .9rem; max-width: 60rem; }
li { overflow-wrap: anywhere; }
@page { size: A4 landscape; margin: 12mm; }
@media print {
  :root { color-scheme: light; --ink: #000; --soft: #444; --rule: #bbb; --paper: #fff; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  .wide { overflow: visible; max-height: none; } .save { display: none; }
  th:first-child, thead th { position: static; }
  figure { margin: .6rem 0; } h2 { margin-top: 1.2rem; } table { font-size: 7.5pt; } th, td { padding: .1rem .35rem; }
  .plots { grid-template-columns: repeat(3, 1fr); } .alone svg { max-width: 60%; } table { break-inside: avoid; }
  h2, h3, caption { break-after: avoid; }
}
)";

const char* const kPageScript = R"js(
(() => {
  const text = (cell) => cell ? cell.dataset.value ?? cell.textContent : "";
  const order = (a, b) => {
    const x = parseFloat(a), y = parseFloat(b);
    if (isNaN(x) || isNaN(y)) return isNaN(x) - isNaN(y) || a.localeCompare(b);
    return x - y;
  };
  for (const head of document.querySelectorAll("thead th")) {
    const button = document.createElement("button");
    button.append(...head.childNodes);
    button.title = "sort by this column";
    head.append(button);
    button.onclick = () => {
      const down = head.getAttribute("aria-sort") !== "descending";
      for (const other of head.parentNode.children) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const body = head.closest("table").tBodies[0], column = head.cellIndex;
      const rows = [...body.rows].sort((a, b) =>
        (down ? -1 : 1) * order(text(a.cells[column]), text(b.cells[column])));
      body.append(...rows);
    };
  }
  for (const legend of document.querySelectorAll(".legend")) {
    const figure = legend.closest("figure"), picked = new Set();
    for (const entry of legend.querySelectorAll("[data-series]")) {
      const button = document.createElement("button");
      button.append(...entry.childNodes);
      button.dataset.of = entry.dataset.series;
      button.setAttribute("aria-pressed", "false");
      entry.replaceWith(button, " ");
      button.onclick = () => {
        const series = button.dataset.of;
        if (!picked.delete(series)) picked.add(series);
        button.setAttribute("aria-pressed", picked.has(series));
        for (const svg of figure.querySelectorAll("svg")) {
          svg.classList.toggle("picked", picked.size > 0);
          for (const part of svg.querySelectorAll("[data-series]"))
            part.classList.toggle("chosen", picked.has(part.dataset.series));
        }
      };
    }
  }
  for (const save of document.querySelectorAll(".save")) {
    const button = document.createElement("button");
    button.textContent = "save picture";
    button.onclick = () => {
      const svg = save.parentNode.querySelector("svg");
      const drawing = new XMLSerializer().serializeToString(svg)
        .replaceAll("var(--ink)", "#1b1f24").replaceAll("var(--soft)", "#5b6570");
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([drawing], {type: "image/svg+xml"}));
      link.download = svg.getAttribute("aria-label") + ".svg";
      link.click();
    };
    save.prepend(button, " ");
  }
})();
)js";

}  // namespace longhaul
