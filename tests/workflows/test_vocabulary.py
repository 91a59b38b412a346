from __future__ import annotations

from medgpt_cli.models.tiny import vocabulary
from medgpt_cli.workflows.vocabulary import trained


def test_the_shipped_tokenizer_is_what_training_it_again_gives() -> None:
    assert trained().to_str(pretty=False) + "\n" == vocabulary.FILE.read_text(encoding="utf-8")
