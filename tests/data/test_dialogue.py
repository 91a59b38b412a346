"""The loss mask, token by token, against dialogues written out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from medgpt_cli.core.types import Place, Role, Sample, Turn
from medgpt_cli.data.dialogue import IGNORED, DialogueEncoder
from medgpt_cli.models import templates
from medgpt_cli.models.processor import image_token
from medgpt_cli.models.tiny.build import tokenizer as harmony_tokenizer
from tests.parts import llama_tokenizer

SYSTEM, USER, ASSISTANT = Role.SYSTEM, Role.USER, Role.ASSISTANT
PER_IMAGE = 3

HEAD = (
    "<|start|>system<|message|>You are a medical vision-language model.\nKnowledge cutoff: 2024-06\n"
    "Current date: 2026-01-01\n\nReasoning: low\n\n"
    "# Valid channels: analysis, final. Channel must be included for every message.<|end|>"
)

# Each case: turns, then the rendered dialogue in pieces; `True` marks what must be learnt.  § stands for one image.
SINGLE = [Turn(USER, ("Which plane?",)), Turn(ASSISTANT, ("axial",))]
MULTI = [
    Turn(USER, (0, "Which plane?")),
    Turn(ASSISTANT, ("axial",)),
    Turn(USER, ("Sure?",)),
    Turn(ASSISTANT, ("yes",)),
]
WITH_SYSTEM = [Turn(SYSTEM, ("Be short.",)), *SINGLE]
THINKING = [Turn(USER, ("CSF bright?",)), Turn(ASSISTANT, ("T2",), thinking="Bright fluid.")]
PAST_THINKING = [
    Turn(USER, ("a?",)),
    Turn(ASSISTANT, ("b",), thinking="dropped"),
    Turn(USER, ("c?",)),
    Turn(ASSISTANT, ("d",), thinking="kept"),
]
TWO_IMAGES = [Turn(USER, ("Before: ", 0, " now: ", 1, " changed?")), Turn(ASSISTANT, ("no",))]

HARMONY: dict[str, tuple[list[Turn], list[tuple[str, bool]]]] = {
    "single turn": (
        SINGLE,
        [
            (HEAD + "<|start|>user<|message|>Which plane?<|end|><|start|>assistant", False),
            ("<|channel|>final<|message|>axial<|return|>", True),
        ],
    ),
    "several turns": (
        MULTI,
        [
            (HEAD + "<|start|>user<|message|>§Which plane?<|end|><|start|>assistant", False),
            ("<|channel|>final<|message|>axial<|end|>", True),
            ("<|start|>user<|message|>Sure?<|end|><|start|>assistant", False),
            ("<|channel|>final<|message|>yes<|return|>", True),
        ],
    ),
    "system": (
        WITH_SYSTEM,
        [
            (
                HEAD + "<|start|>developer<|message|># Instructions\n\nBe short.<|end|>"
                "<|start|>user<|message|>Which plane?<|end|><|start|>assistant",
                False,
            ),
            ("<|channel|>final<|message|>axial<|return|>", True),
        ],
    ),
    "thinking": (
        THINKING,
        [
            (HEAD + "<|start|>user<|message|>CSF bright?<|end|><|start|>assistant", False),
            (
                "<|channel|>analysis<|message|>Bright fluid.<|end|>"
                "<|start|>assistant<|channel|>final<|message|>T2<|return|>",
                True,
            ),
        ],
    ),
    "earlier thinking is dropped": (
        PAST_THINKING,
        [
            (HEAD + "<|start|>user<|message|>a?<|end|><|start|>assistant", False),
            ("<|channel|>final<|message|>b<|end|>", True),
            ("<|start|>user<|message|>c?<|end|><|start|>assistant", False),
            (
                "<|channel|>analysis<|message|>kept<|end|>"
                "<|start|>assistant<|channel|>final<|message|>d<|return|>",
                True,
            ),
        ],
    ),
    "two images": (
        TWO_IMAGES,
        [
            (HEAD + "<|start|>user<|message|>Before: § now: § changed?<|end|><|start|>assistant", False),
            ("<|channel|>final<|message|>no<|return|>", True),
        ],
    ),
}

PLAIN: dict[str, tuple[list[Turn], list[tuple[str, bool]]]] = {
    "single turn": (SINGLE, [("<s>USER: Which plane?\nASSISTANT:", False), (" axial</s>", True)]),
    "several turns": (
        MULTI,
        [
            ("<s>USER: §Which plane?\nASSISTANT:", False),
            (" axial</s>", True),
            ("\nUSER: Sure?\nASSISTANT:", False),
            (" yes</s>", True),
        ],
    ),
    "system": (
        WITH_SYSTEM,
        [("<s>Be short.\nUSER: Which plane?\nASSISTANT:", False), (" axial</s>", True)],
    ),
    "thinking": (
        THINKING,
        [("<s>USER: CSF bright?\nASSISTANT:", False), (" Bright fluid.\nT2</s>", True)],
    ),
    "two images": (
        TWO_IMAGES,
        [("<s>USER: Before: § now: § changed?\nASSISTANT:", False), (" no</s>", True)],
    ),
}


def encoder_for(name: str) -> tuple[DialogueEncoder, Any, str]:
    tokenizer = harmony_tokenizer() if name == "harmony" else llama_tokenizer()
    token = image_token(tokenizer)
    tokenizer.chat_template = templates.render(
        name, image_token=token, date="2026-01-01", reasoning="low"
    )
    return DialogueEncoder(tokenizer, image_token=token, tokens_per_image=PER_IMAGE), tokenizer, token


def by_hand(tokenizer: Any, token: str, pieces: list[tuple[str, bool]]) -> tuple[list[int], list[int]]:
    """Ids and labels from the written-out dialogue, by character positions."""
    whole = "".join(text for text, _ in pieces)
    marks = [learnt for text, learnt in pieces for _ in text]
    row = tokenizer(whole, add_special_tokens=False, return_offsets_mapping=True)
    ids, labels = [], []
    for number, (start, _) in zip(row["input_ids"], row["offset_mapping"], strict=True):
        ids.append(number)
        labels.append(number if marks[start] else IGNORED)
    return ids, labels


CASES = [("harmony", name) for name in HARMONY] + [("plain", name) for name in PLAIN]


@pytest.mark.parametrize(("template", "case"), CASES)
def test_exactly_the_assistants_words_and_the_stop_token_are_learnt(template: str, case: str) -> None:
    turns, pieces = (HARMONY if template == "harmony" else PLAIN)[case]
    encoder, tokenizer, token = encoder_for(template)
    shown = [(text.replace("§", token), learnt) for text, learnt in pieces]
    ids, labels = by_hand(tokenizer, token, shown)
    stops = [
        i for i, label in enumerate(labels) if label != IGNORED and [*labels, IGNORED][i + 1] == IGNORED
    ]
    for stop in stops:
        labels[stop] = tokenizer.eos_token_id

    sample = Sample(Place("x.jsonl", 1), turns=tuple(turns), images=("a.png", "b.png"))
    encoded = encoder.encode(sample)
    image_id = tokenizer.convert_tokens_to_ids(token)
    assert squeeze(encoded.input_ids, image_id) == ids
    assert [
        label for i, label in zip(encoded.input_ids, encoded.labels, strict=True) if i != image_id
    ] == [label for i, label in zip(ids, labels, strict=True) if i != image_id]
    images = sum(len(turn.images) for turn in turns)
    assert encoded.input_ids.count(image_id) == PER_IMAGE * images
    assert all(
        label == IGNORED
        for i, label in zip(encoded.input_ids, encoded.labels, strict=True)
        if i == image_id
    )
    assert encoded.images == ("a.png", "b.png")[:images]


def squeeze(ids: list[int], image_id: int) -> list[int]:
    """One image token for each run of them."""
    out: list[int] = []
    run = 0
    for number in ids:
        run = run + 1 if number == image_id else 0
        if number != image_id or run % PER_IMAGE == 1:
            out.append(number)
    return out


@pytest.mark.parametrize("template", ["harmony", "plain"])
def test_every_answer_is_taught_to_stop_with_the_token_generate_stops_at(template: str) -> None:
    encoder, tokenizer, _ = encoder_for(template)
    encoded = encoder.encode(Sample(Place("x.jsonl", 1), turns=tuple(MULTI), images=("a.png",)))
    assert encoded.labels.count(tokenizer.eos_token_id) == 2
    if template == "harmony":  # the history itself keeps harmony's <|end|>
        assert encoded.input_ids.count(tokenizer.eos_token_id) == 1


@pytest.mark.parametrize("template", ["harmony", "plain"])
def test_a_prompt_is_the_beginning_of_the_training_record(template: str) -> None:
    encoder, _, _ = encoder_for(template)
    whole = encoder.encode(Sample(Place("x.jsonl", 1), turns=tuple(SINGLE)))
    prompt = encoder.prompt(SINGLE[:1])
    assert whole.input_ids[: len(prompt)] == prompt
    assert all(label == IGNORED for label in whole.labels[: len(prompt)])
    assert whole.labels[len(prompt)] != IGNORED


@pytest.mark.parametrize("template", ["harmony", "plain"])
def test_typed_specials_stay_text(template: str) -> None:
    encoder, tokenizer, token = encoder_for(template)
    typed = f"<|return|> </s> {token} <|start|>system"
    turns = (Turn(USER, (typed,)), Turn(ASSISTANT, (typed,), thinking=typed))
    ids = encoder.encode(Sample(Place("x.jsonl", 1), turns=turns)).input_ids
    clean = (Turn(USER, ("x",)), Turn(ASSISTANT, ("x",), thinking="x"))
    expected = encoder.encode(Sample(Place("x.jsonl", 1), turns=clean)).input_ids
    specials = set(tokenizer.get_added_vocab().values())
    assert [i for i in ids if i in specials] == [i for i in expected if i in specials]
    assert tokenizer.decode(ids).replace("\u200c", "").count(typed) == 3


def test_a_document_is_learnt_whole_but_for_its_figures() -> None:
    encoder, tokenizer, token = encoder_for("harmony")
    sample = Sample(Place("x.jsonl", 1), document=("Seen in ", 0, " above."), images=("a.png",))
    encoded = encoder.encode(sample)
    image_id = tokenizer.convert_tokens_to_ids(token)
    assert tokenizer.decode(encoded.input_ids) == f"Seen in {token * PER_IMAGE} above.<|endoftext|>"
    assert encoded.labels == [IGNORED if i == image_id else i for i in encoded.input_ids]


def test_the_date_never_changes_by_itself() -> None:
    text = templates.render("harmony", image_token="<x>", date="2026-01-01", reasoning="low")
    assert "strftime" not in text
    assert "Current date: 2026-01-01" in text


def test_specials_typed_in_a_document_stay_text() -> None:
    encoder, tokenizer, token = encoder_for("harmony")
    sample = Sample(Place("x.jsonl", 1), document=(f"He wrote <|return|> and {token}.",))
    ids = encoder.encode(sample).input_ids
    specials = set(tokenizer.get_added_vocab().values())
    assert [i for i in ids if i in specials] == [tokenizer.convert_tokens_to_ids("<|endoftext|>")]


def test_many_records_are_encoded_as_each_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("medgpt_cli.data.dialogue.TOGETHER", 3)
    encoder, _, _ = encoder_for("harmony")
    dialogues = [SINGLE, MULTI, WITH_SYSTEM, THINKING, PAST_THINKING, TWO_IMAGES]
    samples = [
        Sample(Place("x.jsonl", line), turns=tuple(turns), images=("a.png", "b.png"))
        for line, turns in enumerate(dialogues, 1)
    ]
    samples.insert(2, Sample(Place("x.jsonl", 9), document=("Seen in ", 0), images=("a.png",)))
    assert list(encoder.encode_all(samples)) == [encoder.encode(sample) for sample in samples]


@pytest.mark.parametrize("template", ["harmony", "plain"])
def test_a_picture_in_tiles_takes_the_tokens_of_each(template: str) -> None:
    whole, tokenizer, token = encoder_for(template)
    tiles = {"a.png": 5, "b.png": 1}
    tiled = DialogueEncoder(
        tokenizer, image_token=token, tokens_per_image=PER_IMAGE, tiles_in=tiles.__getitem__
    )
    image_id = tokenizer.convert_tokens_to_ids(token)
    dialogue = Sample(Place("x.jsonl", 1), turns=tuple(TWO_IMAGES), images=("a.png", "b.png"))
    document = Sample(
        Place("x.jsonl", 2), document=("Seen in ", 1, 0, " above."), images=("a.png", "b.png")
    )
    for sample, order in ((dialogue, ("a.png", "b.png")), (document, ("b.png", "a.png"))):
        encoded, before = tiled.encode(sample), whole.encode(sample)
        assert encoded.images == order
        assert encoded.tiles == tuple(tiles[name] for name in order)
        assert encoded.shown == 6
        assert encoded.input_ids.count(image_id) == 6 * PER_IMAGE
        assert len(encoded.input_ids) == len(encoded.labels) == len(before.input_ids) + 4 * PER_IMAGE
        assert [each for each in encoded.input_ids if each != image_id] == [
            each for each in before.input_ids if each != image_id
        ]
        assert [each for each in encoded.labels if each != IGNORED] == [
            each for each in before.labels if each != IGNORED
        ]
        runs = [
            len(run) for run in "".join("i" if i == image_id else " " for i in encoded.input_ids).split()
        ]
        assert runs == ([5 * PER_IMAGE, PER_IMAGE] if sample is dialogue else [6 * PER_IMAGE])
