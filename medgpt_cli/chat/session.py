"""A dialogue as a person leads it: lines in, what came of each out, and the commands that change it.

An error does not end a session and loses nothing: the message that caused it is simply not part of the
dialogue. This module knows nothing of terminals, and of a model only that it answers turns.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from medgpt_cli.chat.dialogue import Exchange, Heard, Stop, ask, spoken
from medgpt_cli.chat.events import Attached, Compared, Event, Left, Told
from medgpt_cli.chat.pictures import Shown, picture, unquoted, windowed
from medgpt_cli.chat.transcript import transcript
from medgpt_cli.chat.voices import Models, Voice
from medgpt_cli.core import files
from medgpt_cli.core.errors import MedGPTError, OutOfResources, OutputExists, UsageError
from medgpt_cli.core.failures import as_shortage
from medgpt_cli.core.nearest import did_you_mean

HELP = """\
/image PATH   show an image with the next message (several times for several images);
              /image prior PATH names it in the question
/window W L   show the last of those in this window, width and level, such as 400 40 (DICOM, NIfTI)
/adapter DIR  go on with this adapter on the same model; /adapter none takes it off
/compare REF  ask a second model, too, from now on; /compare off ends that
/preview on   draw images here, as well as this terminal can; /preview off ends that
/clear        forget the dialogue and its images
/save FILE    write the dialogue to a JSON file
/help         this list
/quit         leave (so does Ctrl-D)
Ctrl-C stops an answer. Begin with a space to send a message that starts with a slash."""


class Session:
    """One dialogue.

    Args:
        voice: The model.
        models: Loads another, or another adapter.
        check_image: Opens an image and raises a `MedGPTError` where it cannot.
        max_new_tokens: Limit of an answer; the model's default when None.
    """

    def __init__(
        self,
        voice: Voice,
        models: Models,
        check_image: Callable[[str], object],
        *,
        max_new_tokens: int | None = None,
    ) -> None:
        self.voice = voice
        """Who speaks."""
        self.other: Voice | None = None
        """Who is asked, too."""
        self.previews = True
        """Whether the person wants to see images."""
        self._models = models
        self._check_image = check_image
        self._max_new_tokens = max_new_tokens
        self._exchanges: list[Exchange] = []
        self._waiting: list[Shown] = []
        self._saved: set[Path] = set()
        self._commands: dict[str, Callable[[str], Event]] = {
            "/image": self._image,
            "/window": self._window,
            "/adapter": self._adapter,
            "/compare": self._compare,
            "/preview": self._preview,
            "/clear": self._clear,
            "/save": self._save,
            "/help": lambda _: Told(HELP),
            "/quit": lambda _: Left(),
        }

    def take(
        self,
        line: str,
        *,
        on_text: Heard | None = None,
        on_other: Heard | None = None,
        stop: Stop | None = None,
    ) -> Event:
        """Takes one line: a command, or a message for the model.

        Args:
            line: As typed.
            on_text: Called with each new piece of the answer.
            on_other: Called with each new piece of the second model's, which comes after the first's.
            stop: Asked after each token; True ends the answer there.

        Returns:
            What came of it.  A `MedGPTError` on the way comes back as `Told`, nothing of the dialogue
            lost.
        """
        try:
            if line.startswith("/"):
                word, _, rest = line.strip().partition(" ")
                return self._command(word)(rest.strip())
            return self._ask(line.strip(), on_text, on_other, stop)
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

    @property
    def waiting(self) -> list[str]:
        """The images that will be shown with the next message."""
        return [each.path for each in self._waiting]

    def _command(self, word: str) -> Callable[[str], Event]:
        if word in self._commands:
            return self._commands[word]
        repair = did_you_mean(word, self._commands) or "/help lists the commands"
        raise UsageError(f"there is no command {word}", repair=repair)

    def _ask(self, text: str, on_text: Heard | None, on_other: Heard | None, stop: Stop | None) -> Event:
        limit = self._max_new_tokens
        said = spoken(self._exchanges, self.voice, text, self._waiting)
        answer = ask(self.voice, *said, max_new_tokens=limit, on_text=on_text, stop=stop)
        if answer is None:
            return Told("Stopped before a word was said; the message is not part of the dialogue.")
        if self.other is None:
            self._keep(Exchange(text, tuple(self._waiting), self.voice, answer))
            return answer
        second, fault = None, ""
        if not answer.interrupted:
            said = spoken(self._exchanges, self.other, text, self._waiting)
            try:
                second = ask(self.other, *said, max_new_tokens=limit, on_text=on_other, stop=stop)
            except MedGPTError as error:  # what the first one answered stays
                fault = str(error)
        beside = (self.other, second) if second is not None else None
        self._keep(Exchange(text, tuple(self._waiting), self.voice, answer, beside))
        return Compared(answer, second, fault)

    def _keep(self, exchange: Exchange) -> None:
        self._exchanges.append(exchange)
        self._waiting = []

    def _image(self, rest: str) -> Event:
        if not rest:
            raise UsageError("which image?", repair="/image PATH")
        self.attach(*picture(rest, spaced=True))
        count = len(self._waiting)
        told = f"{count} image{'s' if count > 1 else ''} will be shown with the next message."
        return Attached(told, self._waiting[-1].path)

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
        return Attached(f"The image will be shown at level {level}, window {width}.", shown)

    def _adapter(self, rest: str) -> Event:
        if not rest:
            raise UsageError("which adapter?", repair="/adapter DIR, or /adapter none")
        if rest == "none" and not self.voice.adapter:
            return Told(f"There is no adapter; {self.voice.described} answers.")
        wanted = None if rest == "none" else unquoted(rest)
        self.voice = self._loaded(lambda: self._models.with_adapter(self.voice, wanted))
        return Told(f"From now on {self.voice.described} answers; the dialogue is kept.")

    def _compare(self, rest: str) -> Event:
        if not rest:
            raise UsageError("compare with which model?", repair="/compare REF, or /compare off")
        if rest == "off":
            gone, self.other = self.other, None
            return Told(f"{gone.name} is no longer asked." if gone else "No second model is asked.")
        self.other = self._loaded(lambda: self._models.named(unquoted(rest)))
        return Told(f"{self.other.described} is asked, too, from now on.")

    def _loaded(self, load: Callable[[], Voice]) -> Voice:
        try:
            return load()
        except KeyboardInterrupt:
            raise UsageError("stopped", repair="the models are as they were") from None
        except Exception as error:
            if shortage := as_shortage(error):
                raise OutOfResources(shortage.what, repair="the models are as they were") from None
            raise

    def _preview(self, rest: str) -> Event:
        if rest not in ("on", "off"):
            raise UsageError("on or off?", repair="/preview on, or /preview off")
        self.previews = rest == "on"
        return Told("Images are drawn here." if self.previews else "Images are not drawn here.")

    def _clear(self, _: str) -> Event:
        self._exchanges, self._waiting = [], []
        return Told("The dialogue is forgotten.")

    def _save(self, rest: str) -> Event:
        if not rest:
            raise UsageError("save where?", repair="/save FILE")
        path = Path(unquoted(rest))
        if path.exists() and path.resolve() not in self._saved:
            raise OutputExists(f"{path} exists", repair="name another file")
        try:
            files.write_json(path, transcript(self._exchanges, self.voice))
        except OSError as error:
            raise UsageError(
                f"{path} cannot be written: {error.strerror}", repair="name another file"
            ) from None
        self._saved.add(path.resolve())
        return Told(f"Saved to {path}.")
