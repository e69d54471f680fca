// Marks the words in which the two texts of a row differ, once somebody looks at them.

for (const fold of document.querySelectorAll("details.texts")) {
  const [before, after] = fold.querySelectorAll("pre");
  if (!after) continue;
  fold.addEventListener(
    "toggle",
    () => {
      const pieces = compare(before.textContent, after.textContent);
      before.replaceChildren(...changes(pieces, "-", "del"));
      after.replaceChildren(...changes(pieces, "+", "ins"));
    },
    { once: true },
  );
}
