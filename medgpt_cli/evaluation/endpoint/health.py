"""Whether an endpoint as a whole still answers, so that an outage ends the run instead of becoming wrong answers.

A single question may fail and counts as wrong.  Many in a row say something about the endpoint, not about the model.
This module knows nothing of HTTP or of questions.
"""

from __future__ import annotations

from medgpt_cli.core.errors import InputError, MedGPTError, Missing, OutOfResources
from medgpt_cli.core.types import Reply
from medgpt_cli.evaluation.endpoint.channels import looks_glued
from medgpt_cli.evaluation.endpoint.faults import PASSING, WORDS, Failed, Fault

GLUED = 8
"""First answers that must all begin like a channel's name before the endpoint is held to hide channels."""


class Health:
    """Counts what came of the questions.

    Args:
        origin: What the endpoint is called in a message.
        failures: Questions that may fail one after the other.
    """

    def __init__(self, origin: str, failures: int) -> None:
        self._origin = origin
        self._limit = failures
        self._failed = 0
        self._answered = 0
        self._glued = 0
        self._model: str | None = None

    def answered(self, reply: Reply, model: str) -> None:
        """Notes an answer.

        Args:
            reply: What was said.
            model: The name under which the server says it answered, or an empty string.

        Raises:
            InputError: The server changed its model, or hides where the answer begins.
        """
        self._failed = 0
        self._answered += 1
        self._glued += looks_glued(reply.text)
        if self._answered == self._glued == GLUED:
            raise InputError(
                f"{self._origin} runs harmony's channels into the answer, as in 'finalyes'",
                repair="let the server tell them apart: vllm serve --reasoning-parser openai_gptoss",
            )
        if not model:
            return
        if self._model is None:
            self._model = model
        elif self._model != model:
            raise InputError(
                f"{self._origin} began to answer as another model",
                repair="serve one model under one name, and run again into a new --out",
            )

    def failed(self, failed: Failed) -> MedGPTError | None:
        """Notes a question without an answer, all attempts made.

        Returns:
            The error that should end the run, where too many failed; else None.
        """
        # A refusal is about the question, unless nothing but refusals ever came.
        if failed.fault in PASSING or not self._answered:
            self._failed += 1
        return self.over(failed, self._failed) if self._failed >= self._limit else None

    def over(self, failed: Failed, count: int = 1) -> MedGPTError:
        """The error that ends a run, after `count` questions failed and the last one thus."""
        kind: type[MedGPTError] = {
            Fault.BUSY: OutOfResources,
            Fault.REFUSED: InputError,
            Fault.FILTERED: InputError,
            Fault.TOO_LARGE: InputError,
        }.get(failed.fault, Missing)
        several = f"; {count} questions in a row had no answer" if count > 1 else ""
        detail = f" ({failed.detail})" if failed.detail else ""
        return kind(
            f"the endpoint {self._origin} {WORDS[failed.fault]}{detail}{several}",
            repair=_REPAIR.get(failed.fault, "look into the server's log, and run again with --resume"),
        )


_REPAIR = {
    Fault.UNREACHABLE: "start the server there, and run again with --resume",
    Fault.TIMEOUT: "look whether the server still works, and run again with --resume",
    Fault.BUSY: "wait until it has less to do, or ask less at once, and run again with --resume",
    Fault.GARBAGE: "look whether an OpenAI-compatible chat endpoint answers there",
    Fault.REFUSED: "look into the server's log; a model without pictures refuses questions with them",
}
