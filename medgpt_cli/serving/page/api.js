// What the page asks of its server, and the token it shows.  The token lives as long as the tab.

const KEY = "medgpt-token";
let askToken = async () => { throw new Error("no token"); };

export class Refused extends Error {
  constructor(message, status) { super(message); this.status = status; }
}

// How to get a token from the person: a function that resolves to one.
export function onTokenWanted(ask) { askToken = ask; }

async function call(path, options) {
  for (let wrong = false; ; wrong = true) {
    const token = sessionStorage.getItem(KEY);
    const headers = { ...options.headers, ...(token ? { Authorization: `Bearer ${token}` } : {}) };
    const reply = await fetch(path, { ...options, headers, cache: "no-store" });
    if (reply.status !== 401) return reply;
    sessionStorage.setItem(KEY, await askToken(wrong || Boolean(token)));
  }
}

async function refusal(reply) {
  const document = await reply.json().catch(() => null);
  const wait = reply.headers.get("Retry-After");
  const words = document?.error?.message ?? `the server said ${reply.status}`;
  return new Refused(wait ? `${words} (in about ${wait} s)` : words, reply.status);
}

// A picture's file as PNG, with what the controls need: {picture, kind, frames, window, grey, modality, width, height}.
export async function showPicture(bytes, { frame, window }, signal) {
  const asked = new URLSearchParams();
  if (frame !== undefined) asked.set("frame", frame);
  if (window) asked.set("window", `${window[0]}/${window[1]}`);
  const reply = await call(`/page/picture?${asked}`, {
    method: "POST", body: bytes, signal, headers: { "Content-Type": "application/octet-stream" },
  });
  if (!reply.ok) throw await refusal(reply);
  return reply.json();
}

// Asks the model and tells each piece as it comes: onText, onThinking; resolves to {reason, usage}.
export async function ask(messages, { onText, onThinking, signal }) {
  const reply = await call("/v1/chat/completions", {
    method: "POST", signal, headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ messages, stream: true, stream_options: { include_usage: true } }),
  });
  if (!reply.ok) throw await refusal(reply);
  const end = { reason: null, usage: null };
  for await (const event of events(reply.body)) {
    if (event.error) throw new Refused(event.error.message, 500);
    if (event.usage) end.usage = event.usage;
    const choice = event.choices[0];
    if (!choice) continue;
    if (choice.delta.content) onText(choice.delta.content);
    if (choice.delta.reasoning_content) onThinking(choice.delta.reasoning_content);
    end.reason = choice.finish_reason ?? end.reason;
  }
  if (!end.reason) throw new Refused("the answer broke off", 500);
  return end;
}

async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      if (block.startsWith("data: ") && block !== "data: [DONE]") yield JSON.parse(block.slice(6));
    }
  }
}
