// The Markdown that models write, as nodes: headings, lists, tables, code, bold, italic.  No HTML is ever parsed and no
// link is made, so an answer can neither run anything nor lead anywhere.  What Markdown would garble in a report stays as
// it was written: the stars of 2*3*4 cm, line breaks, `+ 5`, `> 5 mm`, numbers of a list that leave one out.

export function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

const INLINE = new RegExp([
  /(`+)(.+?)\1/,
  /(?<![A-Za-z0-9*])\*\*([^\s*](?:.*?[^\s*])?)\*\*(?![A-Za-z0-9*])/,
  /(?<!\w)__([^\s_](?:.*?[^\s_])?)__(?!\w)/,
  /(?<![A-Za-z0-9*])\*([^\s*](?:[^*]*[^\s*])?)\*(?![A-Za-z0-9*])/,
  /(?<!\w)_([^\s_](?:[^_]*[^\s_])?)_(?!\w)/,
].map((each) => each.source).join("|"));
const LONGEST = 2000; // characters up to which emphasis is looked for, so that no line takes long

function inline(text) {
  const nodes = [];
  for (let match; text.length <= LONGEST && (match = INLINE.exec(text)); text = text.slice(match.index + match[0].length)) {
    if (match.index) nodes.push(text.slice(0, match.index));
    const [, , code, bold, bolder, slanted, leaning] = match;
    if (code !== undefined) nodes.push(element("code", "", code));
    else if (bold ?? bolder) nodes.push(element("strong", "", ...inline(bold ?? bolder)));
    else nodes.push(element("em", "", ...inline(slanted ?? leaning)));
  }
  if (text) nodes.push(text);
  return nodes;
}

const ITEM = /^(\s*)(?:[-*]|(\d{1,9})[.)])\s+(.*)$/;
const HEADING = /^(#{1,6})\s+(.*)$/;
const FENCE = /^\s*```/;
const ROW = /^\s*\|(.+)\|\s*$/;

export function markdown(text) {
  const lines = text.replace(/\r\n?/g, "\n").split("\n");
  const blocks = [];
  let at = 0;
  const while_ = (holds) => { const from = at; while (at < lines.length && holds(lines[at])) at++; return lines.slice(from, at); };
  while (at < lines.length) {
    const line = lines[at];
    if (!line.trim()) { at++; continue; }
    if (FENCE.test(line)) {
      at++;
      const code = while_((each) => !FENCE.test(each)).join("\n");
      at++;
      blocks.push(element("pre", "", element("code", "", code)));
    } else if (HEADING.test(line)) {
      blocks.push(element("h3", "", ...inline(HEADING.exec(line)[2])));
      at++;
    } else if (ITEM.test(line)) {
      const numbered = Boolean(ITEM.exec(line)[2]);
      const items = while_((each) => ITEM.test(each) && Boolean(ITEM.exec(each)[2]) === numbered);
      blocks.push(element(numbered ? "ol" : "ul", "", ...items.map(listed)));
    } else if (ROW.test(line) && /^[\s|:-]+$/.test(lines[at + 1] ?? "") && (lines[at + 1] ?? "").includes("-")) {
      blocks.push(table(while_((each) => ROW.test(each))));
    } else {
      const own = (each) => each.trim() && ![FENCE, HEADING, ITEM, ROW].some((other) => other.test(each));
      at++;
      const words = [line, ...while_(own)];
      blocks.push(element("p", "", ...words.flatMap((each, n) => (n ? [element("br"), ...inline(each)] : inline(each)))));
    }
  }
  return blocks;
}

function listed(line) {
  const [, indent, number, words] = ITEM.exec(line);
  const item = element("li", indent.length > 1 ? "deeper" : "", ...inline(words));
  if (number) item.value = Number(number);
  return item;
}

function table(lines) {
  const cells = lines.map((line) => ROW.exec(line)[1].split("|").map((cell) => cell.trim()));
  const row = (name, texts) => element("tr", "", ...texts.map((text) => element(name, "", ...inline(text))));
  const head = element("thead", "", row("th", cells[0]));
  const body = element("tbody", "", ...cells.slice(2).map((texts) => row("td", texts)));
  return element("div", "scroll", element("table", "", head, body));
}
