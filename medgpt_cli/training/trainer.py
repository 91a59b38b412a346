"""The one small subclass of `transformers.Trainer`.

It adds what the mission needs and the stock trainer lacks: closed documents in one row, a loss over supervised
positions alone, checkpoints that appear whole, weights that are really there on resume, and a place in the data that
is found again at once.  It is handed a model, a dataset, a stream of its rows and a way to save; it knows nothing of
recipes, records or dialogue.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from medgpt_cli.core.distributed import any_of, from_first, is_first, staged_together, sum_of, wait
from medgpt_cli.core.errors import BadRecipe
from medgpt_cli.core.files import write_json
from medgpt_cli.training.best import Best, drop_old
from medgpt_cli.training.forward import learn_by_documents, supervised
from medgpt_cli.training.guarded import START_ANEW, GuardedTrainer
from medgpt_cli.training.router_balance import RouterBalance
from medgpt_cli.training.sequence import Part, shared_loader
from medgpt_cli.training.source_losses import SourceLosses
from medgpt_cli.training.stream import Cursor, Stream
from medgpt_cli.training.validation import batches

STATE = "trainer_state.json"
CURSOR = "cursor.json"
GUARD = "guard.json"
Weights = dict[str, torch.Tensor] | None
SaveModel = Callable[[Path, Weights], None]
TellFirstLoss = Callable[[float, int], None]
"""Given the nats and the tokens of the first micro-batch of all processes, before any step."""


class StageTrainer(GuardedTrainer):
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
        row_group: The ranks that share a row with this one; None where each has rows of its own.
        router_aux: Weight of the loss that balances a router's choices; its mean over supervised tokens is added.
        keep_best: Whether the checkpoint with the lowest validation loss stays, too.
        best: Which that is so far, when resuming.
        tell_first_loss: Told the loss of the untouched model.
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
        row_group: Any = None,
        router_aux: float = 0.0,
        keep_best: bool = False,
        best: Best | None = None,
        tell_first_loss: TellFirstLoss | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._stream = stream
        self.sources = sources
        self.validation_sources = validation_sources
        self._save_model_files = save_model_files
        self._checkpoints = checkpoints
        self._keep = keep
        self._loaded_from = self._to_draw_from = loaded_from
        self._router_aux = router_aux
        self._balance = RouterBalance(self.model) if router_aux else None
        self.router_losses = SourceLosses(["router_aux"]) if router_aux else None
        self.sums = [each for each in (sources, self.router_losses) if each is not None]
        self._keep_best = keep_best
        self.best = best
        self._tell_first_loss = tell_first_loss
        # Our loss is already a mean over the supervised tokens of the whole optimiser step.
        self.loss_is_scaled_for_ga = True
        self.tokens = 0
        self.learnt = 0
        self._row_group = row_group
        self._together = 1 if row_group is None else row_group.size()
        learn_by_documents(self.model, row_group)
        self.optimizer: Any
        self._handed = self.optimizer

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        """The optimizer that was handed over, with the rates of its parts.

        With DeepSpeed the stock trainer throws that away, and would make one whose rate is the same everywhere.
        """
        if self.optimizer is None:
            self.optimizer = self._handed
        made: torch.optim.Optimizer = super().create_optimizer(model)
        return made

    def training_step(self, model: Any, *args: Any, **kwargs: Any) -> torch.Tensor:
        """One micro-batch; the first of a run that goes on draws what it would have drawn had it never stopped."""
        if self._to_draw_from is not None:
            # The stock loop restores this only where it skips data itself; dropout would begin anew.
            self._load_rng_state(str(self._to_draw_from))
            self._to_draw_from = None
        loss: torch.Tensor = super().training_step(model, *args, **kwargs)
        return loss

    def _get_train_sampler(self, train_dataset: Any = None) -> Stream:
        return self._stream

    def _get_dataloader(
        self, dataset: Any, description: str, batch_size: int, sampler_fn: Any = None, **kwargs: Any
    ) -> Any:
        # The stock loader would give each rank rows of its own.
        if self._row_group is None:
            return super()._get_dataloader(dataset, description, batch_size, sampler_fn, **kwargs)
        return shared_loader(
            dataset,
            sampler_fn(dataset),
            batch_size,
            self.data_collator,
            self.accelerator,
            self._together,
        )

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
        total, each = self._losses(model, inputs)
        part = Part.of(inputs["input_ids"].shape[1], self._row_group)
        meter = self.sources if model.training else self.validation_sources
        if meter is not None:
            numbers = torch.repeat_interleave(sources, inputs["cu_seq_lens_q"].diff())
            chosen = supervised(inputs["labels"])[0]
            before = int(chosen[: part.start].sum())  # those of ranks that share the row
            meter.add(each, numbers[1:][chosen][before : before + len(each)])
        if model.training:
            self.tokens += part.own
            self.learnt += len(each)
            if self._tell_first_loss is not None and self.state.global_step == 0:
                self._tell_first_loss(sum_of(float(each.double().sum())), int(sum_of(len(each))))
            self._tell_first_loss = None
        # Ranks that share a row have all counted all of it.
        step = None if num_items_in_batch is None else num_items_in_batch / self._together
        loss = total / (max(len(each), 1) if step is None else step)
        if model.training and self.accelerator.num_processes > 1:
            loss = (
                loss * self.accelerator.num_processes
            )  # gradients are averaged over ranks, and ours are a sum
        if model.training:
            self.add_to_step(loss)
        return (loss, each) if return_outputs else loss

    def _losses(self, model: Any, inputs: dict[str, Any]) -> tuple[torch.Tensor, torch.Tensor]:
        """The summed loss and each position's, in training with the balance of the router's choices."""
        if self._balance is None or self.router_losses is None or not model.training:
            total, each = model(**inputs)
            return total, each
        with self._balance.listening() as logits:
            total, each = model(**inputs)
        balance = self._balance.loss(logits)
        self.router_losses.add(
            balance.detach().expand(len(each)), torch.zeros_like(each, dtype=torch.long)
        )
        # As many times as positions learn: divided by those of the step, it is a mean over them like the loss.
        return total + self._router_aux * len(each) * balance, each

    def evaluate(self, *args: Any, **kwargs: Any) -> dict[str, float]:
        """The validation loss: nats a supervised token, over all records alike whatever the batches and ranks."""
        self.model.eval()
        total, count = 0.0, 0
        with torch.no_grad():
            for batch in batches(
                self.eval_dataset,
                self.data_collator,
                self.args.per_device_eval_batch_size,
                share=self.accelerator.process_index // self._together,
                shares=self.accelerator.num_processes // self._together,
            ):
                inputs = self._prepare_inputs(batch)
                loss, each = self.compute_loss(self.model, inputs, return_outputs=True)
                total += loss.item() * len(each)
                count += len(each)
        metrics = {"eval_loss": sum_of(total) / max(sum_of(count), 1)}
        self.log(metrics)
        # Says that it was done; the stock loop would ask for it again at the end of the epoch.
        self.control: Any = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, metrics
        )
        lowest = self.best.validation_loss if self.best is not None else math.inf
        if self._keep_best and metrics["eval_loss"] < lowest:
            self.best = Best(self.state.global_step, metrics["eval_loss"])
            self.control.should_save = True  # after this very step
        return metrics

    def _get_learning_rate(self) -> float:  # of several parts' own, the largest is shown
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
                    self.state.save_to_json(os.path.join(staging, STATE))
                    write_json(staging / CURSOR, self._cursor()._asdict())
                    write_json(staging / GUARD, self.guard.state())
                wait()  # the model's manifest comes last, and lists what all processes have written
                if is_first():
                    self._save_model_files(staging, weights)
        if is_first():
            drop_old(self._checkpoints.parent, self._keep, self.best)

    def gathered_weights(self) -> Weights:
        """All weights by name, in the first process, where processes share them; None where each holds its own."""
        if not self.is_deepspeed_enabled:
            return None
        weights: Weights = self.accelerator.get_state_dict(self.model_wrapped)
        return weights if is_first() else {}

    def rows_until(self, step: int) -> int:
        """Rows of the whole run, over all processes, after a step; the last micro-batch may be a short one."""
        a_step = self._train_batch_size * self.args.gradient_accumulation_steps
        a_step *= self.args.world_size // self._together
        return int(min(step * a_step, len(self._stream)))

    def _cursor(self) -> Cursor:
        """Where the stream stands after the steps taken."""
        return self._stream.cursor(self.rows_until(self.state.global_step))

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        # The stock method loads nothing into a LLaVA model whose file names are the legacy ones, and only warns.
        # Ours was loaded strictly before it came here; what is left to do is to make sure of that.
        if self._loaded_from is None or Path(resume_from_checkpoint) != self._loaded_from:
            raise RuntimeError("the model was not loaded from the checkpoint that training resumes from")
