"""A whole source de-identified into a folder: records with their images, texts, and images that stand alone.

    train.jsonl            record files keep their name, unless it names somebody
    images/0a1b….png       every image under a new name
    texts/9f8e….txt        every text under a new name

This module knows nothing of terminals or manifests.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from medgpt_cli.core.errors import BadImage, BadRecord, Complaint
from medgpt_cli.core.files import make_folder
from medgpt_cli.core.types import Place
from medgpt_cli.data.complaints import Unfit
from medgpt_cli.data.images.paths import ImageRoot
from medgpt_cli.data.jsonl import numbered_lines
from medgpt_cli.data.privacy.findings import Identifier
from medgpt_cli.data.privacy.header_names import patient_in
from medgpt_cli.data.privacy.header_profile import HeaderProfile
from medgpt_cli.data.privacy.known_names import KnownNames
from medgpt_cli.data.privacy.listing import Listing
from medgpt_cli.data.privacy.ocr_policy import OcrMode
from medgpt_cli.data.privacy.pictures import Picture, Pictures, Written
from medgpt_cli.data.privacy.profile import Profile
from medgpt_cli.data.privacy.record_copy import RecordCopier, patient_of
from medgpt_cli.data.privacy.replacing import Find, replace
from medgpt_cli.data.privacy.standins import StandIns
from medgpt_cli.data.privacy.surrogates import Surrogates
from medgpt_cli.data.records import read_record
from medgpt_cli.data.strict_json import read_object

IMAGES, TEXTS = "images", "texts"


class FolderCopy:
    """One source under one key.

    Args:
        listing: The files.
        key: The secret.
        profile: What becomes of dates.
        ocr: How many pictures are read for text.
        find: Finds identifiers in a text.
        image_root: The folder image paths are relative to; each record file's own when None.

    Attributes:
        records: Records written.
        texts: Texts written.
        columns: Columns left behind, in all records together.
        files: Files written.
        in_texts: Identifiers replaced in texts, by class.
        written: What happened to the images.
        left_out: Records and images that could not be copied, with their places.
        left: Where something is still found with certainty: (place, class).
    """

    def __init__(
        self,
        listing: Listing,
        key: bytes,
        profile: Profile,
        ocr: OcrMode,
        find: Find,
        *,
        image_root: Path | None = None,
    ) -> None:
        self.listing = listing
        self._surrogates = Surrogates(key)
        self._standins = StandIns(self._surrogates, profile)
        self._find, self._ocr, self._image_root = find, ocr, image_root
        self.pictures = Pictures(
            self._surrogates, HeaderProfile(self._standins, find), find, listing.root
        )
        self.records = self.texts = self.columns = self.files = 0
        self.in_texts: Counter[Identifier] = Counter()
        self.written = Written()
        self.left_out: list[Complaint] = []
        self.left: list[tuple[str, Identifier]] = []
        self._names = KnownNames(find)

    def look_through(self, say: Callable[[str], None]) -> None:
        """Takes in images and names of patients, headers' too; reads pixels as the policy says; writes nothing."""
        for file in self.listing.records:
            resolve = self._resolver(file)
            for number, record in self._decoded(file, complain=False):
                names: set[str] = set()
                for index, written in enumerate(_images(record)):
                    try:
                        names |= patient_in(str(self._take_in(resolve(written), record).path)).names
                    except BadImage as error:
                        place = f"{file}:{number} images[{index}]"
                        self.left_out.append(Complaint(error.what, place, error.repair))
                self._names.meet(file, record, names)
        for path in self.listing.images:
            try:
                shown = patient_in(str(self.pictures.add(str(path.resolve())).path))
                self._names.meet_patient(shown.number, shown.names)
            except BadImage as error:
                self.listing.others[error.what] += 1
        done = 0

        def progress() -> None:
            nonlocal done
            done += 1
            if done % 50 == 0:
                say(f"{done:,} images read for burned-in text")

        for picture, fault in self.pictures.read_pixels(self._ocr, progress):
            self._drop(picture, fault)

    def write(self, folder: Path) -> None:
        """Writes everything, reads it again, and notes what is left."""
        for picture in list(self.pictures.all.values()):
            target = make_folder(folder / IMAGES)
            try:
                self.pictures.write(picture, target, self.written)
            except BadImage as error:
                (target / picture.name).unlink(missing_ok=True)
                self._drop(picture, error)
                continue
            self.files += 1
            self.left += [
                (f"{IMAGES}/{picture.name} {element}", identifier)
                for element, identifier in self.pictures.identifiers_in(target / picture.name)
            ]
        for file in self.listing.records:
            self._write_records(file, folder / self._name_of(file))
        for path in self.listing.texts:
            self._write_text(path, folder)

    def _write_records(self, file: Path, target: Path) -> None:
        resolve = self._resolver(file)
        before = self.records

        def rename(written: str) -> str:
            path, _, fragment = resolve(written).partition("#")
            picture = self.pictures.all.get(path)
            if picture is None:
                raise BadImage("was left out")
            return f"{IMAGES}/{picture.name}" + (f"#{fragment}" if fragment else "")

        copier = RecordCopier(self._standins, self._find, rename)
        with target.open("xb") as out:
            for number, record in self._decoded(file, complain=True):
                place = f"{file}:{number}"
                try:
                    copied = copier.copy(
                        record,
                        otherwise=self._surrogates.token("record", str(record)),
                        names=self._names_of(file, record, resolve),
                    )
                except BadImage:
                    continue  # said when the image was taken in
                out.write(json.dumps(copied.record, ensure_ascii=False).encode() + b"\n")
                self.records += 1
                self.columns += copied.columns
                self.in_texts += copied.counts
                self.left += [(f"{place} {field}", identifier) for field, identifier in copied.left]
        if self.records > before:
            self.files += 1
        else:
            target.unlink()

    def _names_of(self, file: Path, record: dict[str, Any], resolve: Callable[[str], str]) -> set[str]:
        shown: set[str] = set()
        if not patient_of(record):
            for written in _images(record):
                shown |= patient_in(resolve(written).partition("#")[0]).names
        return self._names.of(file, record, shown)

    def _write_text(self, path: Path, folder: Path) -> None:
        try:
            text = path.read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError):
            self.listing.others["is no text in UTF-8"] += 1
            return
        name = self._surrogates.token("text", os.path.relpath(path.resolve(), self.listing.root))
        new = replace(text, f"text:{name}", self._standins, self._find)
        target = make_folder(folder / TEXTS) / f"{name}.txt"
        target.write_text(new.text, "utf-8")
        self.in_texts += new.counts
        self.left += [(f"{TEXTS}/{target.name}", found.identifier) for found in new.left]
        self.texts += 1
        self.files += 1

    def _decoded(self, file: Path, *, complain: bool) -> Iterator[tuple[int, dict[str, Any]]]:
        try:
            for number, raw in numbered_lines(file):
                try:
                    record = read_object(raw)
                    # What is no word of a record would neither be replaced nor left behind.
                    read_record(dict(record), Place(str(file), number), str)
                    yield number, record
                except Unfit as error:
                    if complain:
                        self.left_out += [
                            Complaint(
                                fault.what, f"{file}:{number} {fault.field}".rstrip(), fault.repair
                            )
                            for fault in error.faults
                        ]
        except BadRecord as error:
            if complain:
                self.left_out.append(Complaint(error.what, error.where, error.repair))

    def _resolver(self, file: Path) -> Callable[[str], str]:
        return ImageRoot(self._image_root or file.parent).resolve

    def _take_in(self, path: str, record: dict[str, Any]) -> Picture:
        facets = record.get("facets")
        modality = facets.get("modality", "") if isinstance(facets, dict) else ""
        return self.pictures.add(
            path.partition("#")[0], patient=patient_of(record), modality=str(modality)
        )

    def _drop(self, picture: Picture, error: BadImage) -> None:
        """Leaves a picture out, and with it every record that shows it."""
        if self.pictures.all.pop(str(picture.path), None) is not None:
            self.left_out.append(Complaint(error.what, f"an image ({picture.kind})", error.repair))

    def _name_of(self, file: Path) -> str:
        """The name of a record file, or a new one if it names somebody or is taken."""
        stem = file.name.split(".")[0]
        if (
            self._find(" ".join(stem.replace("_", " ").replace("-", " ").split()))
            or sum(each.name.split(".")[0] == stem for each in self.listing.records) > 1
        ):
            stem = (
                f"records-{self._surrogates.token('records', os.path.relpath(file, self.listing.root))}"
            )
        return f"{stem}.jsonl"


def _images(record: dict[str, Any]) -> list[str]:
    values = [record.get(key) for key in ("image", "images")]
    each = [one for value in values for one in (value if isinstance(value, list) else [value])]
    return [one for one in each if isinstance(one, str)]
