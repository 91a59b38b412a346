"""The parts of a recipe, one class each; a word means the same in every stage.

A field's docstring is its comment in `recipe show --comments` and its row in `recipe fields`: it is
written once, here, with its unit.  Rules between fields live in `rules`; defaults that differ by stage
in `stages`.  This module knows nothing of files or of torch.
"""

from __future__ import annotations

import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from medgpt_cli.core.types import MAX_NEW_TOKENS

AtLeastOne = Annotated[int, Field(ge=1)]
MOST_TILES = 40
"""Tiles of one picture at most, as many as published systems try; with the thumbnail 56 MB at 336 pixels in float32."""
Positive = Annotated[float, Field(gt=0)]


def _iso_date(text: str) -> str:
    if datetime.date.fromisoformat(text).isoformat() != text:
        raise ValueError("not a date")
    return text


class Section(BaseModel):
    """What all sections share: frozen, no unknown key, no silent conversion."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        use_attribute_docstrings=True,
        allow_inf_nan=False,
        protected_namespaces=(),
    )


class Yarn(Section):
    """YaRN (arXiv 2309.00071): more positions than the language model was trained with."""

    factor: float | None = Field(default=None, gt=1)
    """How many times its context; not at all when empty."""
    original: AtLeastOne | None = None
    """Tokens it was trained with; what its configuration says when empty."""


class Model(Section):
    """Which model is trained."""

    base: str | None = None
    """Whole model to start from: run or checkpoint folder, hub id, tiny, tiny-untrained or small; tiny when empty."""
    llm: str | None = None
    """Language model to compose with `vision` instead of a whole `base`: folder or hub id."""
    vision: str | None = None
    """Vision tower to compose with `llm`: folder or hub id."""
    adapter: str | None = None
    """Adapter whose weights it starts from, run or adapter folder; added to the model where no adapters learn."""
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """Number format of computing in training; weights stay float32. auto is bfloat16 where the device has it."""
    attention: Literal["auto", "ours", "eager", "flash"] = "auto"
    """Of the language model in training; auto is ours, or an installed flash kernel that agrees with eager here."""
    yarn: Yarn = Yarn()
    """Stretches the context of a language model whose positions are plain, such as a llama."""
    feature_layer: int = -2
    """Layer of the vision tower whose output the projector reads; -1 is the last, -2 the one before."""
    max_tiles: int | None = Field(default=None, ge=1, le=MOST_TILES)
    """Tiles a large picture is shown in at most, beside a thumbnail, each an image; as the base when empty, else 1."""


class Source(Section):
    """One source of the training mix."""

    path: str
    """JSONL file of records or prepared set, relative to the folder the command runs in."""
    weight: Positive | None = None
    """Share of the mix, relative to the other weights; for all sources or none; by size when empty."""
    cap: AtLeastOne | None = None
    """Records it gives in one pass over the mix at most; the next pass goes on where it stopped."""
    epochs: Positive | None = None
    """Times it is gone through in one pass over the mix, at most where shares are given; 1 when empty."""
    shots: int = Field(default=0, ge=0)
    """Answered examples of other patients before each dialogue of the source; its own answers alone are learnt."""


class Data(Section):
    """What it learns from."""

    mix: tuple[Source, ...] = ()
    """Files to train on; --data sets it."""
    temperature: Positive | None = None
    """T of shares by size^(1/T): 1 is by size, a large T makes small sources weigh as much; not beside weights."""
    order: Literal["shuffled", "as-given", "short-first"] = "shuffled"
    """Order of records in one pass over the mix: as-given is source after source, short-first is by tokens."""
    validation: tuple[str, ...] = ()
    """JSONL files or prepared sets to evaluate the loss on; when empty, what the prepared sets of the mix bring."""
    against: tuple[str, ...] = ()
    """Evaluation sets; training records that share a patient, image, question or text with them are left out."""
    image_root: str | None = None
    """Folder that image paths in records are relative to; the folder of each JSONL file when empty."""
    max_bad: int = Field(default=0, ge=0)
    """Faulty records that may be left out, in records; more end the run before it starts."""
    limit: AtLeastOne | None = None
    """Records taken from the front of each file, for a trial; all when empty."""


class Guard(Section):
    """Which optimizer steps are left out; one whose loss or gradient is no number always is."""

    spike: Positive | None = 10.0
    """A gradient longer than train.clip and so many times the usual is left out; empty leaves no finite one out."""
    window: AtLeastOne = 50
    """Good steps over which the usual is the median."""
    warmup: AtLeastOne = 20
    """Good steps before gradients are compared with the usual."""
    patience: AtLeastOne = 5
    """Steps left out in a row that end the run."""


class Train(Section):
    """How it learns."""

    seed: int = Field(default=0, ge=0, lt=2**32)
    """Seed of the order of records, of fresh weights and of dropout."""
    epochs: float = Field(default=1.0, gt=0)
    """Passes over the training mix, in epochs; not read where max_steps is given."""
    max_steps: AtLeastOne | None = None
    """End after so many optimizer steps."""
    batch_size: AtLeastOne | None = 8
    """Records, or packed rows, in one forward pass on one device; empty where batch_tokens is given."""
    batch_tokens: AtLeastOne | None = None
    """Instead of batch_size: tokens of one optimizer step at most, over all devices and forward passes."""
    accumulate: AtLeastOne = 1
    """Forward passes whose gradients are added up before one optimizer step."""
    max_length: int = Field(default=2048, ge=16)
    """Longest record, in tokens, image tokens included; with packing the length of a row."""
    overlong: Literal["refuse", "split"] = "refuse"
    """Records longer than max_length: refused with a list, or parted between turns and paragraphs; never cut."""
    packing: bool = False
    """Fill rows of max_length tokens with whole records, none of which sees another; batch_size then counts rows."""
    max_images: AtLeastOne = 64
    """Images a packed row may hold, each tile of a picture one."""
    lr: Positive
    """Peak learning rate."""
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    """Course of the learning rate after warm-up: down to 0 as a cosine or a line, or unchanged."""
    warmup: float = Field(default=0.03, ge=0, le=1)
    """Share of all steps, 0 to 1, over which the learning rate rises from 0 to its peak."""
    weight_decay: float = Field(default=0.0, ge=0)
    """Weight decay of AdamW, per step and unit of learning rate."""
    clip: float = Field(default=1.0, ge=0)
    """Largest norm of the gradient; a longer one is scaled down; 0 never clips."""
    save_steps: AtLeastOne = 500
    """Steps between checkpoints."""
    eval_steps: AtLeastOne | None = None
    """Steps between evaluations of the loss on data.validation; never when empty."""
    keep: AtLeastOne = 2
    """Checkpoints kept; older ones are removed."""
    keep_best: bool = False
    """Keep the checkpoint with the lowest loss on data.validation as well, however old."""
    guard: Guard = Guard()
    """Which optimizer steps are left out."""
    router_aux: float = Field(default=0.0, ge=0)
    """Weight of the loss that spreads tokens over experts; 0 leaves it out; for models with a router."""
    qat: Literal["mxfp4"] | None = None
    """Compute on experts rounded to this format in the last stretch, so that what is learnt survives export to it."""
    qat_share: float = Field(default=0.25, gt=0, le=1)
    """How long that stretch is, as a share of all steps."""
    log_steps: AtLeastOne = 1
    """Steps between lines of metrics.jsonl."""
    threads: AtLeastOne | None = None
    """Processor threads used for computing; as many as there are cores when empty."""


class Engine(Section):
    """Over how many devices, and how memory is shared among them."""

    deepspeed: bool = False
    """Shard by DeepSpeed; without it, every process launched by torchrun holds the whole model (DDP)."""
    zero: Literal[1, 2, 3] = 3
    """What DeepSpeed shards: 1 the optimizer's state, 2 gradients too, 3 parameters too."""
    offload: Literal["none", "optimizer", "parameters"] = "none"
    """What waits in main memory: the optimizer's state, or the parameters too (zero=3)."""
    sequence_parallel: AtLeastOne = 1
    """Neighbouring processes that share each row, so that a longer one fits; divides processes and attention heads."""
    checkpointing: Literal["none", "on", "offload"] = "none"
    """Whether layers compute again, backwards, instead of keeping; offload keeps their inputs in main memory."""
    report_to: tuple[Literal["tensorboard", "mlflow", "wandb"], ...] = ()
    """Trackers that are told loss, rate and norm of every step as well; none when empty."""


class Part(Section):
    """One part of the model."""

    train: bool
    """Whether the part learns."""
    lr: Positive | None = None
    """Peak learning rate of the part; train.lr when empty."""


class FollowingPart(Section):
    """One part of the language model."""

    train: bool | None = None
    """Whether the part learns; as parts.llm does when empty."""
    lr: Positive | None = None
    """Peak learning rate of the part; that of parts.llm when empty."""


class Parts(Section):
    """Which parts learn, and how fast."""

    vision: Part = Part(train=True)
    """Vision tower."""
    projector: Part = Part(train=True)
    """Projector between tower and language model."""
    llm: Part = Part(train=True)
    """Language model, without experts and router where it has them."""
    experts: FollowingPart = FollowingPart()
    """Experts of a mixture-of-experts language model."""
    router: FollowingPart = FollowingPart()
    """Router that chooses among experts."""


class Chat(Section):
    """How dialogues are written, in training and in chat."""

    reasoning: Literal["low", "medium", "high"] = "low"
    """Reasoning effort named in the system message."""
    date: Annotated[str, AfterValidator(_iso_date)] = "2026-01-01"
    """Date named in the system message (YYYY-MM-DD); fixed, so that prompts do not change by the day."""
    max_new_tokens: AtLeastOne = MAX_NEW_TOKENS
    """Longest answer, in tokens."""
