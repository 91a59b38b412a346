from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.data.images.pictures import dicom, gradient, save

OPEN = "from medgpt_cli.data.images.reading import open_image; print(open_image('a').size)"


def test_what_lies_in_the_current_folder_is_not_run_by_way_of_gdcm(tmp_path: Path) -> None:
    # `python -c` puts the current folder first, as `python -m` does.
    (tmp_path / "gdcm.py").write_text("import dl\n")
    (tmp_path / "dl").mkdir()
    (tmp_path / "dl/__init__.py").write_text("open('ran', 'w').close()\n")
    save(dicom(gradient()), tmp_path / "a")
    repository = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.append({str(repository)!r}); {OPEN}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "(32, 24)\n"
    assert not (tmp_path / "ran").exists()
