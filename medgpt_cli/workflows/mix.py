"""A recipe's mix as the mixture that is trained on, and as the sentences and figures that tell of it."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any

from medgpt_cli.core.types import Sample
from medgpt_cli.core.wording import counted
from medgpt_cli.data.mix_shares import Ingredient
from medgpt_cli.data.mixing import Mixture
from medgpt_cli.data.shots import WithExamples, with_examples


def mixture_of(recipe: Any, records: Sequence[int], lengths: Sequence[int]) -> Mixture:
    """The mixture a stage trains on.

    Args:
        recipe: A stage recipe.
        records: Usable records of each source of `data.mix`.
        lengths: Tokens of each record, source after source.

    Raises:
        BadRecipe: A source would never be seen.
    """
    data = recipe.data
    names = unlike_names(source.path for source in data.mix)
    ingredients = [
        Ingredient(name, count, source.weight, source.cap, source.epochs)
        for name, source, count in zip(names, data.mix, records, strict=True)
    ]
    return Mixture(
        ingredients,
        seed=recipe.train.seed,
        order=data.order,
        temperature=data.temperature,
        lengths=lengths if data.order == "short-first" else None,
    )


def examples_of(recipe: Any, samples: Sequence[Sequence[Sample]]) -> list[WithExamples]:
    """The records of each source of `data.mix`, after as many answered examples as it says.

    Args:
        recipe: A stage recipe.
        samples: The usable records of each source.

    Raises:
        BadRecord: A source has too few groups of records to choose from.
    """
    return [
        with_examples(found, source.shots, seed=(recipe.train.seed, number), name=source.path)
        for number, (source, found) in enumerate(zip(recipe.data.mix, samples, strict=True))
    ]


def shots_document(recipe: Any, found: Sequence[WithExamples]) -> dict[str, dict[str, Any]]:
    """The examples for a manifest, by the name of each source that has some."""
    names = unlike_names(source.path for source in recipe.data.mix)
    return {
        name: {"shots": source.shots, "records": each.count, "sha256": each.digest}
        for name, source, each in zip(names, recipe.data.mix, found, strict=True)
        if source.shots
    }


def unlike_names(paths: Iterable[str]) -> list[str]:
    """The paths as given, numbered where one is given twice."""
    seen: Counter[str] = Counter()
    names = []
    for path in paths:
        seen[path] += 1
        names.append(path if seen[path] == 1 else f"{path} ({seen[path]})")
    return names


def part_of(parts: Mapping[str, int]) -> Callable[[int], int]:
    """From a record's number to the number of the part it belongs to, parts laid end to end."""
    ends = list(accumulate(parts.values()))
    return lambda number: bisect_right(ends, number)


def document(mixture: Mixture) -> dict[str, Any]:
    """The mixture for a manifest: what each source has and what it gives in one pass."""
    return {
        "order": mixture.order,
        "records_a_pass": len(mixture),
        "sources": [
            {"name": each.name, "records": each.records, "share": round(share, 6), "a_pass": count}
            for each, share, count in zip(
                mixture.ingredients, mixture.shares, mixture.counts, strict=True
            )
        ],
    }


def sentences(mixture: Mixture) -> Iterator[str]:
    """One line for each source, where there is anything to tell."""
    plain = all(
        each.records == count for each, count in zip(mixture.ingredients, mixture.counts, strict=True)
    )
    if len(mixture.ingredients) == 1 and plain and mixture.order == "shuffled":
        return
    yield f"one pass over the mix is {counted(len(mixture), 'record')}, {mixture.order}"
    for each, count in zip(mixture.ingredients, mixture.counts, strict=True):
        share = 100 * count / len(mixture)
        yield f"  {each.name}: {in_a_pass(count, each.records)} a pass, {share:.1f} %"


def in_a_pass(count: int, records: int) -> str:
    """How much of a source one pass shows: `2 of 3 records`, or `3 records 1.33 times`.

    Args:
        count: Records in one pass, those that come again counted again.
        records: Records the source has.
    """
    if count <= records:
        return f"{count:,} of {counted(records, 'record')}"
    return f"{counted(records, 'record')} {count / records:.3g} times"
