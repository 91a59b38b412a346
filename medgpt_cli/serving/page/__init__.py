"""The chat page: files of our own, no others; nothing is fetched from elsewhere.

The notice and the model's name are put into the page once; everything else the page asks the API.
"""

from __future__ import annotations

import html
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

FILES = {
    "/page/chat.css": "text/css",
    "/page/chat.js": "text/javascript",
    "/page/api.js": "text/javascript",
    "/page/markdown.js": "text/javascript",
    "/page/pictures.js": "text/javascript",
    "/page/transcript.js": "text/javascript",
    "/page/viewer.js": "text/javascript",
    "/page/icon.svg": "image/svg+xml",
}


def page_routes(notice: str, model: str) -> list[Route]:
    """The page at `/` and its files.

    Args:
        notice: Stands on the page at all times.
        model: Stands in its heading.
    """
    words = {"{{notice}}": html.escape(notice), "{{model}}": html.escape(model)}
    page = _read("chat.html")
    for mark, word in words.items():
        page = page.replace(mark, word)
    routes = [_route("/", page, "text/html")]
    return routes + [_route(path, _read(path.rpartition("/")[2]), kind) for path, kind in FILES.items()]


def _read(name: str) -> str:
    return (files(__name__) / name).read_text(encoding="utf-8")


def _route(path: str, text: str, kind: str) -> Route:
    async def answer(_: Request) -> Response:
        return Response(text, media_type=kind)

    return Route(path, answer)
