"""What of an endpoint's text a person would read: the answer alone, never the reasoning before it.

A server that knows the model's format sends reasoning apart, and this module finds nothing to do.  One that does not
sends harmony's channels in the text, with their marks or, where special tokens are left out of it, run together
(`analysisThe lungs are clear.assistantfinalNo`); or reasoning between `<think>` and `</think>`.  Reasoning without an
answer behind it is no answer.  This module knows nothing of tokens.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Parted(NamedTuple):
    """A text taken apart.

    Attributes:
        text: The answer.
        thinking: The reasoning before it.
        whole: False where the text ends before an answer began.
    """

    text: str
    thinking: str = ""
    whole: bool = True


_MARKED = re.compile(
    r"<\|channel\|>\s*(?P<name>\w++)(?:(?!<\|(?:message|channel)\|>).)*+<\|message\|>(?P<body>.*?)"
    r"(?=<\|(?:end|return|call|start|channel)\|>|\Z)",
    re.DOTALL,
)
_GLUED = re.compile(r"\Aanalysis(?=\S)(?P<thinking>.*?)assistantfinal(?P<text>.*)\Z", re.DOTALL)
_GLUED_FINAL = re.compile(r"\A(?:assistant)?final(?=[^a-z\s.,;:!?'’-])")
_GLUED_ANY = re.compile(r"\A(?:final|analysis)\w")
_THINK = re.compile(r"\A\s*<think>(?P<thinking>.*?)(?:</think>(?P<text>.*))?\Z", re.DOTALL)


def part(text: str) -> Parted:
    """Takes a text apart; one in no known format is the answer as it stands."""
    if "<|channel|>" in text:
        return _marked(text)
    if found := _GLUED.match(text):
        return Parted(found["text"].strip(), found["thinking"].strip())
    if found := _THINK.match(text):
        answer = found["text"]
        return Parted((answer or "").strip(), found["thinking"].strip(), answer is not None)
    return Parted(_GLUED_FINAL.sub("", text))


def _marked(text: str) -> Parted:
    said: dict[str, str] = {}
    for channel in _MARKED.finditer(text):
        said[channel["name"]] = said.get(channel["name"], "") + channel["body"]
    return Parted(said.get("final", "").strip(), said.get("analysis", "").strip(), "final" in said)


def looks_glued(text: str) -> bool:
    """Whether a text taken apart still begins like a channel's name run into what follows.

    One such text means nothing (`finally`); that every text begins so means that the server hides the marks.
    """
    return _GLUED_ANY.match(text) is not None
