"""The words that VQA-Med's evaluator leaves out: NLTK's English stop words.

Those with an apostrophe (`don't`) are not here: the evaluator deletes punctuation first, so it never meets them.
This module knows nothing of scores.
"""

from __future__ import annotations

import string

_LIST = """
    i me my myself we our ours ourselves you your yours yourself yourselves he him his himself she her hers herself
    it its itself they them their theirs themselves what which who whom this that these those am is are was were be
    been being have has had having do does did doing a an the and but if or because as until while of at by for with
    about against between into through during before after above below to from up down in out on off over under again
    further then once here there when where why how all any both each few more most other some such no nor not only
    own same so than too very s t can will just don should now d ll m o re ve y ain aren couldn didn doesn hadn hasn
    haven isn ma mightn mustn needn shan shouldn wasn weren won wouldn
"""
_STOP_WORDS = frozenset(_LIST.split())
_MARKS = str.maketrans("", "", string.punctuation)


def content_words(text: str) -> tuple[str, ...]:
    """Lower case, ASCII punctuation deleted, cut at white space, without stop words.

    NLTK cuts `cannot` in two, both of them stop words, so it goes as well.
    """
    return tuple(
        word
        for word in text.lower().translate(_MARKS).split()
        if word not in _STOP_WORDS and word != "cannot"
    )
