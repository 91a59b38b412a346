from __future__ import annotations

import pytest

from medgpt_cli.data.sources.licences import short_name


@pytest.mark.parametrize(
    ("link", "name"),
    [
        ("https://creativecommons.org/licenses/by/4.0/", "CC BY 4.0"),
        ("http://creativecommons.org/licenses/by-nc-nd/3.0/us/", "CC BY-NC-ND 3.0"),
        ("https://creativecommons.org/licenses/by-sa", "CC BY-SA"),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "CC0 1.0"),
        ("https://creativecommons.org/publicdomain/mark/1.0/", "public domain 1.0"),
        ("https://www.elsevier.com/tdm/userlicense/1.0/", ""),
        ("", ""),
    ],
)
def test_short_names(link: str, name: str) -> None:
    assert short_name(link) == name
