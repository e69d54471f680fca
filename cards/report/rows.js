// The rows of a report: search, filter, sort, page through, open. Texts are only ever set as text.

const PAGE = 50;
const by = (id) => document.getElementById(id);
const [search, kind, rule, unhide] = ["row-search", "row-kind", "row-rule", "row-unhide"].map(by);
const table = by("row-table");
const body = table.tBodies[0];
const headers = [...table.tHead.rows[0].cells];
const collator = new Intl.Collator("en", { numeric: true });
const state = { from: 0, key: null, descending: false, shown: rows };

for (const row of rows) {
  const found = row.found.flatMap((each) => [each.reason, each.evidence ?? ""]);
  row.searched = [row.id, row.prompt, row.completion, row.before ?? "", ...found].join("\n").toLowerCase();
}

const lengthOf = (row, name) => row.lengths[name] ?? [...row[name]].length;
const KEYS = {
  id: (row) => row.id,
  rules: (row) => row.against.length,
  prompt: (row) => row.prompt,
  completion: (row) => row.completion,
  length: (row) => lengthOf(row, "completion"),
};
const KINDS = {
  "": () => true,
  removed: (row) => row.against.length > 0,
  clean: (row) => row.against.length === 0,
  changed: (row) => row.before !== undefined,
};

function select() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const place = rule.value === "" ? null : Number(rule.value);
  state.shown = rows.filter(
    (row) =>
      KINDS[kind.value](row) &&
      (place === null || row.against.includes(place)) &&
      words.every((word) => row.searched.includes(word)),
  );
  if (state.key) {
    const key = KEYS[state.key];
    const sign = state.descending ? -1 : 1;
    state.shown.sort((a, b) => sign * (typeof key(a) === "number" ? key(a) - key(b) : collator.compare(key(a), key(b))));
  }
  state.from = 0;
  draw();
}

function draw() {
  const shown = state.shown.slice(state.from, state.from + PAGE);
  body.replaceChildren(...shown.map(line));
  const to = state.from + shown.length;
  const which = shown.length < state.shown.length ? `${(state.from + 1).toLocaleString("en")} to ${to.toLocaleString("en")} of ` : "";
  by("row-count").textContent = state.shown.length
    ? `${which}${state.shown.length.toLocaleString("en")} rows`
    : "No row of the sample is like that.";
  by("row-previous").disabled = state.from === 0;
  by("row-next").disabled = to >= state.shown.length;
  // Narrow screens show lines as blocks, and some readers would then see no table.
  for (const part of body.querySelectorAll("tr, td")) part.setAttribute("role", part.tagName === "TR" ? "row" : "cell");
  by("row-pager").hidden = state.shown.length <= PAGE;
}

function line(row) {
  const toggle = element("button", { type: "button", className: "open mono", textContent: nameOf(row) });
  toggle.setAttribute("aria-expanded", "false");
  toggle.setAttribute("aria-label", `Row ${nameOf(row)}, details`);
  const made = element("tr", {}, element("td", {}, toggle), outcome(row), ...previews(row));
  made.append(element("td", { className: "num", textContent: lengthOf(row, "completion").toLocaleString("en") }));
  toggle.addEventListener("click", () => {
    const open = toggle.getAttribute("aria-expanded") === "true";
    toggle.setAttribute("aria-expanded", String(!open));
    if (open) made.nextElementSibling.remove();
    else made.after(details(row));
  });
  made.addEventListener("click", (event) => {
    if (!event.target.closest("button") && getSelection().isCollapsed) toggle.click();
  });
  return made;
}

function outcome(row) {
  const cell = element("td", { className: "outcome" });
  for (const place of row.against) cell.append(element("span", { className: "chip bad", textContent: rules[place].name }), " ");
  if (!row.against.length) cell.append(element("span", { className: "chip good", textContent: "clean" }), " ");
  if (row.before !== undefined) cell.append(element("span", { className: "chip accent", textContent: "changed" }));
  return cell;
}

const isHidden = (row) => row.hidden && !row.revealed && !unhide.checked;

function previews(row) {
  const cells = ["prompt", "completion"].map((name) => element("td", { className: name }));
  if (isHidden(row)) {
    cells[0].append(element("span", { className: "veil", textContent: "hidden" }));
    cells[1].append(veil(row));
    return cells;
  }
  const evidence = evidenceOf(row);
  cells[0].append(element("div", { className: "clip text" }, ...glimpse(row.prompt, evidence, 160)));
  cells[1].append(element("div", { className: "clip text" }, ...glimpse(row.completion, evidence, 300)));
  return cells;
}

function veil(row) {
  const names = row.against.filter((place) => rules[place].hides).map((place) => rules[place].name);
  const button = element("button", { type: "button", className: "quiet", textContent: "Show text" });
  button.setAttribute("aria-label", `Show the text of row ${nameOf(row)}, which ${names.join(", ")} rejects`);
  button.addEventListener("click", () => {
    row.revealed = true;
    const open = button.closest("tr");
    const main = open.classList.contains("detail") ? open.previousElementSibling : open;
    const wasOpen = main.nextElementSibling?.classList.contains("detail");
    if (wasOpen) main.nextElementSibling.remove();
    const fresh = line(row);
    main.replaceWith(fresh);
    const toggle = fresh.querySelector(".open");
    if (wasOpen) toggle.click();
    toggle.focus();
  });
  return element("div", { className: "veil" }, "Hidden: it may offend or harm. ", button);
}

function details(row) {
  const cell = element("td", { colSpan: headers.length });
  cell.append(...verdicts(row, isHidden(row)));
  if (isHidden(row)) cell.append(veil(row));
  else cell.append(...texts(row));
  cell.append(element("p", { className: "small", textContent: `Row ${row.id}, prompt.sample ${row.at}` }));
  return element("tr", { className: "detail" }, cell);
}

// Another row, opened: whatever was searched for is forgotten, since it may not be among it.
function show(id) {
  const found = known.get(id);
  goTo(() => {});
  state.from = PAGE * Math.floor(state.shown.indexOf(found) / PAGE);
  draw();
  const made = body.rows[state.shown.indexOf(found) - state.from];
  const toggle = made.querySelector(".open");
  toggle.click();
  toggle.focus({ preventScroll: true });
  made.scrollIntoView({ block: "center" });
}

function sortBy(header) {
  const first = header.classList.contains("num") || header.dataset.key === "rules" ? "descending" : "ascending";
  const other = first === "ascending" ? "descending" : "ascending";
  const next = header.getAttribute("aria-sort") === first ? other : first;
  for (const each of headers) each.setAttribute("aria-sort", each === header ? next : "none");
  state.key = header.dataset.key;
  state.descending = next === "descending";
  select();
}

function goTo(change) {
  search.value = kind.value = rule.value = "";
  change();
  select();
  by("rows").scrollIntoView();
  search.focus({ preventScroll: true });
}

for (const header of headers) {
  const button = element("button", { type: "button", className: "sort", textContent: header.textContent });
  header.replaceChildren(button);
  header.setAttribute("aria-sort", "none");
  button.addEventListener("click", () => sortBy(header));
}
rules.forEach((each, place) => {
  if (rows.some((row) => row.against.includes(place))) rule.append(element("option", { value: place, textContent: each.name }));
});
for (const button of document.querySelectorAll("[data-rule]")) {
  const place = rules.findIndex((each) => each.name === button.dataset.rule);
  button.addEventListener("click", () => goTo(() => (rule.value = String(place))));
}
for (const button of document.querySelectorAll("[data-kind]")) {
  button.addEventListener("click", () => goTo(() => (kind.value = button.dataset.kind)));
}
document.addEventListener("show-row", (event) => show(event.detail));
by("row-unhide-label").hidden = !rows.some((row) => row.hidden);
by("row-controls").hidden = false;
by("row-controls").addEventListener("submit", (event) => event.preventDefault());
for (const control of [search, kind, rule]) control.addEventListener("input", select);
unhide.addEventListener("input", draw);
by("row-previous").addEventListener("click", () => turn(-PAGE));
by("row-next").addEventListener("click", () => turn(PAGE));

function turn(rows) {
  state.from += rows;
  draw();
  table.scrollIntoView({ block: "start" });
}

draw();
