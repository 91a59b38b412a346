"""Signing an export and asking who signed it, as a person does it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from medgpt_cli.app import main
from medgpt_cli.core import signature
from tests.core.test_signature import make_key
from tests.exporting import flip, seal

pytestmark = pytest.mark.skipif(
    shutil.which("ssh-keygen") is None,
    reason="NOT RUN: OpenSSH is not installed (apt-get install openssh-client)",
)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    make_key(Path("key"))


VERIFY = ["verify", "exp", "--hashes-only", "--key", "key.pub"]


def test_an_export_is_signed_whole_and_its_signer_told(
    capsys: pytest.CaptureFixture[str], cache: Path
) -> None:
    words = ["export", "--model", "tiny-siglip", "--to", "gguf", "--out", "exp", "--sign", "key"]
    assert main(words) == 0
    capsys.readouterr()
    assert main(VERIFY) == 0
    assert capsys.readouterr().out.startswith("same      signer   SHA256:")
    assert {each.name for each in Path().iterdir()} == {"exp", "key", "key.pub"}
    flip(Path("exp/model.gguf"))
    assert main(VERIFY) == 4
    assert "model.gguf is missing or not the file" in capsys.readouterr().err
    seal(Path("exp"))  # whoever can change a file can write its hash anew, but not the signature
    assert main(["verify", "exp", "--hashes-only"]) == 0
    capsys.readouterr()
    assert main([*VERIFY, "--json"]) == 4
    assert json.loads(capsys.readouterr().out)["error"] == "NOT_SIGNED"


def test_what_is_not_signed_is_refused_where_a_key_is_named(
    exported: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(exported / "exp", "exp")
    assert main(VERIFY) == 4
    told = capsys.readouterr().err
    assert "exp is not signed: there is no SHA256SUMS.sig" in told
    assert "ssh-keygen -Y sign -n medgpt -f KEY DIR/SHA256SUMS" in told
    signature.sign(Path("exp"), Path("key"))
    assert main(VERIFY) == 0
    make_key(Path("other"))
    capsys.readouterr()
    assert main([*VERIFY[:-1], "other.pub"]) == 4
    assert "was not made over this SHA256SUMS by the owner of other.pub" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("key", "code", "told"),
    [
        ("absent", 3, "there is no key absent"),
        ("broken", 3, "broken does not sign"),
        ("exp/key", 2, "exp/key lies inside --out exp"),
    ],
)
def test_a_wrong_key_is_told_before_anything_is_read(
    key: str, code: int, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("broken").write_text("no key")
    Path("broken").chmod(0o600)
    words = ["export", "--model", "nowhere", "--to", "gguf", "--out", "exp", "--sign", key]
    assert main(words) == code
    assert told in capsys.readouterr().err
    assert not Path("exp").exists()
