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
        "Comparison is made to the film of 9:55, the previous one.",
        "The effusion has decreased.",
        "Mild oedema, worse in the interval.",
        "The effusions are new.",
        "Congestion is slowly improving.",
        "Cardiac and mediastinal contours are grossly stable.",
        "The heart is large but stable in size.",
        "Stable cardiomegaly.",
        "The fracture is redemonstrated.",
        "Note again made of a rib fracture.",
        "The tube is no longer seen.",
        "The left side has grown in size from prior.",
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
        "The patient is stable.",
        "A stable fracture of the pelvis.",
        "She has increased risk of bleeding.",
        "The new guidelines from 2015",
        "Increased density of the left lung.",
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
