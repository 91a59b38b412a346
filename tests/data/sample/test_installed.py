from pathlib import Path

import nilearn
import pytest

from medgpt_cli.core.errors import Missing
from medgpt_cli.data.sample import installed


def test_a_file_is_found_in_the_package():
    assert installed.package_file("nilearn", "__init__.py") == Path(nilearn.__file__)


def test_missing_packages_are_all_named_with_the_line_that_installs_them():
    with pytest.raises(Missing) as caught:
        installed.need("nilearn", "no_such_one", "nor_this")
    assert str(caught.value) == (
        "the sample set is cut from packages that are not installed: no_such_one, nor_this\npip install 'medgpt[demo]'"
    )


def test_a_missing_file_is_named():
    with pytest.raises(Missing) as caught:
        installed.package_file("nilearn", "no/such.nii.gz")
    assert (
        str(caught.value)
        == "the installed nilearn does not carry no/such.nii.gz\npip install 'medgpt[demo]'"
    )
