from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from transformers import LlavaImageProcessor

from medgpt_cli.data.batches import EncodedDataset, Pixels, collate
from medgpt_cli.data.dialogue import IGNORED, Encoded
from medgpt_cli.data.images.letterbox import letterbox


def pixels(tmp_path) -> Pixels:
    stock = LlavaImageProcessor(
        do_resize=True, size={"height": 28, "width": 28}, do_center_crop=False, do_pad=True
    )
    return Pixels(stock, lambda path: [letterbox(Image.open(path).convert("RGB"), 28)])


def test_records_stand_one_behind_the_other_and_pictures_stay_in_order(tmp_path) -> None:
    for name, shade in (("a", 0), ("b", 120), ("c", 255)):
        Image.new("RGB", (28, 28), (shade,) * 3).save(tmp_path / f"{name}.png")
    a, b, c = (str(tmp_path / f"{name}.png") for name in "abc")
    data = EncodedDataset(
        [
            Encoded([1, 2, 3], [IGNORED, 2, 3], (a,)),
            Encoded([4], [4], ()),
            Encoded([5, 6], [IGNORED, 6], (b, c)),
        ],
        pixels(tmp_path),
    )
    batch = collate([data[0], data[(1, 2)]])
    assert batch["input_ids"].tolist() == [[1, 2, 3, 4, 5, 6]]
    assert batch["position_ids"].tolist() == [[0, 1, 2, 0, 0, 1]]
    assert batch["cu_seq_lens_q"].tolist() == [0, 3, 4, 6]
    assert batch["pixel_values"].shape == (3, 3, 28, 28)
    means = batch["pixel_values"].mean(dim=(1, 2, 3))
    assert means[0] < means[1] < means[2]


def test_the_first_token_of_a_record_is_learnt_from_no_other_record() -> None:
    record = {"input_ids": [7, 8], "labels": [7, 8], "pixel_values": None}
    assert collate([record, record])["labels"].tolist() == [[IGNORED, 8, IGNORED, 8]]


def test_a_batch_without_pictures_has_no_pixels() -> None:
    assert "pixel_values" not in collate([{"input_ids": [1], "labels": [1], "pixel_values": None}])


def test_sources_are_named_by_record() -> None:
    record = {"input_ids": [1, 2], "labels": [1, 2], "pixel_values": None}
    assert collate([record | {"source": 1}, record | {"source": 0}])["sources"].tolist() == [1, 0]


def test_our_letterbox_is_what_the_stock_processor_does_to_the_same_picture(tmp_path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (90, 140, 3), dtype=np.uint8)
    smooth = Image.fromarray(noise).resize((14, 9)).resize((140, 90), Image.Resampling.BICUBIC)
    smooth.save(tmp_path / "x.png")
    ours = pixels(tmp_path)([str(tmp_path / "x.png")])
    stock = LlavaImageProcessor(
        do_resize=True, size={"height": 28, "width": 28}, do_center_crop=False, do_pad=True
    )
    theirs = stock([smooth], return_tensors="pt")["pixel_values"]
    cosine = torch.nn.functional.cosine_similarity(ours.flatten(), theirs.flatten(), dim=0)
    assert cosine > 0.9999
