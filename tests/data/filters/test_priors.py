from __future__ import annotations

import pytest

from medgpt_cli.data.filters.priors import priors
from tests.data.filters.samples import answered, shown

SAYS = "compares with a picture that is not shown"


@pytest.mark.parametrize(
    "text",
    [
        "Heart size is unchanged.",
        "Not significantly changed.",
        "No significant interval change.",
        "No relevant change from the earlier film.",
        "Interval increase in the right effusion.",
        "Interval removal of the tube.",
        "In comparison with the study of 2015, the effusion is larger.",
        "As compared to the previous radiograph, the lungs are clearer.",
        "The nodule has grown since the prior CT.",
        "Again seen is a left pacemaker.",
        "The previously noted opacity is gone.",
        "The effusion has decreased since yesterday.",
        "Stable compared with the last exam.",
        "A new nodule since the earlier scan.",
    ],
)
def test_comparisons(text: str) -> None:
    assert priors()(shown(text)) == SAYS


@pytest.mark.parametrize(
    "text",
    [
        "Prior myocardial infarction.",
        "Previous cholecystectomy, clips in place.",
        "The PR interval increase is typical.",
        "QT interval prolongation",
        "The left kidney is small compared with the right.",
        "Stable angina.",
        "Old rib fractures.",
        "There is a change in calibre of the sigmoid.",
        "New-onset atrial fibrillation.",
        "Larger than expected.",
    ],
)
def test_history_and_other_comparisons(text: str) -> None:
    assert priors()(shown(text)) == ""


def test_only_where_one_picture_is_shown() -> None:
    text = "Unchanged from the prior study."
    assert priors()(shown(text, "a.png", "b.png")) == ""
    assert priors()(answered(text)) == ""
    assert priors()(shown(text, "a.png", "a.png")) == SAYS  # the same picture twice is no comparison
