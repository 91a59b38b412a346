"""Bad recipes and bad words on the command line, through `read_recipe` and the command line's own parser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from medgpt_cli.commands import parsing
from medgpt_cli.core.recipe import read_recipe
from tests.bad_inputs.case import Case

HELP = "medgpt recipe fields sft explains every field"


def file(name: str, text: str | bytes, says: str) -> Case:
    """A recipe refused as a whole."""

    def refused() -> object:
        Path("r.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_recipe("r.yaml", stage="sft")

    return Case(name, refused, says, "BAD_RECIPE")


def field(name: str, text: str, says: str) -> Case:
    """A single fault on line 2 of a recipe; `says` follows the line."""
    return file(
        name, f"stage: sft\n{text}\n", f"r.yaml:2 {says}\n1 problem in the recipe (r.yaml)\n{HELP}"
    )


def word(name: str, typed: str, says: str, **flags: Any) -> Case:
    """A single fault in a KEY=VALUE; `says` follows the words as typed."""
    return Case(
        name,
        lambda: read_recipe(None, stage="sft", overrides=[typed], flags=flags),
        f"{typed}{says}\n1 problem in the recipe (defaults)\n{HELP}",
        "BAD_RECIPE",
    )


def usage(name: str, command: str, words: list[str], says: str) -> Case:
    """A command line that is not understood."""
    return Case(
        name,
        lambda: parsing.call(command, words),
        f"{says}\nmedgpt {command} --help explains every word",
        "USAGE",
        2,
    )


FILES = [
    Case(
        "no such recipe",
        lambda: read_recipe("stf", stage="sft"),
        "no recipe stf; did you mean sft?\n"
        "name a file, a run folder, or one of: adapt, align, data, eval, export, midtrain, sft",
        "BAD_RECIPE",
    ),
    Case(
        "records instead of a recipe",
        lambda: (Path("r.jsonl").touch(), read_recipe("r.jsonl", stage="sft")),
        "r.jsonl is not a recipe: its name ends in none of .yaml, .yml, .json\n"
        "records to train on are named with --data",
        "BAD_RECIPE",
    ),
    Case(
        "a recipe for another stage",
        lambda: read_recipe("align", stage="sft"),
        "recipes/align.yaml:6 stage  this recipe is for align, not for sft; run it with medgpt align\n"
        f"1 problem in the recipe (recipes/align.yaml)\n{HELP}",
        "BAD_RECIPE",
    ),
    file("a recipe that is not YAML", "stage: sft\ntrain: [\n", "r.yaml:3  cannot be read: expected the node "
         "content, but found '<stream end>'"),
    file("a recipe that is not UTF-8", "stage: sft # ü".encode("latin-1"), "r.yaml is not UTF-8 text"),
    file("a list for a recipe", "- stage: sft\n",
         "r.yaml:1  a recipe is made of KEY: VALUE lines\nbegin with stage: sft"),
    file("a Python object in a recipe", "stage: sft\nmodel: !!python/name:os.system x\n",
         "r.yaml:2  cannot be read: tags (! and !!) are not allowed"),
    file("a recipe without a stage", "train: {seed: 1}\n",
         f"r.yaml:1 stage  is missing; begin the file with stage: sft\n1 problem in the recipe (r.yaml)\n{HELP}"),
    file("an unknown stage", "stage: stf\n",
         "r.yaml:1 stage  must be one of data, align, midtrain, sft, adapt, eval, export; did you mean sft?\n"
         f"1 problem in the recipe (r.yaml)\n{HELP}"),
    field("a base that is not there", "base: b.yaml", "base  no file b.yaml and no shipped recipe b.yaml"),
    field("a section written twice", "stage: sft", "stage  written twice, first on line 1"),
    field("an unknown field", "train: {lrr: 1}", "train.lrr  no such field; did you mean train.lr?"),
    field("another trainer's name", "train: {learning_rate: 1}",
          "train.learning_rate  no such field; here it is called train.lr"),
    field("text for a number", 'train: {lr: "1e-4"}', "train.lr  must be a number, not text"),
    field("no for false", "parts: {vision: {train: no}}", "parts.vision.train  must be true or false, not text"),
    field("no steps", "train: {max_steps: 0}", "train.max_steps  must be at least 1"),
    field("no epochs", "train: {epochs: 0}", "train.epochs  must be more than 0"),
    field("everything frozen", "parts: {vision: {train: false}, projector: {train: false}, llm: {train: false}}",
          "parts.vision.train  every part is frozen, so nothing would be trained; "
          "set train: true for one of vision, projector, llm, experts, router"),
    field("a whole model and a part", "model: {base: a, llm: b}",
          "model.llm  cannot stand beside model.base, which is a whole model; remove one of them"),
    field("a language model alone", "model: {llm: b}",
          "model.llm  needs a vision tower as well; name it in model.vision"),
    field("a vision tower alone", "model: {vision: b}",
          "model.vision  needs a language model as well; name it in model.llm"),
    field("a weight for some sources alone", "data: {mix: [{path: a, weight: 2}, {path: b}]}",
          "data.mix.1  has no weight, and others have one; give every source a weight, or none"),
    field("shares told twice", "data: {temperature: 2, mix: [{path: a, weight: 2}]}",
          "data.temperature  cannot stand beside weights, which are the shares already; remove one of the two"),
    field("a source that gives nothing", "data: {mix: [{path: a, cap: 0}]}",
          "data.mix.0.cap  must be at least 1"),
    field("evaluation of nothing", "train: {eval_steps: 5}",
          "train.eval_steps  needs records to evaluate on; name them in data.validation"),
]  # fmt: skip

WORDS = [
    word("an unknown KEY", "train.lrr=1", "  no such field; did you mean train.lr?"),
    word("an unknown section", "trian.lr=1", " trian  no such field; did you mean train?"),
    word("a VALUE of the wrong kind", "train.seed=x", "  must be a whole number, not text"),
    word("a VALUE that is no YAML", "model.base=@x", "  cannot be read: found character '@' that cannot start any "
         "token; put the value in quotes"),
    word("an item that is not there", "data.mix.0.path=x",
         "  data.mix has 0 items, so there is no item 0 (the first is 0)"),
    word("the stage as a KEY", "stage=align", "  is chosen by the command; leave it out"),
    Case(
        "data without its flag",
        lambda: read_recipe(None, stage="sft", overrides=["local.jsonl"]),
        "local.jsonl is not KEY=VALUE; did you mean --data local.jsonl?\na recipe field is set like train.lr=1e-5",
        "USAGE",
        2,
    ),
    Case(
        "a flag and a KEY for one field",
        lambda: read_recipe(None, stage="sft", overrides=["model.base=b"], flags={"--model": "a"}),
        "--model and model.base=b set the same field\ngive one of them",
        "USAGE",
        2,
    ),
    Case(
        "a model beside its parts",
        lambda: read_recipe(
            None, stage="sft", overrides=["model.llm=b", "model.vision=c"], flags={"--model": "a"}
        ),
        "model.llm=b  cannot stand beside model.base, which is a whole model; remove one of them\n"
        "model.vision=c  cannot stand beside model.base, which is a whole model; remove one of them\n"
        f"2 problems in the recipe (defaults)\n{HELP}",
        "BAD_RECIPE",
    ),
    usage("a mistyped flag", "sft", ["--dta", "x"], "no such option: --dta; did you mean --data?"),
    usage("a flag without its value", "sft", ["--data"], "--data requires an argument"),
    usage("a missing word", "recipe show", [], "RECIPE is missing"),
    usage("a word of another list", "recipe fields", ["stf"],
          "STAGE must be one of data, align, midtrain, sft, adapt, eval, export"),
    usage("a word too many", "doctor", ["now"], "one word too many: now"),
]  # fmt: skip

CASES = [*FILES, *WORDS]
