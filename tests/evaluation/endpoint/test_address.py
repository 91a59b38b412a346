"""What is an address of an endpoint, and what is this machine."""

from __future__ import annotations

import pytest

from medgpt_cli.core.errors import UsageError
from medgpt_cli.evaluation.endpoint.address import read_address


@pytest.mark.parametrize(
    ("text", "url", "here", "encrypted"),
    [
        ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1", True, False),
        (" http://localhost:8000/v1/ ", "http://localhost:8000/v1", True, False),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1", True, False),
        ("https://gpu7.ward.example/openai/v1", "https://gpu7.ward.example/openai/v1", False, True),
        ("http://10.0.0.7:8000/v1", "http://10.0.0.7:8000/v1", False, False),
        ("http://127.0.0.1.example.org/v1", "http://127.0.0.1.example.org/v1", False, False),
        ("http://localhost.example.org/v1", "http://localhost.example.org/v1", False, False),
        ("http://0.0.0.0:8000/v1", "http://0.0.0.0:8000/v1", False, False),
    ],
)
def test_addresses(text: str, url: str, here: bool, encrypted: bool) -> None:
    address = read_address(text)
    assert (address.url, address.on_this_machine, address.encrypted) == (url, here, encrypted)
    assert url.startswith(address.origin + "/")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("127.0.0.1:8000/v1", "--endpoint must begin with http:// or https://"),
        ("ftp://127.0.0.1/v1", "--endpoint must begin with http:// or https://"),
        ("", "--endpoint must begin with http:// or https://"),
        ("http://me:s3cret@127.0.0.1/v1", "--endpoint holds a user name or password"),
        ("http://127.0.0.1:8000", "--endpoint has no path"),
        ("http://127.0.0.1:8000/", "--endpoint has no path"),
        ("http:///v1", "--endpoint names no host"),
        ("http://a b/v1", "--endpoint names no host"),
        ("http://127.0.0.1:99999/v1", "--endpoint is not an address"),
        ("http://[::1/v1", "--endpoint is not an address"),
        ("http://127.0.0.1/v1?api_key=s3cret", "--endpoint must end with its path"),
        ("http://127.0.0.1/v1/chat/completions", "--endpoint must end before /chat/completions"),
        ("http://127.0.0.1/v1/models/", "--endpoint must end before /models"),
    ],
)
def test_what_is_no_address(text: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_address(text)
    assert caught.value.what == says
    assert caught.value.repair
    assert "s3cret" not in str(caught.value)
