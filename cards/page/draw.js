// Draws the charts. `ast` has Vega interpret its expressions: the page's policy allows no code made from text.

const specs = JSON.parse(document.getElementById("charts").textContent);
const options = { actions: false, ast: true, defaultStyle: false, renderer: "svg", tooltip: { disableDefaultStyle: true } };

for (const place of document.querySelectorAll("[data-chart]")) {
  await window.vegaEmbed(place, specs[place.dataset.chart], options);
}
