// The images that wait for the next question: dropped, pasted or chosen; shown as the server decodes them.

import { element } from "./markdown.js";
import { described, open, render } from "./viewer.js";

const CROSS = "M6 6l12 12M18 6L6 18";
const strip = document.getElementById("strip");
const waiting = [];
let onChange = () => {};

export function onPictures(told) { onChange = told; }
export function pictures() { return waiting.filter((picture) => picture.url); }
export function loading() { return waiting.some((picture) => !picture.url && !picture.fault); }

export function clearPictures() { waiting.length = 0; draw(); }

// Adds files; those that cannot be opened stay on the strip with the reason until they are taken away.
export async function addFiles(files) {
  await Promise.all([...files].map(async (file) => {
    const picture = { name: file.name || "pasted image", bytes: null, url: null, fault: null };
    waiting.push(picture);
    draw();
    try {
      picture.bytes = await file.arrayBuffer();
      await render(picture, {});
    } catch (error) {
      picture.fault = error.message;
    }
    draw();
  }));
}

function draw() {
  strip.hidden = waiting.length === 0;
  strip.replaceChildren(...waiting.map((picture) => {
    const remove = element("button", "remove");
    remove.type = "button";
    remove.setAttribute("aria-label", `Remove ${picture.name}`);
    remove.append(icon(CROSS));
    remove.onclick = () => { waiting.splice(waiting.indexOf(picture), 1); draw(); document.getElementById("question").focus(); };
    if (picture.fault) return element("li", "", element("p", "fault", `${picture.name}: ${picture.fault}`), remove);
    const see = element("button", "see");
    see.type = "button";
    if (picture.url) {
      const image = element("img");
      image.src = picture.url;
      image.alt = described(picture);
      see.append(image);
      see.title = picture.kind === "DICOM" ? "View and set the window" : "View";
      see.onclick = () => open(picture, { adjustable: true, onClose: draw });
    } else {
      see.disabled = true;
      see.setAttribute("aria-label", `Opening ${picture.name}`);
    }
    return element("li", "", see, element("span", "name", picture.name), remove);
  }));
  onChange();
}

export function icon(path) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}
