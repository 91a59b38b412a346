"""`python -m medgpt_cli`, the same as `medgpt`."""

from __future__ import annotations

from medgpt_cli.app import run

if __name__ == "__main__":
    run()
