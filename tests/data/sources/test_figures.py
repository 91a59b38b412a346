from __future__ import annotations

import pytest

from medgpt_cli.data.sources.figures import article_keys, figure_keys


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("PMC212319_Fig3_4.jpg", ["pmcid:PMC212319", "figure:PMC212319_Fig3"]),
        ("figures/PMC212319_Fig3.jpg", ["pmcid:PMC212319", "figure:PMC212319_Fig3"]),
        ("PMC4083729_AMHSR-4-14-g002.jpg", ["pmcid:PMC4083729", "figure:PMC4083729_AMHSR-4-14-g002"]),
        ("PMC212319.jpg", ["pmcid:PMC212319"]),
        ("images/pmc_9_0.jpg", []),
        ("synpic100.jpg", []),
        ("", []),
    ],
)
def test_a_name_says_its_article_and_figure_or_nothing(name: str, keys: list[str]) -> None:
    assert figure_keys(name) == keys


@pytest.mark.parametrize(
    ("written", "keys"),
    [
        ("PMC42", ["pmcid:PMC42"]),
        (" pmc42", ["pmcid:PMC42"]),
        ("42", ["pmcid:PMC42"]),
        ("", []),
        ("x", []),
    ],
)
def test_an_articles_number_with_or_without_its_letters(written: str, keys: list[str]) -> None:
    assert article_keys(written) == keys
