from __future__ import annotations

import pytest

from medgpt_cli.data.filters.gaps import placeholders, truncated
from tests.data.filters.samples import answered, document


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Compared with the film of ___.", True),
        ("Seen by Dr. [**Last Name**] today.", True),
        ("The XXXX is unremarkable.", True),
        ("Admitted to [HOSPITAL].", True),
        ("Seen on <DATE>.", True),
        ("A_B and a__b", False),
        ("XXX chromosome", False),
        ("Class [B] lesion (see [3])", False),
        ("An XXXXL gown", False),
    ],
)
def test_placeholders(text: str, found: bool) -> None:
    assert placeholders()(answered(text)) == ("a placeholder" if found else "")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The heart is normal in size and the", True),
        ("There is a large mass in the left upper lobe,", True),
        ("The lungs are clear, no pleural effusion or pneumo-", True),
        ("There is an opacity in the right lower lobe (", True),
        ("The findings are consistent with...", True),
        ("The heart is normal in size and the lungs are clear", False),
        ("The heart is normal in size and the lungs are clear.", False),
        ("in the", False),
        (
            "What is shown here is hepatitis A",
            True,
        ),  # told like an article; counted, never deleted unasked
    ],
)
def test_texts_that_break_off(text: str, found: bool) -> None:
    assert truncated()(answered(text)) == ("breaks off" if found else "")
    assert truncated()(document(text)) == ("breaks off" if found else "")
