"""The errors a person can meet, drawn once.

    MedGPTError
    ├── UsageError                2   USAGE             a flag or word is wrong
    │   └── OutputExists          2   OUTPUT_EXISTS     --out is not empty
    ├── InputError                3   BAD_INPUT         something given is not right
    │   ├── BadRecord             3   BAD_RECORD        a line of a data file
    │   ├── BadImage              3   BAD_IMAGE         an image file
    │   ├── BadRecipe             3   BAD_RECIPE        a recipe or KEY=VALUE
    │   ├── BadCheckpoint         3   BAD_CHECKPOINT    a model folder
    │   └── NotThere              3   NOT_FOUND         a model or data path
    ├── GateRefusal               4   REFUSED           a safety gate said no
    │   ├── PhiFound              4   PHI_FOUND         data identify patients
    │   ├── LeakageFound          4   LEAKAGE_FOUND     training data hold evaluation data
    │   ├── HashMismatch          4   HASH_MISMATCH     bytes are not those the manifest names
    │   └── NotSigned             4   NOT_SIGNED        no signature by the key that was named
    ├── Missing                   5   MISSING           an optional part, or the network while offline
    │   └── EngineAway            5   ENGINE_AWAY       the program that runs the model does not answer
    ├── OutOfResources            6   OUT_OF_RESOURCES  memory or disk
    ├── StateSaved               75   STATE_SAVED       stopped by SIGTERM, run again to go on
    └── Interrupted             130   INTERRUPTED       stopped by Ctrl-C, state saved

Everything else that escapes is our fault and ends with exit code 1.  An error says *what*, *where* and how to
*repair*; it never quotes clinical text, only the file, line and field where the text stands.  This module knows
nothing of terminals: `app` prints, `console` colours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

SHOWN = 20
"""Complaints printed before the rest are only counted; `--json` has all."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing wrong at one place.

    Attributes:
        what: The fault, in one sentence without clinical text.
        where: `file:line field`, as far as known.
        repair: What to do about it.
    """

    what: str
    where: str = ""
    repair: str = ""

    def __str__(self) -> str:
        head = f"{self.where}  {self.what}" if self.where else self.what
        return f"{head}; {self.repair}" if self.repair else head


class MedGPTError(Exception):
    """Base of all errors that are not bugs.

    Args:
        what: The fault in one sentence.
        where: `file:line field`, as far as known.
        repair: What the person can do.
        complaints: All faults, where there are several; `what` is then the summary.
    """

    exit_code: ClassVar[int] = 1
    code: ClassVar[str] = "ERROR"

    def __init__(
        self, what: str, *, where: str = "", repair: str = "", complaints: Sequence[Complaint] = ()
    ) -> None:
        self.what = what
        self.where = where
        self.repair = repair
        self.complaints = tuple(complaints)
        super().__init__(str(self))

    def __str__(self) -> str:
        lines = [str(c) for c in self.complaints[:SHOWN]]
        if len(self.complaints) > SHOWN:
            lines.append(f"… and {len(self.complaints) - SHOWN} more (--json lists all)")
        lines.append(f"{self.where}  {self.what}" if self.where else self.what)
        if self.repair:
            lines.append(self.repair)
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """The document printed by `--json`."""
        return {
            "error": self.code,
            "exit_code": self.exit_code,
            "what": self.what,
            "where": self.where,
            "repair": self.repair,
            "complaints": [asdict(c) for c in self.complaints],
        }


class UsageError(MedGPTError):
    """A flag or a word on the command line is wrong."""

    exit_code = 2
    code = "USAGE"


class OutputExists(UsageError):
    """The folder named by `--out` exists and is not empty."""

    code = "OUTPUT_EXISTS"


class InputError(MedGPTError):
    """Something given to us is not right."""

    exit_code = 3
    code = "BAD_INPUT"


class BadRecord(InputError):
    """Lines of a data file are not records we can train on."""

    code = "BAD_RECORD"


class BadImage(InputError):
    """An image cannot or must not be opened."""

    code = "BAD_IMAGE"


class BadRecipe(InputError):
    """A recipe or a KEY=VALUE override is not valid."""

    code = "BAD_RECIPE"


class BadCheckpoint(InputError):
    """A model folder is incomplete, unfinished or of another shape."""

    code = "BAD_CHECKPOINT"


class NotThere(InputError):
    """A model or data path does not exist."""

    code = "NOT_FOUND"


class GateRefusal(MedGPTError):
    """A safety gate refused."""

    exit_code = 4
    code = "REFUSED"


class PhiFound(GateRefusal):
    """Data hold identifiers of patients."""

    code = "PHI_FOUND"


class LeakageFound(GateRefusal):
    """Training data share records, patients, images or texts with evaluation data."""

    code = "LEAKAGE_FOUND"


class HashMismatch(GateRefusal):
    """The bytes on disk are not those the manifest names."""

    code = "HASH_MISMATCH"


class NotSigned(GateRefusal):
    """A folder carries no signature by the key that was named, or more than was signed."""

    code = "NOT_SIGNED"


class RehearsalFailed(GateRefusal):
    """Something that must be equal is not: found in a minute instead of after days."""

    code = "REHEARSAL_FAILED"


class Missing(MedGPTError):
    """An optional part is not installed, or the network would be needed while offline."""

    exit_code = 5
    code = "MISSING"


class EngineAway(Missing):
    """The program that runs the model does not answer; it may be starting again."""

    code = "ENGINE_AWAY"


class OutOfResources(MedGPTError):
    """Memory or disk ran out."""

    exit_code = 6
    code = "OUT_OF_RESOURCES"


class StateSaved(MedGPTError):
    """Stopped by SIGTERM with the state saved; the same line with `--resume` goes on."""

    exit_code = 75
    code = "STATE_SAVED"


class Interrupted(MedGPTError):
    """Stopped by Ctrl-C with the state saved."""

    exit_code = 130
    code = "INTERRUPTED"
