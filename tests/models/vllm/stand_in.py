"""Stands in for the program `vllm`: takes the words of `vllm serve` and no other, and answers on a real socket.

What it was started with and asked goes, a JSON document a line, to the file that STAND_IN names; what it is asked, to
its standard output, too, as a talkative vLLM would.  It knows nothing of our package.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import socketserver
import struct
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

KNOWN = argparse.ArgumentParser(allow_abbrev=False)
KNOWN.add_argument("command", choices=["serve"])
KNOWN.add_argument("folder", type=Path)
KNOWN.add_argument("--served-model-name", required=True)
KNOWN.add_argument("--uds", required=True)
KNOWN.add_argument("--max-model-len", choices=["auto"], required=True)
KNOWN.add_argument("--chat-template-content-format", choices=["openai"], required=True)
KNOWN.add_argument("--limit-mm-per-prompt", type=json.loads, required=True)
KNOWN.add_argument("--no-enable-log-requests", action="store_true", required=True)
KNOWN.add_argument("--disable-uvicorn-access-log", action="store_true", required=True)
KNOWN.add_argument("--disable-fastapi-docs", action="store_true", required=True)
KNOWN.add_argument("--uvicorn-log-level", choices=["warning"], required=True)
KNOWN.add_argument("--hf-overrides", type=json.loads)

POSITIONS = 2048
FINAL = "<|start|>assistant<|channel|>final<|message|>"


def note(**fields: Any) -> None:
    with open(os.environ["STAND_IN"], "a") as file:
        file.write(json.dumps(fields) + "\n")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    name = ""
    ready = 0.0

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        if self.path == "/health":
            self.say({}, 200 if time.monotonic() > self.ready else 503)
        elif self.path == "/v1/models" and self.known():
            self.say({"object": "list", "data": [{"id": self.name, "max_model_len": POSITIONS}]})

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self.known():
            return
        sys.stdout.write(f"asked: {json.dumps(asked)}\n")
        sys.stdout.flush()
        note(asked=asked)
        content = asked["messages"][-1]["content"]
        parts = content if isinstance(content, list) else [{"type": "text", "text": content}]
        text = "".join(part.get("text", "") for part in parts)
        sides = [sides_of(part["image_url"]["url"]) for part in parts if part["type"] == "image_url"]
        assert asked["model"] == self.name
        assert asked["temperature"] == 0
        assert asked["skip_special_tokens"] is False
        if "very long" in text:
            words = (
                f"This model's maximum context length is {POSITIONS} tokens. However, you said: {text}"
            )
            self.say({"error": {"message": words, "type": "BadRequestError", "code": 400}}, 400)
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        pieces = ["<|channel|>", "analysis", "<|message|>", "I look.", "<|end|>", FINAL]
        pieces += ["I see ", f"{sides}", "."]
        try:
            self.stream(pieces, text)
        except (BrokenPipeError, ConnectionResetError):
            note(left=text)
        self.close_connection = True

    def stream(self, pieces: list[str], text: str) -> None:
        self.event({"role": "assistant", "content": ""})
        for piece in pieces:
            self.event({"content": piece})
        if "die" in text:
            os._exit(7)
        while "for ever" in text:
            self.event({"content": " and"})
            time.sleep(0.02)
        while "silence" in text:
            self.wfile.write(b": ping\n\n")
            time.sleep(0.05)
        self.event({}, "stop")
        usage = {"prompt_tokens": 12, "completion_tokens": len(pieces)}
        self.wfile.write(f"data: {json.dumps({'choices': [], 'usage': usage})}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")

    def event(self, delta: dict[str, str], reason: str | None = None) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        self.wfile.write(f"data: {json.dumps({'choices': [choice]})}\n\n".encode())

    def known(self) -> bool:
        if self.headers["Authorization"] == f"Bearer {os.environ['VLLM_API_KEY']}":
            return True
        self.say({"error": "Unauthorized"}, 401)
        return False

    def say(self, document: Any, status: int = 200) -> None:
        data = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def sides_of(url: str) -> tuple[int, int]:
    """Width and height of a PNG in a data URL."""
    data = base64.b64decode(url.removeprefix("data:image/png;base64,"), validate=True)
    assert data.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", data[16:24])
    return width, height


class Listening(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 64


def main() -> None:
    words = KNOWN.parse_args()
    worker = subprocess.Popen(["sleep", "300"])
    settings = {k: v for k, v in os.environ.items() if k.startswith(("VLLM_", "HF_", "DO_NOT"))}
    note(
        words={k: str(v) if isinstance(v, Path) else v for k, v in vars(words).items()},
        settings=settings,
        pids=[os.getpid(), worker.pid],
    )
    sys.stdout.write("loading\n")
    sys.stdout.flush()
    if not (words.folder / "config.json").is_file():
        raise SystemExit("no such model")
    Handler.name, Handler.ready = words.served_model_name, time.monotonic() + 0.2
    with Listening(words.uds, Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}).start()
        threading.Event().wait()


if __name__ == "__main__":
    main()
