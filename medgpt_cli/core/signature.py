"""Who vouches for a folder: a detached signature over its `SHA256SUMS`, made and checked by `ssh-keygen`.

The sums cover every other file, so one signature covers the folder.  Any OpenSSH key will do, also one that a token or
an agent holds.  Keys are never made, copied or kept here, and the signature is the very file that `ssh-keygen -Y sign`
writes, so signing can be done on a machine apart, and checking without medgpt.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from medgpt_cli.core import files
from medgpt_cli.core.errors import InputError, Missing, NotSigned, NotThere
from medgpt_cli.core.manifest import SUMS, listed
from medgpt_cli.core.wording import counted

SIGNATURE = f"{SUMS}.sig"
NAMESPACE = "medgpt"
"""What signatures are made for; one made for other ends, such as a commit, does not count."""
TOOL = "ssh-keygen"
INSTALL = "apt-get install openssh-client"

_KEY = re.compile(r"(?:sk-)?(?:ssh|ecdsa)-[a-z0-9@.-]+ [A-Za-z0-9+/]+=*(?= |$)")


def sign(folder: Path, key: Path) -> None:
    """Signs a folder's `SHA256SUMS`; a key with a passphrase asks for it at the terminal.

    Args:
        folder: Holds the sums.
        key: A private key, or a public one whose other half an agent or a token holds.

    Raises:
        Missing: OpenSSH is not installed.
        NotThere, InputError: The key is none, or does not sign.
    """
    files.write_bytes(folder / SIGNATURE, _signed(key, (folder / SUMS).read_bytes()))


def try_key(key: Path) -> None:
    """Signs nothing with a key, so that a wrong one is known before hours of work and not after.

    Raises:
        MedGPTError: As `sign` says.
    """
    _signed(key, b"")


def check(folder: Path, key: Path) -> str:
    """Checks that the owner of a key signed a folder as it is listed, and that all that lies in it is listed.

    Args:
        folder: What is checked; the hashes of its files are compared elsewhere.
        key: A file of public keys, one a line as OpenSSH writes them; one of them has to have signed.

    Returns:
        The fingerprint of the key that signed.

    Raises:
        Missing: OpenSSH is not installed.
        NotThere, InputError: The file holds no public key.
        NotSigned: There is no signature, it is another's or of other sums, or a file was added.
    """
    keys = _public(key)
    if not (folder / SUMS).is_file() or not (folder / SIGNATURE).is_file():
        raise NotSigned(
            f"{folder} is not signed: there is no {SIGNATURE if (folder / SUMS).is_file() else SUMS}",
            repair=f"ask who made it for the signed one; they sign with: "
            f"{TOOL} -Y sign -n {NAMESPACE} -f KEY DIR/{SUMS}",
        )
    with tempfile.TemporaryDirectory(prefix="medgpt-") as scratch:
        signers = Path(scratch) / "signers"
        signers.write_text("".join(f'{NAMESPACE} namespaces="{NAMESPACE}" {each}\n' for each in keys))
        words = ["-Y", "verify", "-f", str(signers), "-I", NAMESPACE, "-n", NAMESPACE]
        done = _run([*words, "-s", str(folder / SIGNATURE)], (folder / SUMS).read_bytes())
    if done.returncode != 0:
        raise NotSigned(
            f"{SIGNATURE} was not made over this {SUMS} by the owner of {key}",
            where=str(folder),
            repair="do not use the folder; get it again from its source, or name the key of who signed it",
        )
    known = {*listed(folder), SUMS, SIGNATURE}
    present = {item.relative_to(folder).as_posix() for item in folder.rglob("*") if not item.is_dir()}
    if added := sorted(present - known):
        raise NotSigned(
            f"{counted(len(added), 'file')} in the folder the signature does not cover (such as {added[0]})",
            where=str(folder),
            repair="remove what was added after signing, or get the folder again from its source",
        )
    return done.stdout.decode("utf-8", "replace").split()[-1]


def _signed(key: Path, data: bytes) -> bytes:
    if not key.is_file():
        raise NotThere(f"there is no key {key}", repair="name an OpenSSH key file; medgpt makes none")
    done = _run(["-Y", "sign", "-q", "-n", NAMESPACE, "-f", str(key)], data)
    if done.returncode != 0 or not done.stdout:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise InputError(
            f"{key} does not sign ({TOOL}: {said[-1] if said else 'no reason given'})",
            repair="name an OpenSSH private key that only you may read, or the public half of one in your agent",
        )
    return done.stdout


def _public(key: Path) -> list[str]:
    """The public keys in a file, without their comments."""
    try:
        lines = key.read_text("utf-8", "replace").splitlines()
    except OSError as error:
        raise NotThere(
            f"{key} cannot be read ({type(error).__name__})", repair="name the signer's public key file"
        ) from None
    found = [_KEY.match(line.strip()) for line in lines if line.strip() and line.strip()[0] != "#"]
    if not found or None in found:
        raise InputError(
            f"{key} holds something else than OpenSSH public keys",
            repair="name the .pub file: one key a line, such as ssh-ed25519 AAAA…",
        )
    return [each[0] for each in found if each]


def _run(words: list[str], data: bytes) -> subprocess.CompletedProcess[bytes]:
    if (tool := shutil.which(TOOL)) is None:
        raise Missing(f"{TOOL} is not installed", repair=INSTALL)
    return subprocess.run([tool, *words], input=data, capture_output=True, check=False)
