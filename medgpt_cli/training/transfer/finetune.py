"""Full fine-tuning: the whole tower and a linear head on top, by one fixed recipe.

The weights that are kept are those of the epoch with the best score on validation, the earliest among equals.  Equal
seeds give equal weights on a CPU.  This module knows nothing of where pictures come from; it is handed the measure,
and never sees a test label.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from medgpt_cli.core.transfer import FineTune
from medgpt_cli.training.exactness import exact_sums
from medgpt_cli.training.transfer.pictures import Normaliser
from medgpt_cli.training.transfer.probe import Score, Trained

Squares = Callable[[Sequence[int]], torch.Tensor]
"""From numbers of pictures to (N, 3, H, W) in 8 bits."""


class Head(nn.Module):
    """A linear classifier, zero at first, on features brought to mean 0 and deviation 1.

    Mean features of pictures of one kind are nearly equal; without this a head sees little but what they share.

    Args:
        seen: Features of the training pictures (N, D) before anything is learnt; what they are brought by stays fixed.
        classes: How many there are.
    """

    def __init__(self, seen: torch.Tensor, classes: int) -> None:
        super().__init__()
        self.mean: torch.Tensor
        self.spread: torch.Tensor
        spread = seen.std(dim=0, correction=0)
        self.register_buffer("mean", seen.mean(dim=0))
        self.register_buffer("spread", torch.where(spread < 1e-6, torch.ones_like(spread), spread))
        self.linear = nn.Linear(seen.shape[1], classes)
        for parameter in self.linear.parameters():
            nn.init.zeros_(parameter)

    def forward(self, found: torch.Tensor) -> torch.Tensor:
        """From (N, D) to logits (N, classes)."""
        logits: torch.Tensor = self.linear((found - self.mean) / self.spread)
        return logits


def features(
    network: nn.Module, squares: Squares, normal: Normaliser, numbers: Sequence[int], batch: int
) -> torch.Tensor:
    """What a network makes of pictures while nothing is learnt, (N, D) in float32 on the CPU.

    Args:
        network: On its device.
        squares: Gives the pictures.
        normal: Normalises them.
        numbers: Which pictures.
        batch: Pictures at a time.
    """
    network.eval()
    device = next(network.parameters()).device
    with torch.inference_mode():
        made = [
            network(normal(squares(numbers[at : at + batch])).to(device)).float().cpu()
            for at in range(0, len(numbers), batch)
        ]
    return torch.cat(made).clone()


def fine_tune(
    network: nn.Module,
    classes: int,
    squares: Squares,
    normal: Normaliser,
    train: tuple[Sequence[int], Sequence[int]],
    val: tuple[Sequence[int], Sequence[int]],
    recipe: FineTune,
    score: Score,
    *,
    seed: int,
    told: Callable[[str], None] = lambda text: None,
) -> Trained:
    """Trains a tower with a head.

    Args:
        network: From pictures to features, on its device; changed in place.
        classes: How many there are.
        squares: Gives the pictures.
        normal: Normalises and changes them.
        train: Numbers of pictures, and their classes.
        val: Likewise.
        recipe: The fixed recipe.
        score: Judges on validation.
        seed: Of the order of pictures and of their changes.
        told: Called after each epoch with a line of progress.
    """
    device = next(network.parameters()).device
    numbers, labels = list(train[0]), torch.tensor(list(train[1]))
    head = Head(features(network, squares, normal, numbers, recipe.batch_size), classes)
    whole = nn.Sequential(network, head.to(device))
    per_walk = math.ceil(len(numbers) / recipe.batch_size)
    walks = math.ceil(recipe.least_steps / per_walk)
    optimiser = torch.optim.AdamW(_groups(network, head, recipe))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, _rate(recipe.warmup, walks * per_walk * recipe.epochs)
    )
    draw = torch.Generator().manual_seed(seed)
    best, kept, at, epoch = -1.0, _copy(whole), 0, 0
    curve = []
    with exact_sums(cpu=device.type == "cpu"), torch.random.fork_rng():
        torch.manual_seed(seed)  # dropout, where a tower has some
        for epoch in range(1, recipe.epochs + 1):
            whole.train()
            total = 0.0
            orders = [torch.randperm(len(numbers), generator=draw) for _ in range(walks)]
            for chunk in (part for order in orders for part in order.tensor_split(per_walk)):
                pixels = normal.changed(squares([numbers[i] for i in chunk.tolist()]), recipe, draw)
                loss = functional.cross_entropy(whole(pixels.to(device)), labels[chunk].to(device))
                optimiser.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                nn.utils.clip_grad_norm_(whole.parameters(), recipe.clip)
                optimiser.step()
                schedule.step()
                total += loss.item() * len(chunk)
            reached = score(val[1], _predict(whole, squares, normal, val[0], recipe.batch_size))
            loss_of_all = total / (walks * len(numbers))
            curve.append({"loss": loss_of_all, "validation": reached})
            told(f"epoch {epoch}  loss {loss_of_all:.3f}  validation macro-F1 {reached:.3f}")
            if reached > best:
                best, kept, at = reached, _copy(whole), epoch
            if epoch - at >= recipe.patience:
                break
    whole.load_state_dict(kept)
    return Trained(
        lambda asked: _predict(whole, squares, normal, asked, recipe.batch_size),
        best,
        {"epoch": at, "epochs": epoch, "curve": curve},
    )


def _predict(
    whole: nn.Module, squares: Squares, normal: Normaliser, numbers: Sequence[int], batch: int
) -> list[int]:
    logits = features(whole, squares, normal, numbers, batch)
    return [int(each) for each in logits.argmax(dim=1)]


def _copy(module: nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}


def _groups(network: nn.Module, head: nn.Module, recipe: FineTune) -> list[dict[str, Any]]:
    found = []
    for module, lr in ((network, recipe.lr), (head, recipe.head_lr)):
        for matrices in (True, False):
            # Norms, biases and single tokens are not pulled to zero.
            chosen = [p for p in module.parameters() if (p.squeeze().dim() > 1) == matrices]
            decay = recipe.weight_decay if matrices else 0.0
            found.append({"params": chosen, "lr": lr, "weight_decay": decay})
    return found


def _rate(warmup: float, steps: int) -> Callable[[int], float]:
    rising = max(1, round(warmup * steps))

    def rate(step: int) -> float:
        if step < rising:
            return (step + 1) / rising
        return 0.5 * (1 + math.cos(math.pi * (step - rising) / max(1, steps - rising)))

    return rate
