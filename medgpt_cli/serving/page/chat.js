// The dialogue: what was said, what is being said, and the controls around it.  Nothing is stored but the theme, and
// the token while the tab is open.

import { ask, onTokenWanted } from "./api.js";
import { element, markdown } from "./markdown.js";
import { addFiles, clearPictures, loading, onPictures, pictures } from "./pictures.js";
import { download, transcript } from "./transcript.js";
import { described, open } from "./viewer.js";

const $ = (id) => document.getElementById(id);
const model = $("model").textContent;
const notice = document.querySelector(".notice").textContent;
const question = $("question");
let turns = [];
let answering = null;

function say(text) { $("status").textContent = text; }

// --- asking -------------------------------------------------------------------------------------

function messages() {
  return turns.map((turn) => {
    if (turn.role === "assistant") return { role: "assistant", content: turn.text };
    const shown = turn.pictures.map(({ url }) => ({ type: "image_url", image_url: { url } }));
    return { role: "user", content: [...shown, ...(turn.text ? [{ type: "text", text: turn.text }] : [])] };
  });
}

function send() {
  const text = question.value.trim();
  if (answering || loading() || (!text && !pictures().length)) return;
  const shown = pictures().map((picture) => ({
    url: picture.url, alt: described(picture), name: picture.name, frames: picture.frames, frame: picture.frame, window: picture.window,
  }));
  turns.push({ role: "user", text, pictures: shown });
  $("dialogue").append(asked(turns.at(-1)));
  question.value = "";
  clearPictures();
  answer();
}

async function answer() {
  const turn = { role: "assistant", text: "", thinking: "" };
  const place = element("div", "answer", element("p", "waiting", "Reading"));
  const item = element("li", "turn assistant", element("p", "who", model), place);
  const began = performance.now();
  let drawing = 0;
  const draw = () => { drawing = 0; const low = atEnd(); place.replaceChildren(...markdown(turn.text)); if (low) scroll(); };
  answering = new AbortController();
  $("dialogue").append(item);
  item.setAttribute("aria-busy", "true");
  refresh();
  scroll();
  say("The model is answering.");
  try {
    const end = await ask(messages(), {
      signal: answering.signal,
      onText: (piece) => { turn.text += piece; drawing ||= requestAnimationFrame(draw); },
      onThinking: (piece) => { turn.thinking += piece; },
    });
    if (end.reason === "length") turn.cut = "cut at the token limit";
    turn.tally = tally(end.usage, performance.now() - began);
  } catch (error) {
    if (error.name === "AbortError") turn.cut = "stopped";
    else turn.fault = error instanceof TypeError ? "the server cannot be reached" : error.message;
  }
  cancelAnimationFrame(drawing);
  answering = null;
  item.removeAttribute("aria-busy");
  finish(item, place, turn);
  refresh();
}

function finish(item, place, turn) {
  place.replaceChildren(...markdown(turn.text));
  if (turn.fault) {
    item.append(fault(item, turn.fault));
    say(turn.fault);
    return;  // not part of the dialogue: the question can be asked again
  }
  if (!turn.text) place.append(element("p", "who", turn.cut === "stopped" ? "Stopped before a word was said." : "The model said nothing."));
  turns.push(turn);
  if (turn.thinking) item.append(element("details", "", element("summary", "", "Reasoning"), element("p", "", turn.thinking)));
  const copy = element("button", "quiet", "Copy");
  copy.type = "button";
  copy.onclick = async () => { copy.textContent = (await copied(turn.text)) ? "Copied" : "Could not copy"; setTimeout(() => { copy.textContent = "Copy"; }, 2000); };
  item.append(element("div", "below", copy, ...[turn.cut, turn.tally].filter(Boolean).map((text) => element("span", "", text))));
  say(turn.text ? `Answer: ${turn.text}` : "The model said nothing.");
  if (atEnd(400)) scroll();
}

function fault(item, words) {
  const again = element("button", "quiet", "Ask again");
  again.type = "button";
  again.onclick = () => { item.remove(); answer(); };
  const told = element("p", "fault", words);
  told.setAttribute("role", "alert");
  return element("div", "", told, element("div", "below", again));
}

function asked(turn) {
  const item = element("li", "turn user", element("p", "unseen", "You asked"));
  if (turn.pictures.length) {
    item.append(element("div", "shown", ...turn.pictures.map((picture) => {
      const image = element("img");
      image.src = picture.url;
      image.alt = picture.alt;
      const button = element("button", "", image);
      button.type = "button";
      button.onclick = () => open(picture);
      return button;
    })));
  }
  if (turn.text) item.append(element("p", "text", turn.text));
  return item;
}

function tally(usage, milliseconds) {
  if (!usage) return "";
  const seconds = milliseconds / 1000;
  return `${usage.completion_tokens} tokens, ${seconds.toFixed(1)} s, ${(usage.completion_tokens / seconds).toFixed(1)} tokens/s`;
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

// --- the page -----------------------------------------------------------------------------------

function refresh() {
  $("welcome").hidden = turns.length > 0 || Boolean(answering);
  $("export").disabled = !turns.some((turn) => turn.role === "assistant") || Boolean(answering);
  $("send").hidden = Boolean(answering);
  $("stop").hidden = !answering;
  $("send").disabled = loading() || (!question.value.trim() && !pictures().length);
  question.style.height = "auto";
  question.style.height = `${question.scrollHeight}px`;
}

function atEnd(near = 80) { return window.innerHeight + window.scrollY > document.body.scrollHeight - near; }
function scroll() { window.scrollTo(0, document.body.scrollHeight); }

function startOver() {
  if (turns.length && !window.confirm("Forget this dialogue and its images?")) return;
  answering?.abort();
  turns = [];
  $("dialogue").replaceChildren();
  clearPictures();
  refresh();
  say("A new dialogue.");
  question.focus();
}

$("composer").onsubmit = (event) => { event.preventDefault(); send(); };
question.oninput = refresh;
question.onkeydown = (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); send(); }
};
document.addEventListener("keydown", (event) => { if (event.key === "Escape" && !document.querySelector("dialog[open]")) answering?.abort(); });
$("stop").onclick = () => { answering?.abort(); question.focus(); };
$("new").onclick = startOver;
$("export").onclick = () => {
  const stamp = new Date().toISOString().slice(0, 19).replaceAll(":", "-");
  download(transcript(turns, { model, notice }), `medgpt-${stamp}.html`);
};
$("attach").onclick = () => $("file").click();
$("file").onchange = () => { addFiles($("file").files); $("file").value = ""; question.focus(); };
onPictures(refresh);

let over = 0;
const brings = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
window.addEventListener("dragenter", (event) => { if (brings(event)) { over++; $("drop").hidden = false; } });
window.addEventListener("dragleave", () => { over = Math.max(0, over - 1); $("drop").hidden = over === 0; });
window.addEventListener("dragover", (event) => event.preventDefault());
window.addEventListener("drop", (event) => {
  event.preventDefault();
  over = 0;
  $("drop").hidden = true;
  if (brings(event)) addFiles(event.dataTransfer.files);
  question.focus();
});
window.addEventListener("paste", (event) => {
  const files = [...event.clipboardData.files];
  if (files.length) { event.preventDefault(); addFiles(files); }
});
window.addEventListener("beforeunload", (event) => { if (turns.length) event.preventDefault(); });

// --- the theme and the token --------------------------------------------------------------------

const dark = window.matchMedia("(prefers-color-scheme: dark)");
function theme() {
  const chosen = localStorage.getItem("medgpt-theme") ?? (dark.matches ? "dark" : "light");
  document.documentElement.dataset.theme = chosen;
  $("theme").setAttribute("aria-pressed", String(chosen === "dark"));
}
dark.onchange = theme;
$("theme").onclick = () => {
  localStorage.setItem("medgpt-theme", document.documentElement.dataset.theme === "dark" ? "light" : "dark");
  theme();
};
theme();

let wanted = null;
onTokenWanted((wrong) => wanted ??= new Promise((resolve) => {
  $("door-fault").hidden = !wrong;
  $("token").value = "";
  $("door").showModal();
  $("door-form").onsubmit = (event) => {
    event.preventDefault();
    $("door").close();
    wanted = null;
    resolve($("token").value.trim());
  };
}));
$("door").oncancel = (event) => event.preventDefault();

refresh();
question.focus();
