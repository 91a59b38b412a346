// The Markdown that models write, as nodes: headings, lists, tables, code, bold, italic.  No HTML is ever parsed and no
// link is made, so an answer can neither run anything nor lead anywhere.

export function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

const INLINE = /(`+)(.+?)\1|\*\*(.+?)\*\*|__(.+?)__|\*([^\s*][^*]*?)\*|(?<![\w])_([^\s_][^_]*?)_(?![\w])/;

function inline(text) {
  const nodes = [];
  for (let match; (match = INLINE.exec(text)); text = text.slice(match.index + match[0].length)) {
    if (match.index) nodes.push(text.slice(0, match.index));
    const [, , code, bold, bolder, slanted, leaning] = match;
    if (code !== undefined) nodes.push(element("code", "", code));
    else if (bold ?? bolder) nodes.push(element("strong", "", ...inline(bold ?? bolder)));
    else nodes.push(element("em", "", ...inline(slanted ?? leaning)));
  }
  if (text) nodes.push(text);
  return nodes;
}

const ITEM = /^\s*(?:[-*+]|(\d+)[.)])\s+(.*)$/;
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
      const numbered = ITEM.exec(line)[1];
      const items = while_((each) => ITEM.test(each) && Boolean(ITEM.exec(each)[1]) === Boolean(numbered));
      const list = element(numbered ? "ol" : "ul", "", ...items.map((item) => element("li", "", ...inline(ITEM.exec(item)[2]))));
      if (numbered) list.start = Number(numbered);
      blocks.push(list);
    } else if (ROW.test(line) && /^[\s|:-]+$/.test(lines[at + 1] ?? "") && (lines[at + 1] ?? "").includes("-")) {
      blocks.push(table(while_((each) => ROW.test(each))));
    } else {
      const own = (each) => each.trim() && !FENCE.test(each) && !HEADING.test(each) && !ITEM.test(each);
      const words = while_(own);
      blocks.push(element("p", "", ...inline(words.join(" "))));
    }
  }
  return blocks;
}

function table(lines) {
  const cells = lines.map((line) => ROW.exec(line)[1].split("|").map((cell) => cell.trim()));
  const row = (name, texts) => element("tr", "", ...texts.map((text) => element(name, "", ...inline(text))));
  const head = element("thead", "", row("th", cells[0]));
  const body = element("tbody", "", ...cells.slice(2).map((texts) => row("td", texts)));
  return element("div", "scroll", element("table", "", head, body));
}
