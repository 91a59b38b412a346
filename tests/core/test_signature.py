"""Signatures by a key made for the test: who signed, what was changed since, and what cannot be signed with."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from medgpt_cli.core import signature
from medgpt_cli.core.errors import InputError, MedGPTError, Missing, NotSigned, NotThere
from medgpt_cli.core.manifest import write_sums

pytestmark = pytest.mark.skipif(
    shutil.which("ssh-keygen") is None,
    reason="NOT RUN: OpenSSH is not installed (apt-get install openssh-client)",
)


def make_key(path: Path, kind: str = "ed25519", passphrase: str = "") -> Path:
    words = ["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", "of a test", "-f", str(path)]
    subprocess.run(words, check=True)
    return path


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    make_key(folder / "mine")
    make_key(folder / "other", "ecdsa")
    make_key(folder / "locked", passphrase="correct horse")
    both = (folder / "other.pub").read_text() + "# of the ward\n\n" + (folder / "mine.pub").read_text()
    (folder / "both.pub").write_text(both)
    (folder / "wide").write_bytes((folder / "mine").read_bytes())
    (folder / "wide").chmod(0o644)
    (folder / "notes.pub").write_text("* ssh-ed25519 AAAA\n")
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    out = tmp_path / "exp"
    out.mkdir()
    (out / "model.safetensors").write_bytes(bytes(100))
    (out / "manifest.json").write_text("{}")
    write_sums(out)
    return out


@pytest.mark.parametrize(
    ("key", "public"), [("mine", "mine"), ("other", "other"), ("mine", "both"), ("other", "both")]
)
def test_who_signed_is_told(folder: Path, keys: Path, key: str, public: str) -> None:
    before = {each.name for each in keys.iterdir()}
    signature.sign(folder, keys / key)
    told = signature.check(folder, keys / f"{public}.pub")
    line = subprocess.run(
        ["ssh-keygen", "-l", "-f", str(keys / f"{key}.pub")], capture_output=True, text=True, check=True
    )
    assert told == line.stdout.split()[1]
    assert {each.name for each in folder.iterdir()} == {
        *("SHA256SUMS", "SHA256SUMS.sig", "manifest.json", "model.safetensors")
    }
    assert {each.name for each in keys.iterdir()} == before


def test_openssh_alone_signs_and_checks(folder: Path, keys: Path) -> None:
    sums = folder / "SHA256SUMS"
    words = ["ssh-keygen", "-Y", "sign", "-q", "-n", "medgpt", "-f", str(keys / "mine"), str(sums)]
    subprocess.run(words, check=True, capture_output=True)
    assert signature.check(folder, keys / "mine.pub")
    signature.sign(folder, keys / "mine")
    signers = folder.parent / "signers"
    signers.write_text(f"ward {(keys / 'mine.pub').read_text()}")
    words = ["-Y", "verify", "-f", str(signers), "-I", "ward", "-n", "medgpt", "-s", f"{sums}.sig"]
    done = subprocess.run(["ssh-keygen", *words], input=sums.read_bytes(), capture_output=True)
    assert done.returncode == 0, done.stderr


def unsigned(folder: Path, keys: Path) -> None:
    (folder / "SHA256SUMS.sig").unlink()


def without_sums(folder: Path, keys: Path) -> None:
    (folder / "SHA256SUMS").unlink()


def of_another(folder: Path, keys: Path) -> None:
    signature.sign(folder, keys / "other")


def sealed_anew(folder: Path, keys: Path) -> None:
    (folder / "model.safetensors").write_bytes(bytes(99))
    (folder / "SHA256SUMS").unlink()
    (folder / "SHA256SUMS.sig").rename(folder.parent / "held")
    write_sums(folder)
    (folder.parent / "held").rename(folder / "SHA256SUMS.sig")


def for_another_end(folder: Path, keys: Path) -> None:
    (folder / "SHA256SUMS.sig").unlink()
    words = ["ssh-keygen", "-Y", "sign", "-q", "-n", "git", "-f", str(keys / "mine")]
    subprocess.run([*words, str(folder / "SHA256SUMS")], check=True, capture_output=True)


def nonsense(folder: Path, keys: Path) -> None:
    (folder / "SHA256SUMS.sig").write_bytes(b"\xff\x00")


def added(folder: Path, keys: Path) -> None:
    (folder / "adapter_config.json").write_text("{}")


def added_deeper(folder: Path, keys: Path) -> None:
    (folder / "inner").mkdir()
    (folder / "inner/a.py").write_text("")
    (folder / "inner/b.py").write_text("")


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (unsigned, "exp is not signed: there is no SHA256SUMS.sig"),
        (without_sums, "exp is not signed: there is no SHA256SUMS"),
        (of_another, "was not made over this SHA256SUMS by the owner of"),
        (sealed_anew, "was not made over this SHA256SUMS by the owner of"),
        (for_another_end, "was not made over this SHA256SUMS by the owner of"),
        (nonsense, "was not made over this SHA256SUMS by the owner of"),
        (added, "1 file in the folder the signature does not cover (such as adapter_config.json)"),
        (added_deeper, "2 files in the folder the signature does not cover (such as inner/a.py)"),
    ],
)
def test_what_was_not_signed_is_refused(
    folder: Path, keys: Path, spoil: Callable[[Path, Path], None], what: str
) -> None:
    signature.sign(folder, keys / "mine")
    assert signature.check(folder, keys / "mine.pub")
    spoil(folder, keys)
    with pytest.raises(NotSigned) as refused:
        signature.check(folder, keys / "mine.pub")
    assert what in refused.value.what
    assert refused.value.exit_code == 4


@pytest.mark.parametrize(
    ("key", "error", "what"),
    [
        ("absent", NotThere, "there is no key"),
        ("notes.pub", InputError, "does not sign"),
        ("wide", InputError, "does not sign"),
        ("locked", InputError, "does not sign"),  # nobody is at a terminal who could unlock it
    ],
)
def test_a_key_that_does_not_sign(
    folder: Path,
    keys: Path,
    key: str,
    error: type[MedGPTError],
    what: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(
        "SSH_ASKPASS_REQUIRE", "force"
    )  # asks /bin/false, never the person who runs the tests
    monkeypatch.setenv("SSH_ASKPASS", "/bin/false")
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    for attempt in (lambda: signature.try_key(keys / key), lambda: signature.sign(folder, keys / key)):
        with pytest.raises(error) as refused:
            attempt()
        assert what in refused.value.what
    assert not (folder / "SHA256SUMS.sig").exists()


@pytest.mark.parametrize(
    ("key", "error"), [("absent", NotThere), ("mine", InputError), ("notes.pub", InputError)]
)
def test_a_key_that_cannot_be_checked_by(
    folder: Path, keys: Path, key: str, error: type[MedGPTError]
) -> None:
    signature.sign(folder, keys / "mine")
    with pytest.raises(error):
        signature.check(folder, keys / key)


def test_without_openssh_the_line_that_installs_it_is_said(
    folder: Path, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signature.sign(folder, keys / "mine")
    monkeypatch.setenv("PATH", "/nowhere")
    for attempt in (
        lambda: signature.try_key(keys / "mine"),
        lambda: signature.check(folder, keys / "mine.pub"),
    ):
        with pytest.raises(Missing) as refused:
            attempt()
        assert refused.value.repair == "apt-get install openssh-client"
