"""Metrics for radiology reports: extraction by models elsewhere, scoring here in NumPy.

`score` is the door; `extraction` is reached by those who have weights.
"""

from medgpt_cli.evaluation.reports.catalogue import METRICS
from medgpt_cli.evaluation.reports.results import MetricResult, NotComputed
from medgpt_cli.evaluation.reports.scoring import score

__all__ = ["METRICS", "MetricResult", "NotComputed", "score"]
