"""Trains the tokenizer of `tiny` anew and writes it where the package keeps it: `make vocabulary`.

Run by who develops medgpt, never by who uses it.  The text is ICD-10-CM (public domain), the questions and answers of
our sample set, and the words of the harmony format; the same versions of these give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator

from tokenizers import Tokenizer

from medgpt_cli.core import console
from medgpt_cli.core.files import write_text
from medgpt_cli.data.sample.texts import corpus
from medgpt_cli.data.sample.wordings import every_wording
from medgpt_cli.models import templates
from medgpt_cli.models.tiny import vocabulary

WEIGHT = 300
"""How often our own lines are repeated: enough for their words to become single tokens beside 7 MB of ICD-10-CM."""


def lines() -> Iterator[str]:
    """All text the merges are learnt from, in a fixed order."""
    yield from corpus()
    harmony = templates.render("harmony", image_token="", date="2026-01-01", reasoning="low")
    for _ in range(WEIGHT):
        yield from every_wording()
        yield harmony.partition("-#}")[2]  # behind the comment that opens the file


def trained() -> Tokenizer:
    """The tokenizer, trained now."""
    return vocabulary.train(lines())


def main() -> None:
    """Writes `tokenizer.json`."""
    write_text(vocabulary.FILE, trained().to_str(pretty=False) + "\n")
    console.say(f"wrote {vocabulary.FILE}")


if __name__ == "__main__":
    main()
