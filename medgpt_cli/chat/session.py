"""A dialogue with a model: what was said and shown so far, and the commands that change it.

An error does not end a session and loses nothing: the message that caused it is simply not part of the
dialogue. This module knows nothing of terminals, and of the model only that it answers turns.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medgpt_cli.chat.notice import NOTICE
from medgpt_cli.chat.pictures import Shown, picture, question, unquoted, windowed
from medgpt_cli.core import files
from medgpt_cli.core.errors import MedGPTError, OutOfResources, OutputExists, UsageError
from medgpt_cli.core.failures import as_shortage
from medgpt_cli.core.nearest import did_you_mean
from medgpt_cli.core.types import Generate, Reply, Role, Turn

HELP = """\
/image PATH   show an image with the next message (several times for several images);
              /image prior PATH names it in the question
/window W L   show the last of those in this window, width and level, such as 400 40 (DICOM, NIfTI)
/clear        forget the dialogue and its images
/save FILE    write the dialogue to a JSON file
/help         this list
/quit         leave (so does Ctrl-D)
Ctrl-C stops an answer. Begin with a space to send a message that starts with a slash."""


@dataclass(frozen=True, slots=True)
class Told:
    """Something for the person that the model did not say."""

    text: str
    trouble: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """The model answered; `interrupted` when the person stopped it."""

    reply: Reply
    interrupted: bool


@dataclass(frozen=True, slots=True)
class Left:
    """The person is done."""


Event = Told | Answered | Left


class Session:
    """One dialogue.

    Args:
        generate: The model.
        check_image: Opens an image and raises a `MedGPTError` where it cannot.
        model: What the model is called.
        model_hash: Its hash, kept in transcripts.
        max_new_tokens: Limit of an answer; the model's default when None.
    """

    def __init__(
        self,
        generate: Generate,
        check_image: Callable[[str], object],
        *,
        model: str,
        model_hash: str,
        max_new_tokens: int | None = None,
    ) -> None:
        self._generate = generate
        self._check_image = check_image
        self._model = model
        self._model_hash = model_hash
        self._max_new_tokens = max_new_tokens
        self._turns: list[Turn] = []
        self._answers: list[Answered] = []
        self._images: list[str] = []
        self._waiting: list[Shown] = []
        self._saved: set[Path] = set()
        self._commands: dict[str, Callable[[str], Event]] = {
            "/image": self._image,
            "/window": self._window,
            "/clear": self._clear,
            "/save": self._save,
            "/help": lambda _: Told(HELP),
            "/quit": lambda _: Left(),
        }

    def take(
        self,
        line: str,
        *,
        on_text: Callable[[str], None] | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> Event:
        """Takes one line: a command, or a message for the model.

        Args:
            line: As typed.
            on_text: Called with each new piece of the answer.
            stop: Asked after each token; True ends the answer there.

        Returns:
            What came of it.  A `MedGPTError` on the way comes back as `Told`, nothing of the dialogue
            lost.
        """
        try:
            if line.startswith("/"):
                word, _, rest = line.strip().partition(" ")
                return self._command(word)(rest.strip())
            return self._ask(line.strip(), on_text, stop)
        except MedGPTError as error:
            return Told(str(error), trouble=True)

    def attach(self, path: str, name: str = "") -> None:
        """Shows an image with the next message.

        Args:
            path: The image.
            name: What the question calls it, such as `prior`; nothing when empty.

        Raises:
            MedGPTError: The image cannot be opened.
        """
        self._check_image(path)
        self._waiting.append(Shown(path, name))

    def _command(self, word: str) -> Callable[[str], Event]:
        if word in self._commands:
            return self._commands[word]
        repair = did_you_mean(word, self._commands) or "/help lists the commands"
        raise UsageError(f"there is no command {word}", repair=repair)

    def _ask(
        self, text: str, on_text: Callable[[str], None] | None, stop: Callable[[], bool] | None
    ) -> Event:
        turn = question(text, self._waiting, len(self._images))
        shown = [each.path for each in self._waiting]
        pieces: list[str] = []
        stopped = False

        def heard(piece: str) -> None:
            pieces.append(piece)
            if on_text:
                on_text(piece)

        def asked() -> bool:
            nonlocal stopped
            stopped = stopped or bool(stop and stop())
            return stopped

        try:
            reply = self._generate(
                [*self._turns, turn],
                [*self._images, *shown],
                max_new_tokens=self._max_new_tokens,
                on_text=heard,
                stop=asked,
            )
        except KeyboardInterrupt:  # pressed again because the model did not come up for air
            reply, stopped = Reply("".join(pieces), finished=False), True
        except Exception as error:
            if shortage := as_shortage(error):
                raise OutOfResources(
                    shortage.what, repair="/clear forgets the dialogue and its images"
                ) from None
            raise
        interrupted = stopped and not reply.finished
        if interrupted and not reply.text:
            return Told("Stopped before a word was said; the message is not part of the dialogue.")
        # Reasoning goes to the transcript only: models are not shown their old reasoning.
        self._turns += [turn, Turn(Role.ASSISTANT, (reply.text,))]
        self._images += shown
        self._waiting = []
        self._answers.append(Answered(reply, interrupted))
        return self._answers[-1]

    def _image(self, rest: str) -> Event:
        if not rest:
            raise UsageError("which image?", repair="/image PATH")
        self.attach(*picture(rest, spaced=True))
        count = len(self._waiting)
        return Told(f"{count} image{'s' if count > 1 else ''} will be shown with the next message.")

    def _window(self, rest: str) -> Event:
        numbers = rest.split()
        if len(numbers) != 2:
            raise UsageError("which window?", repair="/window WIDTH LEVEL, such as /window 400 40")
        if not self._waiting:
            raise UsageError("no image waits for the next message", repair="/image PATH first")
        width, level = numbers
        last = self._waiting[-1]
        shown = windowed(last.path, width, level)
        self._check_image(shown)
        self._waiting[-1] = Shown(shown, last.name)
        return Told(f"The image will be shown at level {level}, window {width}.")

    def _clear(self, _: str) -> Event:
        self._turns, self._answers, self._images, self._waiting = [], [], [], []
        return Told("The dialogue is forgotten.")

    def _save(self, rest: str) -> Event:
        if not rest:
            raise UsageError("save where?", repair="/save FILE")
        path = Path(unquoted(rest))
        if path.exists() and path.resolve() not in self._saved:
            raise OutputExists(f"{path} exists", repair="name another file")
        try:
            files.write_json(path, self.transcript())
        except OSError as error:
            raise UsageError(
                f"{path} cannot be written: {error.strerror}", repair="name another file"
            ) from None
        self._saved.add(path.resolve())
        return Told(f"Saved to {path}.")

    def transcript(self) -> dict[str, Any]:
        """The dialogue as `/save` writes it."""
        turns: list[dict[str, Any]] = []
        for asked, answered in zip(self._turns[::2], self._answers, strict=True):
            turns.append(
                {"role": "user", "text": asked.text, "images": [self._images[i] for i in asked.images]}
            )
            turns.append(
                {
                    "role": "assistant",
                    "text": answered.reply.text,
                    "thinking": answered.reply.thinking,
                    "finished": answered.reply.finished,
                    "interrupted": answered.interrupted,
                    "tokens": answered.reply.tokens,
                    "seconds": round(answered.reply.seconds, 3),
                }
            )
        return {"notice": NOTICE, "model": self._model, "model_hash": self._model_hash, "turns": turns}
