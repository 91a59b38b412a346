from __future__ import annotations

from pathlib import Path

import pytest

from medgpt_cli.core.types import Place, Role, Sample, Turn
from medgpt_cli.data.dialogue import IGNORED, DialogueEncoder
from medgpt_cli.data.looking.marking import Piece, blocks, pieces
from tests.parts import llama_tokenizer

DIALOGUE = Sample(
    Place("f", 1),
    (
        Turn(Role.SYSTEM, ("Be brief.",)),
        Turn(Role.USER, (0, "Größe?", 1)),
        Turn(Role.ASSISTANT, ("large",)),
        Turn(Role.USER, ("Sure?",)),
        Turn(Role.ASSISTANT, ("yes",), "Look again."),
    ),
    images=("a", "b"),
)


@pytest.fixture(scope="module")
def tiny_processor(tiny: Path):
    from medgpt_cli.models.checkpoint import load_processor

    return load_processor(tiny)


@pytest.fixture
def cut(tiny_processor):
    tokenizer, token = tiny_processor.tokenizer, tiny_processor.image_token
    encoder = DialogueEncoder(tokenizer, image_token=token, tokens_per_image=64)

    def cut(sample: Sample):
        record = encoder.encode(sample)
        image_id = tokenizer.convert_tokens_to_ids(token)
        return record, pieces(record, tokenizer, image_id=image_id, tokens_per_image=64)

    return cut


def test_pieces_are_the_record_and_what_is_learnt_of_it(cut, tiny_processor) -> None:
    record, found = cut(DIALOGUE)
    assert sum(piece.tokens for piece in found) == len(record.input_ids)
    learnt = sum(piece.tokens for piece in found if piece.learnt)
    assert learnt == sum(label != IGNORED for label in record.labels)
    text = "".join("" if piece.kind == "image" else piece.text for piece in found)
    whole = tiny_processor.tokenizer.decode(record.input_ids)
    assert text == whole.replace(tiny_processor.image_token, "")
    assert [piece.text for piece in found if piece.kind == "image"] == ["0", "1"]
    assert {piece.tokens for piece in found if piece.kind == "special"} == {1}


def test_blocks_are_the_speakers(cut) -> None:
    _, found = cut(DIALOGUE)
    cards = blocks(found)
    assert [card.role for card in cards] == [
        "system",
        "developer",
        "user",
        "assistant",
        "user",
        "assistant",
        "assistant",
    ]
    said = ["".join(piece.text for piece in card.pieces if piece.learnt) for card in cards]
    assert said[:3] == ["", "", ""]
    assert said[3] == "<|channel|>final<|message|>large<|end|>"
    assert [piece for card in cards for piece in card.pieces] == found
    # What the model is taught to write at the end of an answer in the history is its stop token.
    assert cards[3].pieces[-1] == Piece("special", "<|end|>", True, 1, "<|return|>")
    assert cards[-1].pieces[-1] == Piece("special", "<|return|>", True, 1)


def test_a_document_is_learnt_as_a_whole(cut) -> None:
    _, found = cut(Sample(Place("f", 1), document=("Before ", 0, " after."), images=("a",)))
    assert [(piece.kind, piece.learnt) for piece in found] == [
        ("text", True),
        ("image", False),
        ("text", True),
        ("special", True),
    ]
    assert [card.role for card in blocks(found)] == ["learnt", "read", "learnt"]


def test_a_template_without_tokens_for_turns() -> None:
    found = [
        Piece("special", "<s>", False, 1),
        Piece("text", "USER: Seen?\nASSISTANT:", False, 5),
        Piece("text", " A mass", True, 2),
        Piece("special", "</s>", True, 1),
    ]
    assert [(card.role, len(card.pieces)) for card in blocks(found)] == [("read", 2), ("learnt", 2)]
    assert blocks([]) == []


def test_what_stands_before_the_first_turn_is_a_block_of_its_own() -> None:
    found = [
        Piece("special", "<s>", False, 1),
        Piece("special", "<|im_start|>", False, 1),
        Piece("text", "user\nSeen?", False, 3),
    ]
    assert [(card.role, len(card.pieces)) for card in blocks(found)] == [("read", 1), ("user", 2)]


def test_the_stock_tokenizer_of_a_base_model_can_be_shown() -> None:
    tokenizer = llama_tokenizer()
    ids = tokenizer.encode("a mass", add_special_tokens=False)
    from medgpt_cli.data.dialogue import Encoded

    record = Encoded([tokenizer.bos_token_id, *ids], [IGNORED, *ids], ())
    assert pieces(record, tokenizer, image_id=-1, tokens_per_image=1) == [
        Piece("special", "<s>", False, 1),
        Piece("text", "a mass", True, len(ids)),
    ]
