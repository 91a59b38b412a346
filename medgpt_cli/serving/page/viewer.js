// A picture large, and for DICOM its frame and its window (level and width), by numbers, presets or dragging.

import { showPicture } from "./api.js";
import { element } from "./markdown.js";

const PRESETS = { "Soft tissue": [40, 400], Lung: [-600, 1500], Bone: [300, 1500], Brain: [40, 80] };
const $ = (id) => document.getElementById(id);
const dialog = $("viewer");
const stage = dialog.querySelector(".stage");
let picture = null;
let closed = () => {};
let asking = null;
let timer = 0;

for (const [name, window] of Object.entries(PRESETS)) {
  const button = element("button", "quiet", name);
  button.type = "button";
  button.onclick = () => setWindow(window);
  $("presets").append(button);
}

// Shows a picture in another window or frame.
export async function render(picture, { frame, window }, signal) {
  let shown;
  try {
    shown = await showPicture(picture.bytes, { frame, window }, signal);
  } catch (error) {
    if (frame !== undefined || !/frames/.test(error.message)) throw error;
    return render(picture, { frame: 0, window }, signal);  // several frames: begin with the first
  }
  Object.assign(picture, {
    url: shown.picture, kind: shown.kind, frames: shown.frames, grey: shown.grey, modality: shown.modality,
    size: [shown.width, shown.height], own: shown.window, frame: shown.frames > 1 ? frame ?? 0 : undefined, window: window ?? null,
  });
}

export function described(picture) {
  const parts = [picture.name];
  if (picture.frame !== undefined) parts.push(`frame ${picture.frame + 1} of ${picture.frames}`);
  if (picture.window) parts.push(`level ${picture.window[0]}, window ${picture.window[1]}`);
  return parts.join(", ");
}

// Opens a picture; `adjustable` where its file is still at hand.
export function open(shown, { adjustable = false, onClose = () => {} } = {}) {
  picture = shown;
  closed = onClose;
  $("frame-control").hidden = !(adjustable && picture.frames > 1);
  $("window-control").hidden = !(adjustable && picture.grey);
  $("viewer-controls").hidden = $("frame-control").hidden && $("window-control").hidden;
  $("presets").hidden = picture.modality !== "CT";
  stage.classList.toggle("windowed", !$("window-control").hidden);
  $("frame").max = (picture.frames ?? 1) - 1;
  draw();
  dialog.showModal();
}

function draw() {
  const window = picture.window ?? picture.own;
  $("viewer-name").textContent = described(picture);
  $("viewer-picture").src = picture.url;
  $("viewer-picture").alt = described(picture);
  $("frame").value = picture.frame ?? 0;
  $("frame-number").textContent = `${(picture.frame ?? 0) + 1} of ${picture.frames}`;
  $("level").value = window ? round(window[0]) : "";
  $("width").value = window ? round(window[1]) : "";
}

function round(number) { return Math.round(number * 100) / 100; }

// Asks for another view, but not for each step of a slider: the last wish within a moment counts.
function wish(change) {
  clearTimeout(timer);
  timer = setTimeout(async () => {
    asking?.abort();
    asking = new AbortController();
    const shown = picture;
    try {
      await render(shown, { frame: shown.frame, window: shown.window, ...change }, asking.signal);
      $("viewer-fault").hidden = true;
    } catch (error) {
      if (error.name === "AbortError") return;
      $("viewer-fault").textContent = error.message;
      $("viewer-fault").hidden = false;
    }
    if (shown === picture) draw();
  }, 60);
}

function setWindow(window) { wish({ window }); }

function typed() {
  const window = [Number($("level").value), Number($("width").value)];
  if ($("level").value !== "" && Number.isFinite(window[0]) && window[1] > 0) setWindow(window);
}

$("level").onchange = typed;
$("width").onchange = typed;
$("window-reset").onclick = () => setWindow(undefined);
$("frame").oninput = () => wish({ frame: Number($("frame").value) });
$("viewer-controls").onsubmit = (event) => { event.preventDefault(); typed(); };
$("viewer-close").onclick = () => dialog.close();
dialog.onclose = () => closed();
dialog.onclick = (event) => { if (event.target === dialog) dialog.close(); };

let dragged = null;
stage.onpointerdown = (event) => {
  if ($("window-control").hidden) return;
  const window = picture.window ?? picture.own ?? [40, 400];
  dragged = { x: event.clientX, y: event.clientY, window };
  stage.setPointerCapture(event.pointerId);
};
stage.onpointermove = (event) => {
  if (!dragged) return;
  const step = Math.max(dragged.window[1] / 250, 0.01);
  const level = dragged.window[0] - (event.clientY - dragged.y) * step;
  const width = Math.max(dragged.window[1] + (event.clientX - dragged.x) * step, step);
  $("level").value = round(level);
  $("width").value = round(width);
  setWindow([round(level), round(width)]);
};
stage.onpointerup = stage.onpointercancel = () => { dragged = null; };
