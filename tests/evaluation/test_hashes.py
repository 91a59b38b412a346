from __future__ import annotations

import pytest

from medgpt_cli.evaluation.hashes import Hashes

A, B = "a" * 64, "b" * 64


@pytest.mark.parametrize(
    ("hashes", "told", "parts", "identity", "document"),
    [
        (Hashes(A), "SHA-256 aaaaaaaaaaaa", ["model aaaaaaaaaaaa"], ("weights", A), {"model_hash": A}),
        (
            Hashes(answers=B),
            "weights not told, answers' SHA-256 bbbbbbbbbbbb",
            ["model not told", "answers bbbbbbbbbbbb"],
            ("answers", B),
            {"model_hash": None, "answers_hash": B},
        ),
        (
            Hashes(A, B),
            "SHA-256 aaaaaaaaaaaa, answers' SHA-256 bbbbbbbbbbbb",
            ["model aaaaaaaaaaaa", "answers bbbbbbbbbbbb"],
            ("answers", B),
            {"model_hash": A, "answers_hash": B},
        ),
        (
            Hashes(endpoint=B),
            "weights not told, endpoint's account bbbbbbbbbbbb",
            ["model not told", "endpoint bbbbbbbbbbbb"],
            ("endpoint", B),
            {"model_hash": None, "endpoint_hash": B},
        ),
    ],
)
def test_what_answers_are_known_by_is_never_called_something_else(
    hashes: Hashes,
    told: str,
    parts: list[str],
    identity: tuple[str, str],
    document: dict[str, str | None],
) -> None:
    assert (hashes.told, hashes.parts, hashes.identity) == (told, parts, identity)
    assert hashes.document == document
    assert Hashes.read(document) == hashes
