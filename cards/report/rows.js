// The rows of a report: search, filter, sort, page through, open. Texts are only ever set as text.

const PAGE = 50;
const { rules, rows } = JSON.parse(document.getElementById("rows-data").textContent);
const by = (id) => document.getElementById(id);
const [search, kind, rule, unhide] = ["row-search", "row-kind", "row-rule", "row-unhide"].map(by);
const table = by("row-table");
const body = table.tBodies[0];
const headers = [...table.tHead.rows[0].cells];
const collator = new Intl.Collator("en", { numeric: true });
const state = { from: 0, key: null, descending: false, shown: rows };

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

for (const row of rows) {
  row.against ??= [];
  row.found ??= [];
  row.lengths ??= {};
  const found = row.found.flatMap((each) => [each.reason, each.evidence ?? ""]);
  row.searched = [row.id, row.prompt, row.completion, row.before ?? "", ...found].join("\n").toLowerCase();
}

// A digest is known by its beginning; an id that somebody gave is not.
const nameOf = (row) => (/^[0-9a-f]{64}$/.test(row.id) ? row.id.slice(0, 8) : row.id);
const lengthOf = (row, name) => row.lengths[name] ?? [...row[name]].length;
const KEYS = {
  id: (row) => row.id,
  rules: (row) => row.against.length,
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
  by("row-pager").hidden = state.shown.length <= PAGE;
}

function line(row) {
  const toggle = element("button", { type: "button", className: "open mono", textContent: nameOf(row) });
  toggle.setAttribute("aria-expanded", "false");
  toggle.setAttribute("aria-label", `Row ${nameOf(row)}, details`);
  const made = element("tr", {}, element("td", {}, toggle), outcome(row), preview(row));
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

function preview(row) {
  const cell = element("td", { className: "preview" });
  if (isHidden(row)) cell.append(veil(row));
  else cell.append(element("div", { className: "clip text", textContent: row.completion.slice(0, 300).replace(/\s*\n\s*/g, " ⏎ ") || "(empty)" }));
  return cell;
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
  // A narrow screen leaves a column out.
  const cell = element("td", { colSpan: headers.filter((header) => header.offsetParent !== null).length });
  cell.append(element("p", { className: "small", textContent: `Row ${row.id}, prompt.sample ${row.at}` }));
  if (isHidden(row)) cell.append(veil(row));
  else cell.append(...texts(row));
  cell.append(verdicts(row));
  return element("tr", { className: "detail" }, cell);
}

function texts(row) {
  const parts = [block("Prompt", row, "prompt", [row.prompt])];
  if (row.before === undefined) return [...parts, block("Completion", row, "completion", [row.completion])];
  const pieces = compare(row.before, row.completion);
  const before = block("Before treatment", row, "before", marked(pieces, "-", "del"));
  return [...parts, element("div", { className: "pair" }, before, block("After", row, "completion", marked(pieces, "+", "ins")))];
}

function block(title, row, name, content) {
  const cut = row.lengths[name] === undefined ? "" : `, cut: ${row.lengths[name].toLocaleString("en")} characters in all`;
  const text = element("pre", { tabIndex: 0 }, ...content);
  text.setAttribute("aria-label", title);
  return element("div", {}, element("h4", { textContent: title + cut }), text);
}

function marked(pieces, sign, tag) {
  const own = pieces.filter(([which]) => which === "=" || which === sign);
  return own.map(([which, text]) => (which === "=" ? text : element(tag, { textContent: text })));
}

// The longest common subsequence of words: [sign, text] with "=" in both, "-" only before, "+" only after.
function compare(before, after) {
  const [a, b] = [before, after].map((text) => text.match(/\s+|[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu) ?? []);
  const longest = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      longest[i][j] = a[i] === b[j] ? longest[i + 1][j + 1] + 1 : Math.max(longest[i + 1][j], longest[i][j + 1]);
    }
  }
  const pieces = [];
  const add = (sign, text) => (pieces.at(-1)?.[0] === sign ? (pieces.at(-1)[1] += text) : pieces.push([sign, text]));
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) add("=", (i++, b[j++]));
    else if (j === b.length || (i < a.length && longest[i + 1][j] >= longest[i][j + 1])) add("-", a[i++]);
    else add("+", b[j++]);
  }
  return pieces;
}

function verdicts(row) {
  const head = ["Rule", "Score", "Rejects from", "Reason", "Evidence"];
  const made = element("table", {}, element("caption", { textContent: "Every rule's verdict" }));
  const top = element("tr", {}, ...head.map((text, at) => element("th", { scope: "col", textContent: text, className: at === 1 || at === 2 ? "num" : "" })));
  made.append(element("thead", {}, top), element("tbody", {}, ...rules.map((each, place) => verdict(row, each, place))));
  const wide = element("div", { className: "wide", tabIndex: 0 }, made);
  wide.setAttribute("role", "region");
  wide.setAttribute("aria-label", "Verdicts on the row");
  return wide;
}

function verdict(row, each, place) {
  const against = row.against.includes(place);
  const found = row.found.find((finding) => finding.place === place);
  const evidence = isHidden(row) && found?.evidence ? "hidden" : (found?.evidence ?? "");
  const name = element("th", { scope: "row" }, element("span", { className: against ? "chip bad" : "mono", textContent: each.name }));
  const cells = [String(row.scores[place]), String(each.threshold), found?.reason ?? "", evidence];
  const classes = ["num", "num", "text", "text mono"];
  return element("tr", {}, name, ...cells.map((text, at) => element("td", { className: classes[at], textContent: text })));
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
