"""What may leave this machine, whose key it is, and what a picture becomes on its way."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from medgpt_cli.core import offline
from medgpt_cli.core.errors import InputError, Missing, NotThere, UsageError
from medgpt_cli.data.images.letterbox import letterbox
from medgpt_cli.workflows.endpoints import LONGEST_SIDE, endpoint_from, picture_of
from tests.chat_server import MODEL, serving


def test_an_endpoint_on_this_machine_is_asked_because_it_was_named(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert offline.is_offline()
    with serving() as server:
        endpoint = endpoint_from(server.url, None, None, False)
    assert (endpoint.model, endpoint.listed) == (MODEL, True)
    assert endpoint.identity["pictures"] == "PNG, longest side 2048"
    assert capfd.readouterr() == ("", "")


def test_one_elsewhere_takes_online_and_is_told_before_a_socket_opens() -> None:
    with pytest.raises(Missing) as caught:
        endpoint_from("http://gpu7.ward.example:8000/v1", "m", None, False)
    assert str(caught.value) == (
        "the endpoint http://gpu7.ward.example:8000 is not on this machine, and medgpt is offline\n"
        "--online allows it; the questions and pictures of the tasks then go to gpu7.ward.example"
    )
    assert caught.value.exit_code == 5


def test_it_is_said_where_questions_and_pictures_go(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("medgpt_cli.evaluation.endpoint.address.is_loopback", lambda host: False)
    with serving() as server:
        endpoint = endpoint_from(server.url, None, None, True)
    assert (
        capfd.readouterr().err == f"warning: questions and pictures go to {server.origin}, unencrypted\n"
    )
    assert (endpoint.identity["on_this_machine"], endpoint.identity["encrypted"]) == (False, False)


def test_a_name_nobody_confirms_is_taken_on_trust_aloud(capfd: pytest.CaptureFixture[str]) -> None:
    with serving(models=[]) as server:
        endpoint_from(server.url, "mine", None, False)
    assert (
        capfd.readouterr().err
        == f"warning: {server.origin} does not say what it serves; mine is taken on trust\n"
    )


def test_the_key_comes_from_a_variable_or_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen: list[str | None] = []
    monkeypatch.setenv("OUR_KEY", " s3cret\n")
    (tmp_path / "key").write_text("s3cret\n")
    with serving(
        models=lambda call: (seen.append(call.headers.get("Authorization")), call.say([]))
    ) as server:
        endpoint_from(server.url, "m", "OUR_KEY", False)
        endpoint_from(server.url, "m", None, False, key_file=tmp_path / "key")
        endpoint_from(server.url, "m", None, False)
    assert seen == ["Bearer s3cret", "Bearer s3cret", None]


@pytest.mark.parametrize(
    ("variable", "file", "error", "says"),
    [
        (
            "NO_SUCH_KEY",
            None,
            UsageError,
            "there is no environment variable NO_SUCH_KEY, or it is empty",
        ),
        (
            "sk-s3cret",
            None,
            UsageError,
            "there is no environment variable of the name given, or it is empty",
        ),
        ("TWO_WORDS", None, InputError, "holds no key: one word of plain characters"),
        (None, "absent", NotThere, "no key can be read there"),
        (None, "latin1", NotThere, "no key can be read there"),
        (None, "empty", InputError, "holds no key: one word of plain characters"),
        ("TWO_WORDS", "empty", UsageError, "the key is named twice"),
    ],
)
def test_a_key_that_cannot_be_used_is_not_repeated(
    variable: str | None,
    file: str | None,
    error: type[Exception],
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("TWO_WORDS", "s3cret\r\nX-Evil: 1")
    (tmp_path / "latin1").write_bytes(b"s3cr\xe9t")
    (tmp_path / "empty").write_bytes(b"")
    with pytest.raises(error) as caught:
        endpoint_from(
            "http://127.0.0.1:9/v1", "m", variable, False, key_file=tmp_path / file if file else None
        )
    assert caught.value.what == says  # type: ignore[attr-defined]
    assert "s3cret" not in str(caught.value)


def test_pictures_are_sent_as_they_are_without_what_their_files_say(tmp_path: Path) -> None:
    pixels = np.arange(30 * 20 * 3, dtype=np.uint8).reshape(20, 30, 3)
    named = PngInfo()
    named.add_text("PatientName", "Jane Doe")
    image = Image.fromarray(pixels)
    exif = image.getexif()
    exif[0x010E] = "Jane Doe"  # ImageDescription
    image.save(tmp_path / "a.png", pnginfo=named, exif=exif)
    assert (tmp_path / "a.png").read_bytes().count(b"Jane Doe") == 2
    data = picture_of(None)(str(tmp_path / "a.png"))
    assert b"Jane" not in data
    sent = Image.open(io.BytesIO(data))
    assert sent.format == "PNG"
    assert np.array_equal(np.asarray(sent), pixels)


def test_large_pictures_are_shrunk_and_squares_are_letterboxed(tmp_path: Path) -> None:
    Image.new("L", (LONGEST_SIDE * 2, 300), 77).save(tmp_path / "wide.png")
    assert Image.open(io.BytesIO(picture_of(None)(str(tmp_path / "wide.png")))).size == (
        LONGEST_SIDE,
        150,
    )
    square = Image.open(io.BytesIO(picture_of(56)(str(tmp_path / "wide.png"))))
    expected = letterbox(Image.open(tmp_path / "wide.png"), 56)
    assert np.array_equal(np.asarray(square), np.asarray(expected))
