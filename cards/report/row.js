// One row of a report, opened: its texts with the evidence marked, and what the rules say of it.

const { rules, rows } = JSON.parse(document.getElementById("rows-data").textContent);

for (const row of rows) {
  row.against ??= [];
  row.found ??= [];
  row.lengths ??= {};
}
const known = new Map(rows.map((row) => [row.id, row]));

// A digest is known by its beginning; an id that somebody gave is not.
const shortened = (id) => (/^[0-9a-f]{64}$/.test(id) ? id.slice(0, 8) : id);
const nameOf = (row) => shortened(row.id);

// What rules hold against the row, as it stands in its texts: evidence of a rule about whole rows is no piece of them.
function evidenceOf(row) {
  const telling = row.found.filter(({ place }) => row.against.includes(place) && !rules[place].name.startsWith("row."));
  const pieces = telling.map(({ evidence }) => (evidence ?? "").trim()).filter((piece) => piece && piece !== "…");
  if (!pieces.length) return null;
  const exact = (piece) => piece.replace(/…$/u, "").replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
  // A word is none that begins inside another one, and a number none inside a longer one.
  const before = (piece) => (/^[\p{L}\p{N}]/u.test(piece) ? "(?<![\\p{L}\\p{N}])" : "");
  const after = (piece) => (/\d$/u.test(piece) ? "(?!\\d)" : "");
  const whole = (piece) => before(piece) + exact(piece) + after(piece);
  return new RegExp(pieces.sort((a, b) => b.length - a.length).map(whole).join("|"), "giu");
}

function marked(text, evidence) {
  if (evidence === null) return [text];
  const parts = [];
  let at = 0;
  for (const hit of text.matchAll(evidence)) {
    parts.push(text.slice(at, hit.index), element("mark", { textContent: hit[0] }));
    at = hit.index + hit[0].length;
  }
  return [...parts, text.slice(at)];
}

// The beginning of a text, or where the evidence is, if that is further on; on one line.
function glimpse(text, evidence, length) {
  const first = evidence === null ? -1 : text.search(evidence);
  const from = first > length / 2 ? first - 24 : 0;
  const shown = text.slice(from, from + length).replace(/\s*\n\s*/g, " ⏎ ");
  return marked(`${from ? "… " : ""}${shown}` || "(empty)", evidence);
}

function texts(row) {
  const evidence = evidenceOf(row);
  const parts = [block("Prompt", row, "prompt", marked(row.prompt, evidence))];
  if (row.before === undefined) return [...parts, block("Completion", row, "completion", marked(row.completion, evidence))];
  const pieces = compare(row.before, row.completion);
  const before = block("Before treatment", row, "before", changes(pieces, "-", "del"));
  return [...parts, element("div", { className: "pair" }, before, block("After", row, "completion", changes(pieces, "+", "ins")))];
}

function block(title, row, name, content) {
  const cut = row.lengths[name] === undefined ? "" : `, cut: ${row.lengths[name].toLocaleString("en")} characters in all`;
  const text = element("pre", { tabIndex: 0 }, ...content);
  text.setAttribute("role", "region");
  text.setAttribute("aria-label", `${title} of row ${nameOf(row)}`);
  return element("div", {}, element("h3", { textContent: title + cut }), text);
}

// Rules that have something to say come first; the scores of all others are one line.
function verdicts(row, hidden) {
  const found = new Map(row.found.map((each) => [each.place, each]));
  const told = rules.map((_, place) => place).filter((place) => row.against.includes(place) || found.has(place));
  told.sort((a, b) => row.against.includes(b) - row.against.includes(a));
  const list = element("ul", { className: "verdicts" });
  for (const place of told) list.append(verdict(row, place, found.get(place), hidden));
  const silent = rules.map((each, place) => `${each.name} ${row.scores[place]}`).filter((_, place) => !told.includes(place));
  const others = element("p", { className: "small", textContent: `${told.length ? "Nothing else found" : "No rule found anything"}; scores: ${silent.join(", ")}` });
  return silent.length ? [list, others] : [list];
}

function verdict(row, place, found, hidden) {
  const { name, threshold, links } = rules[place];
  const against = row.against.includes(place);
  const score = `score ${row.scores[place]}, ${against ? "rejects" : "would reject"} from ${threshold}`;
  const made = element("li", {}, element("span", { className: against ? "chip bad" : "chip", textContent: name }), ` ${found?.reason ?? ""}`);
  if (found?.evidence && hidden) made.append(": hidden");
  else if (found?.evidence) made.append(": ", links ? linked(found.evidence) : element("code", { className: "text", textContent: found.evidence }));
  made.append(element("span", { className: "small", textContent: ` (${score})` }));
  return made;
}

// The row that another one repeats; where the page does not hold it, its id.
function linked(id) {
  if (!known.has(id)) return element("code", { className: "text", textContent: shortened(id) });
  const button = element("button", { type: "button", className: "link mono", textContent: `row ${shortened(id)}` });
  button.setAttribute("aria-label", `Show the earlier row ${shortened(id)}`);
  button.addEventListener("click", () => document.dispatchEvent(new CustomEvent("show-row", { detail: id })));
  return button;
}
