"""What a de-identified copy would be made of: who would read what, and where it would go.

Nothing is opened but the folders, and nothing is written.
"""

from __future__ import annotations

from pathlib import Path

from medgpt_cli.core import console, tables
from medgpt_cli.data.privacy.listing import Listing


def foretell(
    listing: Listing,
    out: Path,
    key: Path | None,
    made: bool,
    profile: str,
    ocr: str,
    readers: str,
    *,
    json: bool,
) -> None:
    """Shows it.

    Args:
        listing: The files.
        out: The copy.
        key: The key file; None where it is thrown away.
        made: Whether the key would be new.
        profile: What would become of dates.
        ocr: Which pixels would be read.
        readers: Who would read the texts.
        json: Show it as one JSON document.
    """
    document = {
        "out": str(out),
        "key": str(key) if key else None,
        "key_made": made and key is not None,
        "profile": profile,
        "readers": readers,
        "ocr": ocr,
        "record_files": len(listing.records),
        "texts": len(listing.texts),
        "images": len(listing.images),
        "left_behind": dict(listing.others),
    }
    if json:
        console.print_json(document)
        return
    rows = [
        ("record files, with the images they name", f"{len(listing.records):,}"),
        ("texts", f"{len(listing.texts):,}"),
        ("images that stand alone", f"{len(listing.images):,}"),
        *((f"left behind: {reason}", f"{count:,}") for reason, count in listing.others.items()),
        ("dates", profile),
        ("texts read by", readers),
        ("pixels read", ocr),
        ("key", "thrown away" if key is None else f"{'made' if made else 'read'}: {key}"),
    ]
    console.result().print(tables.aligned(("would de-identify", str(out)), rows))
