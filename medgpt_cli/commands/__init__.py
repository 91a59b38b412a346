"""The doors: every command by its full words, where its function lives, and its one line.

Asking for help reads this table and nothing else, so a command's module is imported only when that
command is asked for.  This package knows nothing of torch, and reaches rooms only through workflows,
imported late.
"""

from __future__ import annotations

from typing import NamedTuple


class Door(NamedTuple):
    """One row of the table of commands.

    Attributes:
        module: Where the function lives.
        function: Its name; parameters are annotated with the words of `options`.
        summary: What it does, in one line.
        heading: The group it stands under in `medgpt --help`.
    """

    module: str
    function: str
    summary: str
    heading: str


_HERE = "medgpt_cli.commands."

COMMANDS: dict[str, Door] = {
    "data sample": Door(
        _HERE + "data.sample", "sample", "Make a small real data set from installed packages", "Data"
    ),
    "data prep": Door(
        _HERE + "data.prep",
        "prep",
        "Make one prepared set of raw ones, and list what is left out",
        "Data",
    ),
    "data check": Door(
        _HERE + "data.check",
        "check",
        "Read a JSONL file and name every fault by file, line and field",
        "Data",
    ),
    "data leakage": Door(
        _HERE + "data.leakage", "leakage", "Find what a training set shares with evaluation sets", "Data"
    ),
    "data scan": Door(
        _HERE + "data.scan", "scan", "Count what identifies patients, never showing it", "Data"
    ),
    "data deid": Door(
        _HERE + "data.deid", "deid", "Copy records and images without what identifies patients", "Data"
    ),
    "data stats": Door(
        _HERE + "data.stats", "stats", "Count records, lengths, tokens, images and patients", "Data"
    ),
    "data preview": Door(
        _HERE + "data.preview", "preview", "Write a page of samples as the model will see them", "Data"
    ),
    "data card": Door(_HERE + "data.card", "card", "Write a datasheet of a prepared set", "Data"),
    "compose": Door(
        _HERE + "compose",
        "compose",
        "Join a language model and a vision tower into a starting model",
        "Training",
    ),
    "align": Door(
        _HERE + "align", "align", "Stage 1: teach the projector the language model's space", "Training"
    ),
    "midtrain": Door(
        _HERE + "midtrain",
        "midtrain",
        "Stage 2: go on with medical text and image-text records",
        "Training",
    ),
    "sft": Door(
        _HERE + "sft", "sft", "Stage 3: learn to answer, from dialogues and questions", "Training"
    ),
    "adapt": Door(
        _HERE + "adapt", "adapt", "Train adapters for one institution, beside a model", "Training"
    ),
    "run": Door(
        _HERE + "run", "run", "Walk a folder of recipes, stage after stage, in one line", "Training"
    ),
    "plan": Door(
        _HERE + "plan", "plan", "Will a recipe fit, how long will it take, how much power", "Training"
    ),
    "eval run": Door(
        _HERE + "eval.run", "run", "Score a model on questions with known answers", "Using a model"
    ),
    "eval score": Door(
        _HERE + "eval.score", "score", "Score answers that were made elsewhere", "Using a model"
    ),
    "eval compare": Door(
        _HERE + "eval.compare",
        "compare",
        "Compare evaluations item by item: better, worse or undecided",
        "Using a model",
    ),
    "eval list": Door(
        _HERE + "eval.list",
        "list_tasks",
        "The tasks a model can be scored on, and which can be asked here",
        "Using a model",
    ),
    "eval extract": Door(
        _HERE + "eval.extract",
        "extract",
        "Read reports by a metric's model, to be scored without it",
        "Using a model",
    ),
    "eval transfer": Door(
        _HERE + "eval.transfer",
        "transfer",
        "Compare vision towers on classification sets, one fixed recipe",
        "Using a model",
    ),
    "eval encoders": Door(
        _HERE + "eval.encoders",
        "encoders",
        "Compare vision towers behind one language model, trained alike",
        "Using a model",
    ),
    "chat": Door(_HERE + "chat", "chat", "Ask a model about images and text", "Using a model"),
    "serve": Door(
        _HERE + "serve", "serve", "Answer OpenAI's API, and people at a chat page", "Using a model"
    ),
    "export": Door(
        _HERE + "export",
        "export",
        "Write a model for other programs, checked and described",
        "Using a model",
    ),
    "verify": Door(
        _HERE + "verify",
        "verify",
        "Compare a folder with its hashes, and what it was made of",
        "Using a model",
    ),
    "recipe list": Door(
        _HERE + "recipe.list", "list_recipes", "The recipes that come with medgpt", "Recipes"
    ),
    "recipe show": Door(
        _HERE + "recipe.show", "show", "Every value of a recipe and where it came from", "Recipes"
    ),
    "recipe check": Door(_HERE + "recipe.check", "check", "Name every fault of recipe files", "Recipes"),
    "recipe diff": Door(_HERE + "recipe.diff", "diff", "What differs between two recipes", "Recipes"),
    "recipe fields": Door(
        _HERE + "recipe.fields", "fields", "Every field of a stage, explained", "Recipes"
    ),
    "doctor": Door(
        _HERE + "doctor", "doctor", "What this machine can run, and what is missing", "This machine"
    ),
}
"""In the order of `medgpt --help`."""
