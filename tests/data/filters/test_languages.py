from __future__ import annotations

import pytest

from medgpt_cli.core.errors import BadRecipe
from medgpt_cli.data.filters.languages import languages
from tests.data.filters.samples import answered

ENGLISH = "The heart is of normal size and both lungs are clear, without effusion or pneumothorax."
GERMAN = "Das Herz ist normal groß, beide Lungen sind frei belüftet, kein Erguss und kein Pneumothorax."
CHINESE = "心影大小正常，双肺野清晰，未见胸腔积液及气胸，纵隔居中，骨质结构未见明显异常改变。"
FRENCH = (
    "Le cœur est de taille normale et les deux poumons sont clairs, sans épanchement pleural visible."
)
LATIN = "Arteria coronaria dextra; musculus latissimus dorsi; nervus laryngeus recurrens sinister; status post."
TELEGRAM = (
    "COR NORMAL, PULM CLEAR BILAT, NO EFFUSION, NO PTX, ETT 3 CM ABOVE CARINA, NGT IN SITU, S/P CABG"
)
DRUGS = (
    "metoprolol 25 mg bid, lisinopril 10 mg qd, atorvastatin 40 mg qhs, pantoprazole 40 mg, enoxaparin"
)


@pytest.mark.parametrize(
    ("wanted", "text", "reason"),
    [
        (["en"], ENGLISH, ""),
        (["en"], GERMAN, "in another language (de)"),
        (["en"], CHINESE, "in another language (zh)"),
        (["en"], FRENCH, "in another language (fr)"),
        (["en", "zh"], CHINESE, ""),
        (["zh"], ENGLISH, "in another language (en)"),
        (["de", "fr"], FRENCH, ""),
        (["en"], "Keine Fraktur.", ""),  # too short to tell
        (["en"], "Kein Nachweis einer Fraktur, kein Erguss der Pleura.", ""),
        (
            ["en"],
            "Kein Nachweis einer Fraktur, kein Erguss der Pleura, keine Infiltrate.",
            "in another language (de)",
        ),
        (["en"], "12 / 34 / 56 ___ ... 78 " * 20, ""),  # nothing to tell by
        (["en"], LATIN, ""),
        (["en"], TELEGRAM, ""),
        (["en"], DRUGS, ""),
    ],
)
def test_only_what_is_almost_certainly_another_language(
    wanted: list[str], text: str, reason: str
) -> None:
    assert languages(wanted)(answered(text)) == reason


def test_a_code_that_cannot_be_told() -> None:
    with pytest.raises(BadRecipe) as caught:
        languages(["en", "english"])
    assert str(caught.value).startswith(
        "filters.languages  cannot tell the language english\nwrite codes of ar, bg, bn, "
    )
