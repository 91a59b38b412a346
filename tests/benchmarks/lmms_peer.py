"""lmms-eval's Hugging Face backend over the same weights: its own loop, where it is installed beside this Python.

As published (0.7.3) it does not run under transformers 5: it compares the name of a model with classes and so loads a
model that cannot generate, loads in bfloat16 alone, and hands the processor a word that it no longer takes.  Here it is
given the model that is already in memory, in float32, and the processor without that word; the loop that is timed is
theirs, unchanged.  Each picture is opened and letterboxed for every question, as their tasks do.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import torch

from medgpt_cli.core.types import Request
from medgpt_cli.data.images.letterbox import letterbox
from medgpt_cli.data.images.reading import open_image

TASK, SPLIT = "slake", "test"


class _Processor:
    """The stock processor without `audios`, which it does not know, and without empty lists."""

    def __init__(self, processor: Any) -> None:
        self._processor = processor
        processor.tokenizer.padding_side = (
            "left"  # theirs leaves it as it is, and padding on the right is no answer
        )

    def __getattr__(self, name: str) -> Any:
        return getattr(self._processor, name)

    def __call__(self, *, audios: Any, videos: Any, images: Any, **words: Any) -> Any:
        return self._processor(images=images, **words)


class Lmms:
    """Their backend.

    Args:
        model: The model in memory.
        processor: Its stock processor.
        rows: Questions in a batch.
        limit: Tokens of an answer.
    """

    def __init__(self, model: Any, processor: Any, rows: int, limit: int) -> None:
        from loguru import logger

        logger.disable("lmms_eval")
        from lmms_eval.api.instance import Instance
        from lmms_eval.api.model import lmms
        from lmms_eval.models.chat.huggingface import Huggingface

        self._instance, self._limit = Instance, limit
        self._side = processor.image_processor.size["height"]
        self._lm = Huggingface.__new__(Huggingface)
        lmms.__init__(self._lm)
        parts = {
            "_model": model,
            "processor": _Processor(processor),
            "_tokenizer": processor.tokenizer,
            "_device": torch.device("cpu"),
            "device_map": "cpu",
            "batch_size_per_gpu": rows,
            "use_cache": True,
            "_rank": 1,  # the first one draws a bar
            "system_prompt": None,
            "accelerator": SimpleNamespace(unwrap_model=lambda own: own),
        }
        for name, part in parts.items():
            setattr(self._lm, name, part)

    def write(self, requests: Sequence[Request]) -> list[str]:
        """Answers, special tokens left out as they do."""
        self._lm.task_dict = {TASK: {SPLIT: requests}}
        settings = {"max_new_tokens": self._limit}
        asked = [
            self._instance(
                "generate_until",
                ("", self._messages, settings, number, TASK, SPLIT),
                number,
                {"task": TASK, "doc_id": number, "repeats": 1},
            )
            for number in range(len(requests))
        ]
        return [found.text for found in self._lm.generate_until(asked)]

    def _messages(self, request: Request) -> list[dict[str, Any]]:
        pictures = iter(request.images)
        content = [
            {"type": "text", "text": part}
            if isinstance(part, str)
            else {"type": "image", "url": letterbox(open_image(next(pictures)), self._side)}
            for part in request.turns[0].parts
        ]
        return [{"role": "user", "content": content}]
