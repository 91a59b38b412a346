from typing import Any

from medgpt_cli.chat.oneshot import ask, document
from medgpt_cli.chat.pictures import Shown
from medgpt_cli.core.types import Reply, Role, Turn


def test_images_stand_before_the_question(echo: Any) -> None:
    reply = ask(echo, "Which view?", [Shown("a.png"), Shown("b.png")], max_new_tokens=5)
    assert reply.text == "You said: Which view?"
    assert echo.turns == [[Turn(Role.USER, (0, 1, "Which view?"))]]
    assert (echo.images, echo.limits) == ([["a.png", "b.png"]], [5])


def test_the_document() -> None:
    reply = Reply(
        "axial", "hm", True, prompt_tokens=70, tokens=3, seconds=0.123456, first_token_seconds=0.0567891
    )
    assert document(reply, "tiny", 1) == {
        "answer": "axial",
        "thinking": "hm",
        "finished": True,
        "prompt_tokens": 70,
        "tokens": 3,
        "seconds": 0.1235,
        "first_token_seconds": 0.0568,
        "model": "tiny",
        "images": 1,
        "shots": 0,
    }
