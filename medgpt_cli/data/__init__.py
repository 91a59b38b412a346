"""Everything between files on a disk and batches.

Where somebody installed python-gdcm, pydicom loads it as soon as it is imported itself, and gdcm 3.2 runs whatever is
called `dl` in the current folder.  It is not needed here, and is kept from being loaded before anything here runs.
"""

import sys
from typing import Any, cast

cast(dict[str, Any], sys.modules).setdefault("gdcm", None)
