"""What must lie where for each extraction, in the words a person is told.

This module opens nothing; `extraction` reads what it names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from medgpt_cli.evaluation.reports.rows import EntityRow, GraphRow, JudgementRow, LabelRow, TokenRow

Row = type[GraphRow] | type[EntityRow] | type[LabelRow] | type[TokenRow] | type[JudgementRow]

HOME = "MEDGPT_METRIC_HOME"
"""Environment variable: a folder with one folder of weights for each extraction."""


@dataclass(frozen=True, slots=True)
class Part:
    """One extraction.

    Attributes:
        extraction: The word of `medgpt eval extract --metric`.
        row: Its rows; `row.kind` names the file.
        layout: What the folder of weights holds, for a person; empty where another program reads the reports.
        source: Where such weights are published, by name, and what their licence asks.
    """

    extraction: str
    row: Row
    layout: str
    source: str

    @property
    def file(self) -> str:
        """The file's name in a folder of extractions."""
        return f"{self.row.kind}.jsonl"

    @property
    def line(self) -> str:
        """The command that makes the file."""
        if self.extraction == "radgraph":
            return "medgpt eval extract --metric radgraph --how"
        start = f"medgpt eval extract --metric {self.extraction}"
        if self.extraction == "green":
            return f"{start} --endpoint URL --reports FILE --out DIR"
        return f"{start} --weights DIR --reports FILE --out DIR"

    @property
    def repair(self) -> str:
        """The command, and what its DIR must hold."""
        if not self.layout:
            return f"{self.line} ({self.source})"
        return f"{self.line}, where --weights (or ${HOME}/{self.extraction}) holds {self.layout} ({self.source})"


_PARTS = (
    Part(
        "radgraph",
        GraphRow,
        "",
        "prints a script for an environment with the package radgraph; its model asks for PhysioNet's terms",
    ),
    Part(
        "rate",
        EntityRow,
        "the folders ner/ and encoder/, each with config.json, tokenizer.json (or vocab.txt) and model.safetensors",
        "Angelakeke/RaTE-NER-Deberta and FremyCompany/BioLORD-2023-C, the latter under UMLS and SNOMED terms",
    ),
    Part(
        "chexbert",
        LabelRow,
        "chexbert.pth, and config.json and vocab.txt of bert-base-uncased",
        "chexbert.pth is in StanfordAIMI/RRG_scorers",
    ),
    Part(
        "bertscore",
        TokenRow,
        "config.json, the tokenizer and model.safetensors of a RoBERTa",
        "RadCliQ needs distilroberta-base",
    ),
    Part(
        "green",
        JudgementRow,
        "",
        "any OpenAI-compatible server; the published judge is StanfordAIMI/GREEN-RadLlama2-7b",
    ),
)

PARTS: Mapping[str, Part] = {part.row.kind: part for part in _PARTS}
"""By the kind of their rows."""

EXTRACTIONS: Mapping[str, Part] = {part.extraction: part for part in _PARTS}
"""By the word of the command line."""
