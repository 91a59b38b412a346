"""The main job at toy size: sixteen records learnt to the letter, and read back without medgpt."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from medgpt_cli.app import main

SHAPES = {
    "disc": (0.5, 0.5),
    "low disc": (0.75, 0.5),
    "left disc": (0.5, 0.25),
    "corner disc": (0.2, 0.8),
}
SIZES = {"small": 0.02, "large": 0.12}

PLAIN = """
import json, sys
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoProcessor
folder, asked = sys.argv[1], json.loads(sys.argv[2])
processor = AutoProcessor.from_pretrained(folder)
model = AutoModelForImageTextToText.from_pretrained(folder).eval()
answers = []
for picture, question in asked:
    inputs = processor.apply_chat_template(
        [{"role": "user", "content": [{"type": "image", "image": Image.open(picture).convert("RGB")},
                                      {"type": "text", "text": question}]}],
        add_generation_prompt=True, tokenize=True, return_dict=True, return_tensors="pt")
    output = model.generate(**inputs, max_new_tokens=12)
    answers.append(output[0, inputs["input_ids"].shape[1]:].tolist())
assert not [name for name in sys.modules if name.startswith("medgpt")]
print(json.dumps(answers))
"""


def draw(path: Path, place: tuple[float, float], size: float) -> None:
    """A bright disc on grey, not square, so that the letterbox has work to do."""
    rows, columns = np.mgrid[0:90, 0:140]
    inside = ((rows / 90 - place[0]) ** 2 + (columns / 140 - place[1]) ** 2) < size
    Image.fromarray(np.where(inside, 230, 60).astype(np.uint8)).save(path)


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, str]]]:
    """A run on sixteen records about eight pictures, and the records."""
    folder = tmp_path_factory.mktemp("job")
    records = []
    for shape, place in SHAPES.items():
        for size, area in SIZES.items():
            name = f"{shape}-{size}.png".replace(" ", "-")
            draw(folder / name, place, area)
            records.append({"question": "What is shown?", "answer": f"a {shape}", "image": name})
            records.append({"question": "How large is it?", "answer": size, "image": name})
    (folder / "local.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    words = [
        "train.max_steps=60",
        "train.lr=1e-3",
        "train.save_steps=1000",
    ]
    code = main(
        ["sft", "--data", str(folder / "local.jsonl"), "--out", str(folder / "run"), "--quiet", *words]
    )
    assert code == 0
    return folder, records


def test_sixteen_records_are_learnt_to_exact_answers(
    learnt: tuple[Path, list[dict[str, str]]], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, _ = learnt
    task = str(folder / "local.jsonl")
    words = [
        "eval",
        "run",
        "--model",
        str(folder / "run"),
        "--task",
        task,
        "--out",
        str(folder / "scores"),
    ]
    assert main([*words, "--max-new-tokens", "12", "--json", "--quiet"]) == 0
    overall = json.loads(capsys.readouterr().out)["tasks"][0]["overall"]
    assert (overall["k"], overall["n"], overall["parse_rate"]) == (16, 16, 1.0)


def test_plain_transformers_gives_the_same_tokens_as_medgpt_chat(
    learnt: tuple[Path, list[dict[str, str]]], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, records = learnt
    asked = [(str(folder / record["image"]), record["question"]) for record in records]
    done = subprocess.run(
        [sys.executable, "-c", PLAIN, str(folder / "run" / "model"), json.dumps(asked)],
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
    )
    plain = json.loads(done.stdout)

    from medgpt_cli.core.types import Role, Turn
    from medgpt_cli.models.channels import Channels
    from medgpt_cli.models.tiny.build import tokenizer
    from medgpt_cli.workflows.loading import load_model

    generate = load_model(str(folder / "run")).generate
    channels = Channels(tokenizer())
    for (picture, question), ids in zip(asked, plain, strict=True):
        reply = generate([Turn(Role.USER, (0, question))], [picture], max_new_tokens=12)
        assert (reply.text, reply.tokens) == (channels.part(ids).text, len(ids))
    picture, question = asked[0]
    capsys.readouterr()
    words = ["chat", "--model", str(folder / "run"), "--image", picture, "--prompt", question]
    assert main([*words, "--max-new-tokens", "12", "--json", "--quiet"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["answer"], document["tokens"]) == (records[0]["answer"], len(plain[0]))
