"""Where the branches of a request stand in its row, and where in the row is looked for the next token.

Behind the trunk come the branches, one after the other: those of the choices, then that of the reply with what is
guessed of it.  This module knows nothing of models or of the order of work.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from medgpt_cli.models.answering.asked import Asked


class Layout:
    """One request's row in a pass: what it reads behind its trunk, and where is looked.

    Args:
        asked: The request.
        start: How many tokens of the trunk are there already.
        guess: How its reply may begin.
    """

    def __init__(self, asked: Asked, start: int, guess: Sequence[int]) -> None:
        self.asked = asked
        self.start = start
        self.ids: list[int] = []
        self.positions: list[int] = []
        self.branches: list[int] = []
        self.looked: list[tuple[int, int, int]] = []
        """Where a token of a choice is looked for, the token, and the choice's number."""
        self.ends: list[int] = []
        """Where the next token of the reply is looked for: behind the prompt, and behind each guess."""
        trunk = asked.trunk
        for number, choice in enumerate(asked.choices):
            spots = self._branch(choice.ids[trunk:-1].tolist(), number + 1)
            for token in range(choice.start, len(choice.ids)):
                self.looked.append((spots(token - 1), int(choice.ids[token]), number))
        self.guess: Sequence[int] = ()
        self.branch = 0
        if asked.limit:
            rest = asked.prompt[trunk:].tolist()
            self.guess = guess[: asked.limit - 1]
            # Choices must not see what is guessed of the reply, so beside choices it is a branch of its own.
            self.branch = len(asked.choices) + 1 if asked.choices else 0
            spots = self._branch([*rest, *self.guess], self.branch)
            end = len(asked.prompt) - 1
            self.ends = [spots(end + i) for i in range(len(self.guess) + 1)]

    def _branch(self, ids: list[int], branch: int) -> Callable[[int], int]:
        """Adds a branch; where in the row each position of its path stands."""
        trunk = self.asked.trunk
        offset = trunk - self.start + len(self.ids)
        self.ids += ids
        self.positions += range(trunk, trunk + len(ids))
        self.branches += [branch] * len(ids)
        return lambda position: position - (self.start if position < trunk else trunk - offset)
