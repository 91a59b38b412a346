from __future__ import annotations

import pytest

from medgpt_cli.data.filters.boilerplate import boilerplate
from tests.data.filters.samples import answered, document


@pytest.mark.parametrize(
    "text",
    [
        "See Figure 2.",
        "(see text for details)",
        "Please refer to the legend.",
        "As shown in Fig. 3",
        "Figure 1",
        "Fig. 2B.",
        "Image courtesy of the department of radiology.",
        "Photograph reproduced with permission from ref. 12.",
        "© 2019 Elsevier Ltd. All rights reserved.",
        "This is an open-access article distributed under the Creative Commons licence.",
        "Supplementary Figure S2",
        "No caption available",
        "Click here to view the larger version. https://example.org/fig2",
        "Adapted with permission. Chest film.",
    ],
)
def test_texts_that_say_nothing(text: str) -> None:
    assert boilerplate()(answered(text)) == "boilerplate"


@pytest.mark.parametrize(
    "text",
    [
        "Axial CT shows a 3 cm mass in the right upper lobe (see arrow). Image courtesy of Dr. X.",
        "As shown in the lateral view, the fracture line runs through the base of the odontoid process.",
        "Figure of eight appearance of the mediastinum.",
        "Table-top position, anteroposterior view.",
        "Courtesy calls are not made. The spleen is enlarged to 15 cm.",
        "yes",
        "The slide shows caseating granulomas.",
        "",
    ],
)
def test_texts_that_say_something(text: str) -> None:
    assert boilerplate()(answered(text)) == ""


def test_an_article_with_one_such_line_is_kept() -> None:
    body = "Sarcoidosis is a disease of unknown cause. " * 5
    assert boilerplate()(document(body + "See Figure 2.")) == ""
