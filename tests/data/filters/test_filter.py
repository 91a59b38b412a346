from __future__ import annotations

from medgpt_cli.data.filters.filter import Filter, Objection, Tally
from medgpt_cli.data.filters.wording import learnt
from tests.data.filters.samples import answered


def test_the_first_to_object_counts_and_nothing_is_silent() -> None:
    tally = Tally(
        [
            Filter("first", lambda sample: "has an a" if "a" in learnt(sample) else ""),
            Filter("second", lambda sample: "has a b" if "b" in learnt(sample) else ""),
            Filter("never", lambda sample: ""),
        ]
    )
    found = [tally.judge(answered(text)) for text in ("ab", "b", "c", "a")]
    assert found == [
        Objection("first", "has an a"),
        Objection("second", "has a b"),
        None,
        Objection("first", "has an a"),
    ]
    assert tally.seen == 4
    assert tally.document() == {"first": {"has an a": 2}, "second": {"has a b": 1}, "never": {}}
