"""How fast questions are asked: ours beside stock batching and, where they are installed, two public harnesses.

    python -m tests.benchmarks.bench_eval FOLDER [ROUNDS]

The same model, questions, number format (float32) and rows in a batch; all answers are asserted equal before anything
is timed.  Processor seconds of this process, medians, the order turned round every time; tokens that went through the
language model stand beside them, because load does not change those.  The model is `tiny`, first as it is made (every
reply runs to its limit), then after a short training to answer briefly, as models under evaluation do.  Run with the
Python of an environment that has lm_eval and lmms_eval too, lm-evaluation-harness and lmms-eval are measured; else it
says so.  Such an environment beside .venv, which holds the heavy parts:

    python3.11 -m venv PEERS
    echo "$PWD/.venv/lib/python3.11/site-packages" > PEERS/lib/python3.11/site-packages/medgpt.pth
    PEERS/bin/pip install --no-deps lm-eval==0.4.13 lmms-eval==0.7.3 loguru pytz evaluate

Writes FOLDER/eval.json and prints a table.  Nothing is asserted of the times.
"""

from __future__ import annotations

import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
import transformers

from medgpt_cli.core import tables
from medgpt_cli.core.types import Place, Reply, Request, Role, Sample, Turn
from medgpt_cli.data.batches import collate
from medgpt_cli.models import checkpoint, embedded
from medgpt_cli.models.answering.answerer import Answerer
from medgpt_cli.workflows.loading import encoder_of, pixels_of
from tests.pictures import film

ROUNDS = 5
ROWS = 8
PICTURES, LIMIT = 6, 16
ABOUT_A_PICTURE = {
    "What modality was used to take this image?": "x-ray",
    "Which part of the body does this image belong to?": "chest",
    "Does the picture contain liver?": "no",
    "Does the picture contain lung?": "yes",
    "Which organ is abnormal, the heart or the lung?": "lung",
    "What disease is shown in this image?": "pneumonia",
    "Where is the abnormality in this image?": "right lower lobe",
    "Is the lung healthy?": "no",
    "What is the main cause of this disease?": "bacterial infection",
    "How can the disease shown in this picture be treated?": "antibiotics",
    "What is the colour of the spinal cord in the picture?": "not seen",
}
"""Eleven questions a picture, as SLAKE has, in the lengths of its answers."""

SIGNS = (
    "fever",
    "a dry cough",
    "night sweats",
    "weight loss",
    "pain in the chest",
    "a swollen leg",
    "a rash",
)
TIMES = ("for two days", "for three weeks", "since last winter", "after a long flight", "at night")
DISEASES = (
    "pulmonary embolism", "pneumonia", "tuberculosis", "sarcoidosis", "deep vein thrombosis",
    "acute myocardial infarction", "pericarditis", "aortic dissection", "lung cancer", "heart failure",
)  # fmt: skip
STEMS = 80


def about_pictures(folder: Path) -> list[Request]:
    """Every question of every picture, pictures one after the other."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [str(folder / f"{seed}.png") for seed in range(PICTURES)]
    for seed, path in enumerate(paths):
        film(seed, 128, 112).save(path)
    return [
        Request((Turn(Role.USER, (0, text)),), (path,), LIMIT)
        for path in paths
        for text in ABOUT_A_PICTURE
    ]


def cases(kind: str) -> list[Request]:
    """Short cases: with four diseases to weigh (`texts`), with their letters (`letters`), or to be answered."""
    draw = random.Random(0)
    found = []
    for _ in range(STEMS):
        signs = ", ".join(
            f"{sign} {draw.choice(TIMES)}" for sign in draw.sample(SIGNS, draw.randint(1, 6))
        )
        text = (
            f"A patient of {draw.randint(20, 90)} years has {signs}. Which is the likeliest diagnosis?"
        )
        options = tuple(draw.sample(DISEASES, 4))
        if kind == "letters":
            text += "".join(
                f"\n{letter}. {option}" for letter, option in zip("ABCD", options, strict=True)
            )
        choices = {"texts": options, "letters": tuple("ABCD"), "free": ()}[kind]
        found.append(Request((Turn(Role.USER, (text,)),), (), LIMIT, choices, kind == "free"))
    return found


class Model:
    """`tiny`, its parts, and the ways to ask it."""

    def __init__(self) -> None:
        self.model, self.processor = checkpoint.load(embedded.folder("tiny-untrained"))
        self.encoder = encoder_of(self.processor)
        self.pixels = pixels_of(self.processor)
        self.ours = self.answerer()

    def answerer(self, rows: int = ROWS) -> Answerer:
        """Ours, whose replies tell the tokens instead of a text; the probe of the model lies behind it."""
        made = Answerer(
            self.model, self.processor.tokenizer, self.encoder, self.pixels,
            max_new_tokens=LIMIT, context=4096, batch_rows=rows,
        )  # fmt: skip
        made._channels = SimpleNamespace(  # type: ignore[assignment]
            part=lambda ids: SimpleNamespace(text=self.processor.tokenizer.decode(ids), thinking="")
        )
        assert made._through_a_store
        return made

    def learn(self, requests: Sequence[Request], steps: int = 60) -> None:
        """Trains to answer the questions briefly."""
        says = list(ABOUT_A_PICTURE.values())
        draw = random.Random(0)
        rows = []
        for number, asked in enumerate(requests):
            said = Turn(
                Role.ASSISTANT, (says[number % len(says)] if asked.images else draw.choice(DISEASES),)
            )
            rows.append(
                self.encoder.encode(Sample(Place("", 1), (*asked.turns, said), images=asked.images))
            )
        torch.manual_seed(0)
        learning = torch.optim.AdamW(self.model.parameters(), 2e-3)
        for _ in range(steps):
            chosen = [draw.choice(rows) for _ in range(4)]
            values = [self.pixels(row.images) if row.images else None for row in chosen]
            loss = 0.0
            for row, pixels in zip(chosen, values, strict=True):
                batch = collate(
                    [{"input_ids": row.input_ids, "labels": row.labels, "pixel_values": pixels}]
                )
                batch.pop("cu_seq_lens_q")
                loss = loss + self.model(**batch).loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            learning.step()
            learning.zero_grad()

    def by_us(self, requests: Sequence[Request], rows: int = ROWS) -> tuple[list[Reply], int]:
        """Replies, and tokens that went through the language model; nothing is remembered from before."""
        answer = self.answerer(rows) if rows != ROWS else self.ours
        answer.features._held.clear()
        before = answer.reader.tokens
        found: dict[int, Reply] = {}
        answer(requests, found.__setitem__)
        return [found[number] for number in range(len(requests))], answer.reader.tokens - before

    @torch.inference_mode()
    def by_stock(self, requests: Sequence[Request]) -> tuple[list[str], int]:
        """transformers' generate over batches padded on the left, the longest prompts first."""
        prompts = [self.encoder.prompt(asked.turns) for asked in requests]
        order = sorted(range(len(prompts)), key=lambda number: -len(prompts[number]))
        said, tokens = [""] * len(prompts), 0
        for start in range(0, len(order), ROWS):
            numbers = order[start : start + ROWS]
            width = max(len(prompts[number]) for number in numbers)
            pad = self.model.config.text_config.pad_token_id
            ids = torch.tensor([[pad] * (width - len(prompts[n])) + prompts[n] for n in numbers])
            mask = torch.tensor(
                [[0] * (width - len(prompts[n])) + [1] * len(prompts[n]) for n in numbers]
            )
            shown = [path for number in numbers for path in requests[number].images]
            pictures = {"pixel_values": self.pixels(shown)} if shown else {}
            output = self.model.generate(
                input_ids=ids, attention_mask=mask, **pictures, do_sample=False, max_new_tokens=LIMIT
            )
            tokens += output.numel() - len(numbers)
            for number, row in zip(numbers, output[:, width:].tolist(), strict=True):
                said[number] = self.processor.tokenizer.decode(self._until_end(row))
        return said, tokens

    def without_specials(self, replies: Sequence[Reply]) -> list[str]:
        """What the replies say when special tokens are left out, as the harnesses do."""
        tokenizer = self.processor.tokenizer
        rows = [tokenizer.encode(reply.text, add_special_tokens=False) for reply in replies]
        return [tokenizer.decode(row, skip_special_tokens=True) for row in rows]

    def _until_end(self, row: list[int]) -> list[int]:
        ends = self.model.generation_config.eos_token_id
        return next((row[: at + 1] for at, token in enumerate(row) if token in ends), row)


def compared(ours: Callable[[], Any], theirs: Callable[[], Any], rounds: int) -> dict[str, float]:
    """Medians of processor seconds, the order turned round every time, and their ratio."""
    taken: dict[int, list[float]] = {0: [], 1: []}
    for turn in range(rounds):
        for which in (0, 1) if turn % 2 else (1, 0):
            began = time.process_time()
            (ours, theirs)[which]()
            taken[which].append(time.process_time() - began)
    mine, other = (statistics.median(taken[which]) for which in (0, 1))
    return {"ours_s": mine, "theirs_s": other, "ratio": other / mine}


def pictures_against_stock(model: Model, requests: list[Request], rounds: int) -> dict[str, Any]:
    """Several questions a picture, answered; every answer equal, or it is no comparison."""
    mine, tokens = model.by_us(requests)
    theirs, their_tokens = model.by_stock(requests)
    assert [reply.text for reply in mine] == theirs
    return {
        "items": len(requests),
        **compared(lambda: model.by_us(requests), lambda: model.by_stock(requests), rounds),
        "our_tokens": tokens,
        "their_tokens": their_tokens,
        "tokens_a_reply": statistics.mean(reply.tokens for reply in mine),
    }


def pictures_against_lmms(model: Model, requests: list[Request], rounds: int) -> dict[str, Any]:
    """The same against lmms-eval's Hugging Face backend, whose replies leave special tokens out."""
    from tests.benchmarks.lmms_peer import Lmms

    theirs = Lmms(model.model, model.processor, ROWS, LIMIT)
    mine, tokens = model.by_us(requests)
    assert model.without_specials(mine) == theirs.write(requests)
    timed = compared(lambda: model.by_us(requests), lambda: theirs.write(requests), rounds)
    return {"items": len(requests), **timed, "our_tokens": tokens}


def against_harness(model: Model, kind: str, rounds: int) -> dict[str, Any]:
    """One case of text against lm-evaluation-harness."""
    from tests.benchmarks.harness_peer import Harness

    requests = cases(kind)
    processor = model.processor
    harness = Harness(model.model, processor.tokenizer, model.encoder, ROWS, LIMIT)
    prompts = harness.prompts(requests)
    mine, tokens = model.by_us(requests)
    if kind == "free":
        assert model.without_specials(mine) == harness.write(prompts)
        timed = compared(lambda: model.by_us(requests), lambda: harness.write(prompts), rounds)
    else:
        theirs = harness.weigh(requests, prompts)
        for reply, other in zip(mine, theirs, strict=True):
            torch.testing.assert_close(
                torch.tensor(reply.likelihoods), torch.tensor(other), rtol=1e-4, atol=1e-3
            )
            assert max(range(4), key=lambda i: reply.likelihoods[i]) == max(
                range(4), key=lambda i: other[i]
            )
        timed = compared(lambda: model.by_us(requests), lambda: harness.weigh(requests, prompts), rounds)
    return {"items": len(requests), **timed, "our_tokens": tokens}


def in_bfloat16(requests: list[Request]) -> dict[str, int]:
    """Replies of the untrained model, 16 tokens each, that differ in bfloat16, where another order is another sum:
    ours and stock's, each from those in float32 and from one another.
    """
    exact = [reply.text for reply in Model().by_us(requests)[0]]
    model = Model()
    model.model.to(torch.bfloat16)
    model.ours = model.answerer()
    ours = [reply.text for reply in model.by_us(requests)[0]]
    stock, _ = model.by_stock(requests)
    pairs = {"ours, from float32": (ours, exact), "stock, from float32": (stock, exact)}
    pairs["ours, from stock"] = (ours, stock)
    differing = {name: sum(map(str.__ne__, one, other)) for name, (one, other) in pairs.items()}
    return {"items": len(requests), **differing}


def growth(model: Model, requests: list[Request]) -> dict[str, float]:
    """Processor milliseconds an item, as items grow."""
    found = {}
    for times in (1, 2, 4):
        many = [asked for number in range(times) for asked in requests]
        began = time.process_time()
        model.by_us(many)
        found[str(len(many))] = 1000 * (time.process_time() - began) / len(many)
    return found


def peak(way: str, folder: str) -> None:
    """How much the memory of this process rises while it asks, in mebibytes, on standard output."""
    model = Model()
    requests = about_pictures(Path(folder))
    {"ours": model.by_us, "stock": model.by_stock}[way](requests[:1])
    Path("/proc/self/clear_refs").write_text("5")  # the peak so far is forgotten
    before = resident("VmRSS")
    {"ours": model.by_us, "stock": model.by_stock}[way](requests)
    sys.stdout.write(str(resident("VmHWM") - before))


def resident(which: str) -> float:
    """Memory of this process, in mebibytes: now (`VmRSS`) or at its peak (`VmHWM`)."""
    told = Path("/proc/self/status").read_text()
    return int(told.split(f"{which}:")[1].split()[0]) / 1024


def peaks(folder: Path) -> dict[str, float]:
    """The same of both ways, each in a process of its own."""
    line = [sys.executable, "-m", "tests.benchmarks.bench_eval", "--peak"]
    return {
        way: float(
            subprocess.run([*line, way, str(folder)], check=True, capture_output=True, text=True).stdout
        )
        for way in ("ours", "stock")
    }


def _if_there(package: str, measure: Callable[[], dict[str, Any]]) -> dict[str, Any] | str:
    return measure() if find_spec(package) else f"not run: {package} is not installed beside this Python"


def run(folder: Path, rounds: int = ROUNDS) -> None:
    """Measures, writes `eval.json` into `folder`, and prints the table."""
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as held:
        pictures = about_pictures(Path(held) / "films")
        model = Model()
        found["questions on pictures, replies to the limit"] = pictures_against_stock(
            model, pictures, rounds
        )
        lmms = "questions on pictures, {}, lmms-eval"
        found[lmms.format("replies to the limit")] = _if_there(
            "lmms_eval", lambda: pictures_against_lmms(model, pictures, rounds)
        )
        model.learn([*pictures, *cases("free")])
        found["questions on pictures, brief replies"] = pictures_against_stock(model, pictures, rounds)
        found[lmms.format("brief replies")] = _if_there(
            "lmms_eval", lambda: pictures_against_lmms(model, pictures, rounds)
        )
        for name, kind in (
            ("option texts", "texts"),
            ("option letters", "letters"),
            ("free answers", "free"),
        ):
            found[name] = _if_there("lm_eval", partial(against_harness, model, kind, rounds))
        more = growth(model, pictures)
        rounded = in_bfloat16(pictures)
        memory = peaks(Path(held) / "films")
    document = {
        "what": "processor seconds, medians; every answer equal",
        "rounds": rounds,
        "rows": ROWS,
        "python": platform.python_version(),
        "machine": platform.platform(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "load": os.getloadavg()[0],
        "cases": found,
        "milliseconds an item, by items": more,
        "replies that differ in bfloat16": rounded,
        "megabytes more at the peak": memory,
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "eval.json").write_text(json.dumps(document, indent=2) + "\n")
    rows = []
    for name, each in found.items():
        if isinstance(each, str):
            rows.append((name, each, "", "", ""))
            continue
        tokens = f"{each['our_tokens']:,} / {each.get('their_tokens', 0):,}".removesuffix(" / 0")
        rows.append(
            (name, f"{each['ours_s']:.2f}", f"{each['theirs_s']:.2f}", f"{each['ratio']:.2f}", tokens)
        )
    sys.stdout.write(tables.aligned(("questions", "ours s", "theirs s", "ratio", "tokens"), rows) + "\n")
    sys.stdout.write(f"ms an item, by items: { {k: round(v, 1) for k, v in more.items()} }\n")
    sys.stdout.write(f"replies that differ in bfloat16: {rounded}\n")
    sys.stdout.write(f"MiB more at the peak: { {k: round(v) for k, v in memory.items()} }\n")


if __name__ == "__main__":
    if sys.argv[1] == "--peak":
        peak(*sys.argv[2:])
    else:
        run(Path(sys.argv[1]), *map(int, sys.argv[2:]))
