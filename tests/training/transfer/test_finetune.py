from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import nn

from medgpt_cli.core.transfer import FineTune
from medgpt_cli.training.transfer.finetune import Head, features, fine_tune
from medgpt_cli.training.transfer.pictures import Normaliser
from medgpt_cli.training.transfer.probe import Trained

NORMAL = Normaliser((0.5,) * 3, (0.5,) * 3, (122, 116, 104))
TRAIN, VAL, TEST = list(range(0, 24)), list(range(24, 36)), list(range(36, 48))
QUICK = FineTune(epochs=6, least_steps=6, batch_size=8, lr=1e-2, head_lr=1e-2)


def labels(numbers: Sequence[int]) -> list[int]:
    return [number % 2 for number in numbers]


class Pictures:
    """Light above or light below; notes which were asked for."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def __call__(self, numbers: Sequence[int]) -> torch.Tensor:
        self.asked += numbers
        made = []
        for number in numbers:
            draw = torch.Generator().manual_seed(number)
            picture = torch.randint(0, 100, (3, 8, 8), generator=draw, dtype=torch.uint8)
            picture[:, :4] += 100 * (number % 2)
            picture[:, 4:] += 100 * (1 - number % 2)
            made.append(picture)
        return torch.stack(made)


def tower() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 6, 4, stride=4), nn.GELU(), nn.Flatten(), nn.Linear(24, 5), nn.Dropout(0.1)
    )


def accuracy(gold: Sequence[int], predicted: Sequence[int]) -> float:
    return sum(a == b for a, b in zip(gold, predicted, strict=True)) / len(gold)


def train(
    network: nn.Module, recipe: FineTune = QUICK, seed: int = 0, pictures: Pictures | None = None,
    score: object = accuracy,
) -> Trained:  # fmt: skip
    return fine_tune(
        network, 2, pictures or Pictures(), NORMAL, (TRAIN, labels(TRAIN)), (VAL, labels(VAL)), recipe,
        score, seed=seed,  # type: ignore[arg-type]
    )  # fmt: skip


def test_a_tower_learns_what_can_be_seen() -> None:
    network = tower()
    before = network[0].weight.clone()
    found = train(network)
    assert found.validation == 1.0
    assert accuracy(labels(TEST), found.predict(TEST)) == 1.0
    assert not torch.equal(before, network[0].weight)  # the tower itself, not its head alone


def test_test_pictures_are_not_looked_at_before_they_are_asked_about() -> None:
    pictures = Pictures()
    found = train(tower(), pictures=pictures)
    assert not set(pictures.asked) & set(TEST)
    found.predict(TEST)
    assert pictures.asked.count(TEST[0]) == 1


def test_equal_seeds_give_equal_weights_and_others_do_not() -> None:
    networks = [tower() for _ in range(3)]
    for network, seed in zip(networks, (1, 1, 2), strict=True):
        torch.manual_seed(seed * 100 + id(network) % 7)  # what was drawn before does not matter
        train(network, seed=seed)
    assert torch.equal(networks[0][0].weight, networks[1][0].weight)
    assert not torch.equal(networks[0][0].weight, networks[2][0].weight)


def test_the_earliest_best_epoch_is_kept_and_patience_ends_it() -> None:
    reached = iter([0.2, 0.7, 0.7, 0.6, 0.1, 0.9])
    network = tower()
    seen = []

    def score(gold: Sequence[int], predicted: Sequence[int]) -> float:
        seen.append({name: p.clone() for name, p in network.state_dict().items()})
        return next(reached)

    found = train(network, QUICK.model_copy(update={"patience": 3}), score=score)
    assert (found.told["epoch"], found.told["epochs"], found.validation) == (2, 5, 0.7)
    assert all(torch.equal(p, seen[1][name]) for name, p in network.state_dict().items())
    assert [each["validation"] for each in found.told["curve"]] == [0.2, 0.7, 0.7, 0.6, 0.1]


def test_a_small_set_is_walked_over_until_an_epoch_has_its_steps() -> None:
    pictures = Pictures()
    train(tower(), FineTune(epochs=1, least_steps=7, batch_size=8), pictures=pictures)
    # 24 pictures make 3 steps, so three walks; before and after, each is seen once for the head's scale.
    assert [pictures.asked.count(number) for number in (TRAIN[0], VAL[0])] == [4, 1]


def test_the_rate_rises_and_falls_to_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    rates = []
    step = torch.optim.AdamW.step

    def noted(self: torch.optim.AdamW, closure: None = None) -> None:
        rates.append([group["lr"] for group in self.param_groups])
        step(self, closure)

    monkeypatch.setattr(torch.optim.AdamW, "step", noted)
    train(tower(), FineTune(epochs=5, least_steps=4, batch_size=8, lr=1e-3, head_lr=1e-2, warmup=0.1))
    tower_rates, head_rates = [row[0] for row in rates], [row[2] for row in rates]
    assert len(rates) == 30
    assert tower_rates[:3] == pytest.approx([1e-3 / 3, 2e-3 / 3, 1e-3])
    assert tower_rates == sorted(tower_rates[:3]) + sorted(tower_rates[3:], reverse=True)
    assert tower_rates[-1] < 1e-5
    assert head_rates == pytest.approx([10 * rate for rate in tower_rates])


def test_vectors_are_not_pulled_to_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    groups = []
    made = torch.optim.AdamW.__init__
    monkeypatch.setattr(
        torch.optim.AdamW, "__init__", lambda self, given: groups.extend(given) or made(self, given)
    )
    train(tower(), FineTune(epochs=1, least_steps=1, weight_decay=0.3))
    decays = [(group["weight_decay"], {p.dim() for p in group["params"]}) for group in groups]
    assert decays == [(0.3, {2, 4}), (0.0, {1}), (0.3, {2}), (0.0, {1})]


def test_the_head_sees_features_of_mean_0_and_deviation_1() -> None:
    seen = torch.randn(50, 4, generator=torch.Generator().manual_seed(0)) * 3 + 100
    seen[:, 2] = 7.0
    head = Head(seen, 2)
    assert torch.equal(head(seen), torch.zeros(50, 2))
    with torch.no_grad():
        head.linear.weight.copy_(torch.eye(4)[:2])
    brought = head(seen)
    torch.testing.assert_close(brought.mean(0), torch.zeros(2), rtol=0, atol=1e-4)
    torch.testing.assert_close(brought.std(0, correction=0), torch.ones(2), rtol=0, atol=1e-4)


def test_features_do_not_depend_on_the_batch_or_on_training_mode() -> None:
    network = tower().train()
    whole = features(network, Pictures(), NORMAL, TEST, 12)
    parts = features(network.train(), Pictures(), NORMAL, TEST, 5)
    torch.testing.assert_close(whole, parts, rtol=0, atol=1e-6)
