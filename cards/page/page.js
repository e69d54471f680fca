// What every page does by itself: its theme, where in it the reader is, and tables that sort.

const root = document.documentElement;
const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
const theme = document.getElementById("theme");

function isDark() {
  return root.dataset.theme ? root.dataset.theme === "dark" : systemIsDark.matches;
}

function nameTheme() {
  theme.textContent = isDark() ? "Light" : "Dark";
  theme.setAttribute("aria-label", isDark() ? "Use light colours" : "Use dark colours");
}

theme.hidden = false;
theme.addEventListener("click", () => {
  root.dataset.theme = isDark() ? "light" : "dark";
  nameTheme();
});
systemIsDark.addEventListener("change", nameTheme);
nameTheme();

const links = new Map([...document.querySelectorAll(".top nav a")].map((link) => [link.hash.slice(1), link]));
const inView = new Set();
const watch = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) inView[entry.isIntersecting ? "add" : "delete"](entry.target.id);
    const current = [...links.keys()].find((id) => inView.has(id));
    for (const [id, link] of links) {
      if (id === current) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  },
  { rootMargin: "-96px 0px -55% 0px" },
);
for (const id of links.keys()) watch.observe(document.getElementById(id));

// Where a table is wider than its place, each line of it is a block, in which each cell says what it is.
const ROLES = { TABLE: "table", THEAD: "rowgroup", TBODY: "rowgroup", TR: "row", TD: "cell" };

for (const table of document.querySelectorAll("main table")) {
  if (!table.tHead || !table.tBodies[0].rows.length) continue;
  const names = [...table.tHead.rows[0].cells].map((header) => header.textContent.trim());
  for (const row of table.tBodies[0].rows) [...row.cells].forEach((cell, column) => (cell.dataset.label = names[column]));
  for (const part of [table, ...table.querySelectorAll("thead, tbody, tr, td")]) part.setAttribute("role", ROLES[part.tagName]);
  for (const header of table.querySelectorAll("th")) header.setAttribute("role", header.scope === "row" ? "rowheader" : "columnheader");
}

const widths = new Map();
const fits = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (widths.get(target) === target.clientWidth) continue;
    widths.set(target, target.clientWidth);
    const table = target.querySelector("table:not(.rows)");
    table?.classList.remove("stacked");
    table?.classList.toggle("stacked", target.scrollWidth > target.clientWidth);
    // What is still wider is a stop for the keyboard, which scrolls it; what fits is none.
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});
for (const place of document.querySelectorAll(".wide")) fits.observe(place);

// A cell sorts by data-value where it has one: as a number, if every cell of the column is one.
const collator = new Intl.Collator("en", { numeric: true });

function valueOf(row, column) {
  const cell = row.cells[column];
  return cell.dataset.value ?? cell.textContent.trim();
}

function sortBy(table, column, descending) {
  const body = table.tBodies[0];
  const rows = [...body.rows].map((row) => [valueOf(row, column), row]);
  const numeric = rows.every(([value]) => value !== "" && !Number.isNaN(Number(value)));
  rows.sort(([a], [b]) => (numeric ? a - b : collator.compare(a, b)) * (descending ? -1 : 1));
  body.append(...rows.map(([, row]) => row));
}

for (const table of document.querySelectorAll("table[data-sortable]")) {
  const headers = [...table.tHead.rows[0].cells];
  headers.forEach((header, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.append(...header.childNodes);
    header.append(button);
    header.setAttribute("aria-sort", "none");
    button.addEventListener("click", () => {
      const first = header.classList.contains("num") ? "descending" : "ascending";
      const other = first === "ascending" ? "descending" : "ascending";
      const next = header.getAttribute("aria-sort") === first ? other : first;
      for (const each of headers) each.setAttribute("aria-sort", each === header ? next : "none");
      sortBy(table, column, next === "descending");
    });
  });
}
