"""The one small subclass of `transformers.Trainer`.

It adds what the mission needs and the stock trainer lacks: closed documents in one row, a loss over supervised
positions alone, checkpoints that appear whole, weights that are really there on resume, and a place in the data that
is found again at once.  It is handed a model, a dataset, a stream of its rows and a way to save; it knows nothing of
recipes, records or dialogue.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from transformers import Trainer

from medgpt_cli.core import rundir
from medgpt_cli.core.distributed import any_of, from_first, is_first, staged_together, sum_of
from medgpt_cli.core.errors import BadRecipe
from medgpt_cli.core.files import write_json
from medgpt_cli.training.forward import learn_by_documents, supervised
from medgpt_cli.training.meters import START_ANEW
from medgpt_cli.training.source_losses import SourceLosses
from medgpt_cli.training.stream import Cursor, Stream

STATE = "trainer_state.json"
CURSOR = "cursor.json"
Weights = dict[str, torch.Tensor] | None
SaveModel = Callable[[Path, Weights], None]


class StageTrainer(Trainer):
    """Trains one stage.

    Args:
        stream: The rows of records that steps are taken on, beginning where the run goes on.
        save_model_files: Writes the model and its processor into a folder, from weights that were gathered where
            processes share them; a checkpoint is a loadable model.
        checkpoints: Where `step-N` folders go.
        keep: How many of the newest checkpoints stay.
        loaded_from: The checkpoint the model's weights were strictly loaded from, when resuming.
        sources: Adds up the loss of each source of the training mix, where there are several.
        validation_sources: The same for validation.
    """

    def __init__(
        self,
        *args: Any,
        stream: Stream,
        save_model_files: SaveModel,
        checkpoints: Path,
        keep: int,
        loaded_from: Path | None = None,
        sources: SourceLosses | None = None,
        validation_sources: SourceLosses | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._stream = stream
        self.sources = sources
        self.validation_sources = validation_sources
        self._save_model_files = save_model_files
        self._checkpoints = checkpoints
        self._keep = keep
        self._loaded_from = loaded_from
        # Our loss is already a mean over the supervised tokens of the whole optimiser step.
        self.loss_is_scaled_for_ga = True
        self.tokens = 0
        learn_by_documents(self.model)

    def _get_train_sampler(self, train_dataset: Any = None) -> Stream:
        return self._stream

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> Any:
        """Next-token cross-entropy over the supervised positions.

        The loss is summed and divided by the supervised tokens of the whole optimiser step: over all micro-batches
        and ranks a token weighs the same, and a micro-batch that has none gives a zero with a gradient of zero.

        Args:
            model: The model, wrapped or not, in whose place `training.forward` stands.
            inputs: What `data.batches.collate` returned.
            return_outputs: Whether the losses of single positions are returned too.
            num_items_in_batch: Supervised tokens of the step, over all micro-batches and ranks.
        """
        sources = inputs.pop("sources", None)
        total, each = model(**inputs)
        meter = self.sources if model.training else self.validation_sources
        if meter is not None:
            numbers = torch.repeat_interleave(sources, inputs["cu_seq_lens_q"].diff())
            meter.add(each, numbers[1:][supervised(inputs["labels"])[0]])
        if model.training:
            self.tokens += inputs["input_ids"].numel()
        count = num_items_in_batch if num_items_in_batch is not None else max(len(each), 1)
        loss = total / count
        if model.training and self.accelerator.num_processes > 1:
            loss = (
                loss * self.accelerator.num_processes
            )  # gradients are averaged over ranks, and ours are a sum
        return (loss, each) if return_outputs else loss

    def evaluate(self, *args: Any, **kwargs: Any) -> dict[str, float]:
        """The validation loss: nats a supervised token, over all records alike whatever the batch size."""
        self.model.eval()
        total, count = 0.0, 0
        with torch.no_grad():
            for inputs in self.get_eval_dataloader():
                learnt = int(supervised(inputs["labels"]).sum())
                loss = self.compute_loss(self.model, self._prepare_inputs(inputs))
                total += loss.item() * learnt
                count += learnt
        metrics = {"eval_loss": sum_of(total) / max(sum_of(count), 1)}
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
        weights = self.gathered_weights()
        tensors = weights.values() if weights is not None else self.model.parameters()
        if any_of(not all(bool(torch.isfinite(tensor).all()) for tensor in tensors)):
            raise BadRecipe(
                f"a weight is no longer a number at step {self.state.global_step}; nothing was saved",
                where="train.lr",
                repair=START_ANEW,
            )
        if not from_first(target.exists()):
            with staged_together(target) as staging:
                self._save_optimizer_and_scheduler(str(staging))
                self._save_rng_state(str(staging))
                if is_first():
                    self._save_model_files(staging, weights)
                    self.state.save_to_json(os.path.join(staging, STATE))
                    write_json(staging / CURSOR, self._cursor()._asdict())
        if is_first():
            for old in rundir.checkpoints(self._checkpoints.parent)[: -self._keep]:
                # A hidden name first: a kill in the middle must not leave half a checkpoint under a whole one's name.
                shutil.rmtree(old.rename(old.with_name(f".{old.name}.old")))

    def gathered_weights(self) -> Weights:
        """All weights by name, in the first process, where processes share them; None where each holds its own."""
        if not self.is_deepspeed_enabled:
            return None
        weights: Weights = self.accelerator.get_state_dict(self.model_wrapped)
        return weights if is_first() else {}

    def _cursor(self) -> Cursor:
        """Where the stream stands after the steps taken; the run's last micro-batch may be a short one."""
        a_step = self._train_batch_size * self.args.gradient_accumulation_steps * self.args.world_size
        return self._stream.cursor(min(self.state.global_step * a_step, len(self._stream)))

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        # The stock method loads nothing into a LLaVA model whose file names are the legacy ones, and only warns.
        # Ours was loaded strictly before it came here; what is left to do is to make sure of that.
        if self._loaded_from is None or Path(resume_from_checkpoint) != self._loaded_from:
            raise RuntimeError("the model was not loaded from the checkpoint that training resumes from")
