"""Why a request is refused, in the words and the document OpenAI's clients know.

    {"error": {"message": …, "type": …, "param": …, "code": …}}

A message says what and where (`messages[2].content[0]`), and never repeats what was sent.
"""

from __future__ import annotations

from starlette.responses import JSONResponse

TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}
"""OpenAI's names by status; everything from 500 on is the server's."""


class Fault(Exception):
    """A request that is not answered.

    Args:
        status: Of HTTP.
        code: A stable name, such as `image_not_inline`.
        message: What is wrong and how to mend it.
        param: The field it is about.
        retry_after: Seconds after which to ask again.
    """

    def __init__(
        self, status: int, code: str, message: str, *, param: str = "", retry_after: int | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.param = param
        self.retry_after = retry_after

    def document(self) -> dict[str, dict[str, str | None]]:
        """The body of the answer."""
        kind = TYPES.get(self.status, "server_error" if self.status >= 500 else TYPES[400])
        return {
            "error": {
                "message": self.message,
                "type": kind,
                "param": self.param or None,
                "code": self.code,
            }
        }

    def response(self) -> JSONResponse:
        """The answer itself."""
        headers = {"Retry-After": str(self.retry_after)} if self.retry_after is not None else {}
        if self.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        return JSONResponse(self.document(), self.status, headers)


class Gone(Exception):
    """The client hung up: there is nobody to answer."""


BROKEN = Fault(500, "internal_error", "the server failed; its operator finds a log without your data")
"""What a client is told of a bug."""

AWAY = Fault(503, "engine_away", "the model does not answer now; ask again later", retry_after=30)
"""The program that runs the model has ended, or is starting."""

ENDING = Fault(503, "ending", "the server is ending", retry_after=60)
