// Draws the charts, and saves them. `ast` has Vega interpret its expressions: the page's policy allows no code made from
// text.

const charts = JSON.parse(document.getElementById("charts").textContent);
const options = { actions: false, ast: true, defaultStyle: false, renderer: "svg", tooltip: { disableDefaultStyle: true } };
const SAVED = { width: 860, scale: 2 };

// What draws them is run once the page can be used; then one comes after the other, so that nobody waits for them.
async function draw() {
  await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  const vega = document.createElement("script");
  vega.textContent = document.getElementById("vega").textContent;
  document.head.append(vega);
  for (const place of document.querySelectorAll("[data-chart]")) {
    await window.vegaEmbed(place, charts[place.dataset.chart].spec, options);
    await new Promise((resolve) => setTimeout(resolve));
  }
}


// The page's own colours as they are in the light, for files that leave it.
function lit(text) {
  const style = getComputedStyle(document.documentElement);
  return text.replace(/var\((--[\w-]+)\)/g, (_, name) => {
    const value = style.getPropertyValue(name).trim();
    return value.match(/^light-dark\(\s*([^,]+),/)?.[1] ?? value;
  });
}

async function picture({ spec, title, said }, kind) {
  const alone = JSON.parse(lit(JSON.stringify(spec)));
  const about = { text: title, subtitle: said, anchor: "start", fontSize: 13, subtitleFontSize: 11, subtitlePadding: 6 };
  Object.assign(alone, { width: SAVED.width, height: spec.height + 36 + 15 * said.length, background: "white", title: about });
  const { view } = await window.vegaEmbed(document.createElement("div"), alone, { ...options, renderer: "canvas" });
  const text = kind === "svg" ? await view.toSVG() : null;
  const canvas = kind === "png" ? await view.toCanvas(SAVED.scale) : null;
  view.finalize();
  if (text !== null) return new Blob([text], { type: "image/svg+xml" });
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

function table({ rows }) {
  const names = [...new Set(rows.flatMap(Object.keys))];
  const quoted = (value) => (/[",\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
  const line = (values) => values.map((value) => quoted(String(value ?? ""))).join(",");
  return new Blob([[names, ...rows.map((row) => names.map((name) => row[name]))].map(line).join("\r\n") + "\r\n"], { type: "text/csv" });
}

async function save(name, kind) {
  const blob = kind === "csv" ? table(charts[name]) : await picture(charts[name], kind);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${name}.${kind}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

for (const button of document.querySelectorAll("[data-save]")) {
  button.parentElement.hidden = false;
  button.addEventListener("click", () => save(button.dataset.of, button.dataset.save));
}

draw();
