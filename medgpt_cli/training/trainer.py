"""The one small subclass of `transformers.Trainer`.

It adds what the mission needs and the stock trainer lacks: a loss over supervised positions alone, checkpoints that
appear whole, weights that are really there on resume, and a data order that is a function of the position.  It is
handed a model, a dataset, its order and a way to save; it knows nothing of recipes, records or dialogue.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch.nn.functional import cross_entropy
from torch.utils.data import Sampler
from transformers import Trainer

from medgpt_cli.core import rundir
from medgpt_cli.core.errors import BadRecipe
from medgpt_cli.core.files import staged_folder
from medgpt_cli.training.meters import START_ANEW
from medgpt_cli.training.source_losses import SourceLosses

IGNORED = -100
STATE = "trainer_state.json"
SaveModel = Callable[[Path], None]
PassOrder = Callable[[int], Iterable[int]]


class Passes(Sampler[int]):
    """One pass over the data after another, each in an order of its own, so a position in the data is an integer.

    Args:
        size: Records in a pass.
        order: From a pass's number to the numbers of its records.
    """

    def __init__(self, size: int, order: PassOrder) -> None:
        self._size = size
        self._order = order
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Called by the data loader at each pass, on resume too."""
        self._epoch = epoch

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[int]:
        yield from map(int, self._order(self._epoch))


class StageTrainer(Trainer):
    """Trains one stage.

    Args:
        order: From a pass's number to the numbers of its records, in order.
        pass_size: Records in a pass.
        save_model_files: Writes the model and its processor into a folder; a checkpoint is a loadable model.
        checkpoints: Where `step-N` folders go.
        keep: How many of the newest checkpoints stay.
        loaded_from: The checkpoint the model's weights were strictly loaded from, when resuming.
        sources: Adds up the loss of each source of the training mix, where there are several.
        validation_sources: The same for validation.
    """

    def __init__(
        self,
        *args: Any,
        order: PassOrder,
        pass_size: int,
        save_model_files: SaveModel,
        checkpoints: Path,
        keep: int,
        loaded_from: Path | None = None,
        sources: SourceLosses | None = None,
        validation_sources: SourceLosses | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._passes = Passes(pass_size, order)
        self.sources = sources
        self.validation_sources = validation_sources
        self._save_model_files = save_model_files
        self._checkpoints = checkpoints
        self._keep = keep
        self._loaded_from = loaded_from
        # Our loss is already a mean over the supervised tokens of the whole optimiser step.
        self.loss_is_scaled_for_ga = True
        self.tokens = 0

    def _get_train_sampler(self, train_dataset: Any = None) -> Passes:
        return self._passes

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> Any:
        """Next-token cross-entropy over the supervised positions.

        Only those positions are multiplied by the head: at gpt-oss's vocabulary of 201,088 the logits of all others
        would be most of a step's memory.  The loss is summed and divided by the supervised tokens of the whole step.

        Args:
            model: The model, wrapped or not.
            inputs: `input_ids`, `attention_mask`, `labels` (B, S), and perhaps `pixel_values` and `sources` (B).
            return_outputs: Whether the model's outputs are returned too.
            num_items_in_batch: Supervised tokens of the step, over all micro-batches and ranks.
        """
        targets = inputs.pop("labels")[:, 1:]
        sources = inputs.pop("sources", None)
        chosen = targets != IGNORED
        bare = self.accelerator.unwrap_model(model)
        with self.accelerator.autocast():
            outputs = bare.model(**inputs)
            logits = bare.lm_head(outputs.last_hidden_state[:, :-1][chosen])
        # float32 whatever the model's dtype: the log of a sum over the vocabulary needs the digits.
        meter = self.sources if model.training else self.validation_sources
        if meter is None:
            total = cross_entropy(logits.float(), targets[chosen], reduction="sum")
        else:
            each = cross_entropy(logits.float(), targets[chosen], reduction="none")
            meter.add(each.detach(), sources[:, None].expand_as(targets)[chosen])
            total = each.sum()
        if model.training:
            self.tokens += int(inputs["attention_mask"].sum())
        count = num_items_in_batch if num_items_in_batch is not None else chosen.sum().clamp(min=1)
        loss = total / count
        return (loss, outputs) if return_outputs else loss

    def evaluate(self, *args: Any, **kwargs: Any) -> dict[str, float]:
        """The validation loss: nats a supervised token, over all records alike whatever the batch size."""
        self.model.eval()
        total, count = 0.0, 0
        with torch.no_grad():
            for inputs in self.get_eval_dataloader():
                supervised = int((inputs["labels"][:, 1:] != IGNORED).sum())
                loss = self.compute_loss(self.model, self._prepare_inputs(inputs))
                total += loss.item() * supervised
                count += supervised
        metrics = {"eval_loss": total / max(count, 1)}
        self.log(metrics)
        # Says that it was done; the stock loop would ask for it again at the end of the epoch.
        self.control: Any = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, metrics
        )
        return metrics

    def _get_learning_rate(self) -> float:
        # Parts may learn at rates of their own; the one that is shown is the largest.
        return float(max(self.lr_scheduler.get_last_lr()))

    def _save_checkpoint(self, model: Any, trial: Any = None) -> None:
        # Written beside and renamed: a kill at any instant leaves whole checkpoints only.
        target = self._checkpoints / f"step-{self.state.global_step}"
        if not all(bool(torch.isfinite(parameter).all()) for parameter in self.model.parameters()):
            raise BadRecipe(
                f"a weight is no longer a number at step {self.state.global_step}; nothing was saved",
                where="train.lr",
                repair=START_ANEW,
            )
        if not target.exists():
            with staged_folder(target) as staging:
                self._save_model_files(staging)
                self._save_optimizer_and_scheduler(str(staging))
                self._save_rng_state(str(staging))
                self.state.save_to_json(os.path.join(staging, STATE))
        for old in rundir.checkpoints(self._checkpoints.parent)[: -self._keep]:
            # A hidden name first: a kill in the middle must not leave half a checkpoint under a whole one's name.
            shutil.rmtree(old.rename(old.with_name(f".{old.name}.old")))

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        # The stock method loads nothing into a LLaVA model whose file names are the legacy ones, and only warns.
        # Ours was loaded strictly before it came here; what is left to do is to make sure of that.
        if self._loaded_from is None or Path(resume_from_checkpoint) != self._loaded_from:
            raise RuntimeError("the model was not loaded from the checkpoint that training resumes from")
