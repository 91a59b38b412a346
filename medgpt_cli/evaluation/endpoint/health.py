"""Whether an endpoint as a whole still answers, so that an outage ends the run instead of becoming wrong answers.

A single question may fail and counts as wrong.  Many in a row say something about the endpoint, not about the model.
This module knows nothing of HTTP or of questions.
"""

from __future__ import annotations

from medgpt_cli.core.errors import InputError, MedGPTError, Missing, OutOfResources
from medgpt_cli.core.types import Reply
from medgpt_cli.evaluation.endpoint.channels import looks_glued
from medgpt_cli.evaluation.endpoint.faults import PASSING, WORDS, Failed, Fault

FIRST = 8
"""First answers that must all be odd in one way before it is the endpoint's way: channels run together, likelihoods
not told."""


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
        self._weighed = 0
        self._told = 0
        self._model: str | None = None

    def answered(self, reply: Reply, model: str, *, weighed: bool = False) -> None:
        """Notes an answer.

        Args:
            reply: What was said.
            model: The name under which the server says it answered, or an empty string.
            weighed: Whether likelihoods of letters were asked for.

        Raises:
            InputError: The server changed its model, hides where the answer begins, or tells no likelihoods.
        """
        self._failed = 0
        self._answered += 1
        self._glued += looks_glued(reply.text)
        self._weighed += weighed
        self._told += weighed and bool(reply.likelihoods)
        if self._weighed == FIRST:
            self.refuse_untold()
        if self._answered == self._glued == FIRST:
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

    def refuse_untold(self) -> None:
        """Refuses an endpoint that was asked for likelihoods and told none: nothing could be made of that but zeros.

        Raises:
            InputError: It is one.
        """
        if self._weighed and not self._told:
            raise InputError(
                f"{self._origin} tells no likelihoods of option letters",
                repair="ask without them; vLLM and llama.cpp tell them where reasoning is off",
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
            repair=_REPAIR.get(failed.fault, "look into the server's log"),
        )


_REPAIR = {
    Fault.UNREACHABLE: "start the server there",
    Fault.TIMEOUT: "look whether the server still works",
    Fault.BUSY: "wait until it has less to do, or ask less at once",
    Fault.GARBAGE: "look whether an OpenAI-compatible chat endpoint answers there",
    Fault.REFUSED: "look into the server's log; a model without pictures refuses questions with them",
}
