"""The evaluation sets a training set is compared with: built once, then asked record by record.

    keys        patient, study, figure, image name: whatever ties records across sets
    pictures    equal pixels; prints that are near, looked at a second time; cut, mirrored and inverted ones
    questions   of records without an image: the same question in another wording of the usual kinds
    texts       nearly equal ones, and passages of 13 words (8 for short texts without an image)

What is asked about an image is not looked for in texts: "is there an effusion" is asked of ten thousand films.
Training records are seen one at a time and nothing of them is kept but 8 bytes for each text that met something.
Memory grows with the evaluation sets alone: some 12 kB an image and 60 bytes a word.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import xxhash
from PIL import Image

from medgpt_cli.core.errors import BadImage, Complaint
from medgpt_cli.core.types import Place, Sample
from medgpt_cli.data.complaints import key_name
from medgpt_cli.data.duplicates.groups import keys_of
from medgpt_cli.data.duplicates.pictures import ImagePrint, image_print
from medgpt_cli.data.duplicates.questions import question_prints
from medgpt_cli.data.duplicates.words import hashes, words
from medgpt_cli.data.images.reading import open_image
from medgpt_cli.data.leakage.album import Album, Seen
from medgpt_cli.data.leakage.likenesses import Likenesses
from medgpt_cli.data.leakage.lookup import Lookup, LookupBuilder
from medgpt_cli.data.leakage.matches import Match, Reason
from medgpt_cli.data.leakage.material import asked, told
from medgpt_cli.data.leakage.passages import Passages

Open = Callable[[str], Image.Image]
REMEMBERED = 1024
"""Training images whose findings are kept, since one image is often asked about several times in a row."""
LISTED = 20
"""Evaluation records listed for one training record and one reason."""


class Against:
    """Evaluation records to compare with; made by `build`.

    Attributes:
        places: Where each evaluation record stands.
        unread: Images of the evaluation sets that could not be opened: what they show is not looked for.
        passed_over: Training images that could not be opened.
    """

    def __init__(self, samples: Iterable[Sample], open_picture: Open = open_image) -> None:
        self.places: list[Place] = []
        self.unread: list[Complaint] = []
        self.passed_over = 0
        self._open = open_picture
        self._album = Album()
        self._numbers: dict[str, int | None] = {}
        self._shows: dict[int, list[tuple[int, int]]] = {}
        self._remembered: OrderedDict[str, list[Seen]] = OrderedDict()
        keys, questions = LookupBuilder(), LookupBuilder()
        texts, imageless = [], []
        for number, sample in enumerate(samples):
            self.places.append(sample.place)
            keys.add(map(_number, keys_of(sample)), number)
            if not sample.images:
                questions.add(_questions(sample), number)
            texts.append(hashes(words(told(sample))))
            imageless.append(not sample.images)
            for index, path in enumerate(sample.images):
                picture = self._taken_in(path, f"{sample.place} images[{index}]")
                if picture is not None:
                    self._shows.setdefault(picture, []).append((number, index))
        self._numbers.clear()
        self._met = [False] * len(self.places)
        self._keys: Lookup = keys.close()
        self._questions: Lookup = questions.close()
        self._passages = Passages(texts, imageless)
        self._likenesses = Likenesses(texts)

    @classmethod
    def build(cls, samples: Iterable[Sample], open_picture: Open = open_image) -> Against:
        """Reads evaluation records, each once, and opens their images.

        Args:
            samples: Of all evaluation sets.
            open_picture: From an image reference to an RGB picture; raises `BadImage`.
        """
        return cls(samples, open_picture)

    @property
    def contaminated(self) -> list[int]:
        """Numbers of the evaluation records that any training record asked about has met so far."""
        return [number for number, met in enumerate(self._met) if met]

    def learn(self, samples: Iterable[Sample]) -> None:
        """Goes over the training texts once, so that boilerplate of many of them is known before `matches`.

        Without it no text counts as boilerplate.  Images are not opened.
        """
        for sample in samples:
            text = hashes(words(told(sample)))
            self._passages.learn(text)
            self._likenesses.learn(text)

    def matches(
        self,
        sample: Sample,
        prints: Sequence[ImagePrint | None] | None = None,
        *,
        listed: int | None = LISTED,
    ) -> list[Match]:
        """Every evaluation record a training record meets, the surest reason first.

        Args:
            sample: The training record.
            prints: The prints of its images where they are known (None for one that cannot be opened); they are
                opened otherwise, and one that cannot be is passed over, since it cannot be trained on either.
            listed: How many evaluation records are returned for one reason at most; all when None.

        Returns:
            Those matches; `contaminated` knows all.
        """
        found: list[Match] = []
        for number, group in _grouped(self._by_key(sample)):
            found.append(self._match(Reason.KEY, number, group))
        found += self._by_picture(sample, prints)
        known = np.array([*_questions(sample)], dtype=np.uint64)
        same = np.unique(self._questions.find(known)[1]).tolist()
        found += [
            self._match(Reason.QUESTION, number, "the same but for its wording") for number in same
        ]
        text = hashes(words(told(sample)))
        for number, share in self._likenesses.met(text):
            found.append(self._match(Reason.TEXT, number, f"likeness {share:.2f}"))
        for number, share in self._passages.met(text):
            found.append(self._match(Reason.NGRAMS, number, f"{share:.0%} of its n-grams"))
        return list(_at_most(found, listed))

    def _taken_in(self, path: str, where: str) -> int | None:
        """The number of an evaluation image in the album; each file is opened once."""
        if path not in self._numbers:
            try:
                self._numbers[path] = self._album.add(image_print(self._open(path)))
            except BadImage as error:
                self.unread.append(Complaint(error.what, where, error.repair))
                self._numbers[path] = None
        return self._numbers[path]

    def _by_key(self, sample: Sample) -> Iterator[tuple[int, str]]:
        keys = keys_of(sample)
        numbers = np.array([_number(key) for key in keys], dtype=np.uint64)
        for key, item in zip(*self._keys.find(numbers), strict=True):
            yield int(item), key_name(keys[key].partition(":")[0])

    def _by_picture(self, sample: Sample, prints: Sequence[ImagePrint | None] | None) -> Iterator[Match]:
        for index, path in enumerate(sample.images):
            for seen in self._seen(path, prints[index] if prints is not None else None, prints is None):
                reason = Reason.PIXELS if seen.exact else Reason.PICTURE
                how = f", {seen.how}" if seen.how else ""
                evidence = "pixel for pixel" if seen.exact else f"distance {seen.distance} of 256{how}"
                for number, shown in self._shows[seen.number]:
                    yield self._match(reason, number, evidence, (index, shown))

    def _seen(self, path: str, known: ImagePrint | None, may_open: bool) -> list[Seen]:
        if path in self._remembered:
            self._remembered.move_to_end(path)
            return self._remembered[path]
        if known is None and may_open and self._shows:
            try:
                known = image_print(self._open(path))
            except BadImage:
                self.passed_over += 1
        seen = self._album.seen(known) if known else []
        self._remembered[path] = seen
        if len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)
        return seen

    def _match(
        self, reason: Reason, number: int, evidence: str, images: tuple[int, int] | None = None
    ) -> Match:
        self._met[number] = True
        return Match(reason, self.places[number], number, evidence, images)


def _number(key: str) -> int:
    return xxhash.xxh3_64_intdigest(key.encode("utf-8", "surrogatepass"))


def _questions(sample: Sample) -> Iterator[int]:
    for stem, answer, options in asked(sample):
        yield from question_prints(stem, answer, options)


def _grouped(found: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """The kinds of all keys that one evaluation record shares, together."""
    kinds: dict[int, list[str]] = {}
    for number, kind in found:
        kinds.setdefault(number, []).append(kind)
    for number, names in kinds.items():
        yield number, ", ".join(dict.fromkeys(names))


def _at_most(found: Iterable[Match], listed: int | None) -> Iterator[Match]:
    counts: dict[Reason, int] = {}
    for match in found:
        counts[match.reason] = counts.get(match.reason, 0) + 1
        if listed is None or counts[match.reason] <= listed:
            yield match
