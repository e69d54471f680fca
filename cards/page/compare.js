// Elements with texts that are only ever set as text, and the words in which two texts differ.

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
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

function changes(pieces, sign, tag) {
  const own = pieces.filter(([which]) => which === "=" || which === sign);
  return own.map(([which, text]) => (which === "=" ? text : element(tag, { textContent: text })));
}
