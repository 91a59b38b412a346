// The dialogue as one file that any browser shows without a network: texts, reasoning, images, model, time, notice.

import { element, markdown } from "./markdown.js";

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#16212a}
article{border-top:1px solid #d5dce1;padding:1rem 0}h2{font-size:.85rem;color:#53626d;margin:0 0 .4rem}
img{max-width:100%;max-height:24rem;background:#000;margin-right:.5rem}pre{overflow-x:auto;background:#f4f6f7;padding:.7rem}
table{border-collapse:collapse}td,th{border:1px solid #d5dce1;padding:.3rem .6rem}.asked{white-space:pre-wrap}
footer,details{color:#53626d;font-size:.9rem}`;

export function transcript(turns, { model, notice }) {
  const page = document.implementation.createHTMLDocument(`${model}: transcript`);
  const charset = element("meta");
  charset.setAttribute("charset", "utf-8");
  page.head.prepend(charset);
  page.body.append(element("h1", "", `Dialogue with ${model}`), element("p", "", new Date().toLocaleString()));
  for (const turn of turns) {
    const article = element("article", "", element("h2", "", turn.role === "user" ? "Question" : "Answer"));
    for (const picture of turn.pictures ?? []) {
      const image = element("img");
      image.src = picture.url;
      image.alt = picture.alt;
      image.title = picture.alt;
      article.append(image);
    }
    if (turn.role === "user") article.append(element("p", "asked", turn.text));
    else article.append(...markdown(turn.text));
    if (turn.cut) article.append(element("p", "", `(${turn.cut})`));
    if (turn.thinking) article.append(element("details", "", element("summary", "", "Reasoning"), element("p", "asked", turn.thinking)));
    page.body.append(article);
  }
  page.body.append(element("footer", "", notice));
  // Written in as text: the page's own policy forbids to make a style element, even one for another page.
  const html = page.documentElement.outerHTML.replace("</head>", () => `<style>${STYLE}</style></head>`);
  return `<!doctype html>\n${html}`;
}

export function download(text, name) {
  const link = element("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/html" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
