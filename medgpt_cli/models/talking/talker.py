"""A loaded model that talks: what chat and server receive as their `Generate`, quick from the second turn on.

Keys and values are kept from turn to turn and what a picture shows is computed once, so a turn reads only what is new
in it, however many pictures came before.  Decoding is greedy; in float32 the tokens are those of transformers' own
`generate` but where two are as good as equally likely.  A model that cannot be read this way is asked by that.  This
module knows nothing of files or dialogue formats: it is handed what encodes dialogues and opens pictures.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any

import torch

from medgpt_cli.core.errors import UsageError
from medgpt_cli.core.types import Generate, Reply, Request, Turn
from medgpt_cli.models.answering.answerer import HARMLESS
from medgpt_cli.models.answering.asked import Asked, Encode, encode_request
from medgpt_cli.models.answering.features import Features, Pixels
from medgpt_cli.models.channels import Channels
from medgpt_cli.models.talking import probe
from medgpt_cli.models.talking.attention import attending_to_kept
from medgpt_cli.models.talking.dialogues import Dialogues
from medgpt_cli.models.talking.kept import Kept
from medgpt_cli.models.talking.listening import Listener
from medgpt_cli.models.talking.reader import Reader
from medgpt_cli.models.talking.weights import lay_out


class Talker:
    """Answers dialogues; see `core.types.Generate`.

    Args:
        model: A LLaVA model in evaluation mode.
        tokenizer: Its tokenizer.
        encode: Makes token ids of dialogues.
        pixels: References of pictures to (N, 3, H, W).
        otherwise: Answers where this way is not open: transformers' own.
        max_new_tokens: Limit of a reply when the caller names none.
        context: Positions the model can hold, prompt and reply together.
        stamp: Changes when what a reference leads to changes, such as a file's time.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        encode: Encode,
        pixels: Pixels,
        *,
        otherwise: Generate,
        max_new_tokens: int,
        context: int,
        stamp: Callable[[str], str] = str,
    ) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._channels = Channels(tokenizer)
        self._encode = encode
        self._otherwise = otherwise
        self._max_new_tokens = max_new_tokens
        self._context = context
        self._stamp = stamp
        self._references: dict[str, str] = {}
        self.features = Features(model, lambda names: pixels([self._references[name] for name in names]))
        ends = model.generation_config.eos_token_id
        self._ends = frozenset(ends if isinstance(ends, list) else [ends])
        config = model.model.language_model.config
        self.dialogues = Dialogues(lambda: Kept(config, model.get_input_embeddings().weight))

    @cached_property
    def _reader(self) -> Reader | None:
        """What reads, or None where this way is not open; tried at the first question."""
        if set(self._model.generation_config.to_diff_dict()) - HARMLESS:
            return None
        if not probe.agrees(self._model):
            return None
        lay_out(self._model)
        return Reader(self._model)

    @torch.inference_mode()
    def __call__(
        self,
        turns: Sequence[Turn],
        images: Sequence[str],
        *,
        max_new_tokens: int | None = None,
        on_text: Callable[[str], None] | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> Reply:
        """Answers the dialogue.

        Raises:
            UsageError: The prompt and the reply's limit exceed the model's context.
        """
        began = time.perf_counter()
        limit = max_new_tokens or self._max_new_tokens
        asked = encode_request(0, Request(tuple(turns), tuple(images), limit), self._encode, limit)
        if asked.longest > self._context:
            raise UsageError(
                f"the dialogue takes {len(asked.prompt):,} tokens and the answer up to {limit:,}; "
                f"the model holds {self._context:,}",
                repair="shorten the message, /clear the history, or lower --max-new-tokens",
            )
        if self._reader is None:
            return self._otherwise(turns, images, max_new_tokens=limit, on_text=on_text, stop=stop)
        listener = Listener(self._channels, self._tokenizer, on_text)
        with attending_to_kept(self._model.model.language_model):
            tokens, first = self._write(self._reader, asked, listener, stop)
        parted = self._channels.part(tokens)
        listener.end(parted.text)
        now = time.perf_counter()
        return Reply(
            text=parted.text,
            thinking=parted.thinking,
            finished=tokens[-1] in self._ends,
            prompt_tokens=len(asked.prompt),
            tokens=len(tokens),
            seconds=now - began,
            first_token_seconds=first - began,
        )

    def _write(
        self, reader: Reader, asked: Asked, listener: Listener, stop: Callable[[], bool] | None
    ) -> tuple[list[int], float]:
        """The reply's tokens, and when the first of them was there."""
        ids = asked.prompt.tolist()
        symbols, names = self._symbols(asked)
        kept = self.dialogues.with_beginning_of(symbols[:-1])
        done = kept.end
        hidden = reader.read(
            kept,
            ids[done:],
            symbols[done:],
            self._shown(symbols, done, names),
            self._model.config.image_token_id,
        )
        tokens = [reader.likeliest(hidden)]
        first = time.perf_counter()
        listener.hear(tokens[0])
        while tokens[-1] not in self._ends and len(tokens) < asked.limit and not (stop and stop()):
            tokens.append(reader.likeliest(reader.read(kept, tokens[-1:], tokens[-1:])))
            listener.hear(tokens[-1])
        return tokens, first

    def _symbols(self, asked: Asked) -> tuple[list[Hashable], list[str]]:
        """The prompt with each picture's name at its tokens, and the names in their order."""
        names = [f"{self._stamp(image)} {image}" for image in asked.images]
        self._references = dict(zip(names, asked.images, strict=True))
        symbols: list[Hashable] = asked.prompt.tolist()
        image_id = self._model.config.image_token_id
        places = (at for at, token in enumerate(symbols) if token == image_id)
        for name, (start, end) in zip(names, pairwise(asked.bounds(image_id)), strict=True):
            for number in range(end - start):
                symbols[next(places)] = (name, number)
        return symbols, names

    def _shown(self, symbols: list[Hashable], done: int, names: Sequence[str]) -> torch.Tensor | None:
        """The features of what is still to be read, (image tokens, W); None without any."""
        new = [symbol for symbol in symbols[done:] if isinstance(symbol, tuple)]
        if not new:
            return None
        needed = {name: self.features.look(name) for name in dict.fromkeys(name for name, _ in new)}
        return torch.stack([needed[name][at] for name, at in new])
