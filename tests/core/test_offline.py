"""The guard, tried for real in processes of its own: what leaves is refused, what stays works."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import textwrap

import pytest

from medgpt_cli.core import offline
from medgpt_cli.core.errors import Missing


def run(code: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Runs `code` in a fresh interpreter with the guard up."""
    head = "from medgpt_cli.core import offline\noffline.go_offline()\n"
    clean = {key: value for key, value in os.environ.items() if key not in offline.HUB_OFF}
    return subprocess.run(
        [sys.executable, "-c", head + textwrap.dedent(code)],
        capture_output=True,
        text=True,
        env=clean | env,
    )


@pytest.mark.parametrize(
    ("code", "host"),
    [
        ("import socket; socket.create_connection(('203.0.113.1', 80), timeout=1)", "203.0.113.1"),
        ("import socket; socket.socket().connect_ex(('203.0.113.1', 80))", "203.0.113.1"),
        ("import socket; socket.socket(socket.AF_INET6).connect(('2001:db8::1', 80))", "2001:db8::1"),
        ("import socket; socket.getaddrinfo('example.org', 80)", "example.org"),
        ("import socket; socket.gethostbyname('example.org')", "example.org"),
        (
            "import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('203.0.113.1', 53))",
            "203.0.113.1",
        ),
        (
            "import socket; socket.socket(type=socket.SOCK_DGRAM).sendmsg([b'x'], [], 0, ('203.0.113.1', 53))",
            "203.0.113.1",
        ),
        (
            "import http.client; http.client.HTTPConnection('203.0.113.1').request('GET', '/')",
            "203.0.113.1",
        ),
    ],
)
def test_what_leaves_the_machine_is_refused(code: str, host: str) -> None:
    done = run(code)
    assert done.returncode == 1
    assert (
        f"medgpt_cli.core.errors.Missing: the network is needed to reach {host}, and medgpt is offline\n"
        "allow it with --online, or name something that is on this machine\n"
    ) in done.stderr


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "::ffff:127.0.0.1", "127.8.8.8"])
def test_loopback_works(host: str) -> None:
    family = "AF_INET6" if ":" in host else "AF_INET"
    bind = "'::1'" if host == "::1" else "'::'" if ":" in host else "'0.0.0.0'"
    done = run(
        f"""
        import socket
        server = socket.socket(socket.{family})
        server.bind(({bind}, 0)); server.listen()
        socket.create_connection(({host!r}, server.getsockname()[1]), timeout=5).sendall(b"x")
        print(server.accept()[0].recv(1))
        """
    )
    assert (done.stdout, done.stderr) == ("b'x'\n", "")


def test_local_sockets_work(tmp_path: object) -> None:
    done = run(
        f"""
        import socket
        server = socket.socket(socket.AF_UNIX); server.bind({str(tmp_path)!r} + "/s"); server.listen()
        socket.socket(socket.AF_UNIX).connect({str(tmp_path)!r} + "/s")
        one, other = socket.socketpair(); one.sendmsg([b"x"]); print(other.recv(1))
        """
    )
    assert (done.stdout, done.stderr) == ("b'x'\n", "")


def test_online_lifts_the_guard_and_going_offline_raises_it_again() -> None:
    done = run(
        """
        import socket
        from medgpt_cli.core.errors import Missing
        def attempt():
            try:
                socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", ("203.0.113.1", 9))
            except Missing:
                return "refused"
            except OSError:  # a machine without a route
                pass
            return "tried"
        print(attempt()); offline.allow_online(); print(attempt()); offline.go_offline(); print(attempt())
        """
    )
    assert (done.stdout, done.stderr) == ("refused\ntried\nrefused\n", "")


SWITCHES = """
    import json, os
    def seen():
        print(json.dumps({name: os.environ.get(name) for name in [*offline.HUB_OFF, *offline.TELEMETRY_OFF]}))
    seen(); offline.allow_online(); seen()
"""


def test_online_takes_back_the_hub_switches_and_keeps_telemetry_off() -> None:
    before, after = map(json.loads, run(SWITCHES).stdout.splitlines())
    assert before == offline.HUB_OFF | offline.TELEMETRY_OFF
    assert after == dict.fromkeys(offline.HUB_OFF) | offline.TELEMETRY_OFF


def test_a_switch_the_person_had_set_stays_theirs() -> None:
    _, after = map(json.loads, run(SWITCHES, HF_HUB_OFFLINE="1").stdout.splitlines())
    assert (after["HF_HUB_OFFLINE"], after["TRANSFORMERS_OFFLINE"]) == ("1", None)


def test_the_hub_library_asks_nobody() -> None:
    done = run(
        """
        import huggingface_hub
        from medgpt_cli.core.errors import Missing
        os_error = (Missing, OSError)
        try:
            huggingface_hub.hf_hub_download("someone/something", "config.json", cache_dir="/nonexistent")
        except os_error as error:
            print(type(error).__name__)
        """
    )
    assert done.stdout.strip() in {"LocalEntryNotFoundError", "OfflineModeIsEnabled", "Missing"}, (
        done.stderr
    )


def test_a_child_program_inherits_the_switches() -> None:
    done = run(
        "import subprocess, sys; "
        "subprocess.run([sys.executable, '-c', 'import os; print(os.environ[\"HF_HUB_OFFLINE\"])'])"
    )
    assert done.stdout == "1\n"


def test_the_suite_itself_is_guarded() -> None:
    assert offline.is_offline()
    with pytest.raises(Missing):
        socket.create_connection(("203.0.113.1", 80), timeout=1)
