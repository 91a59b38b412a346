"""A checkpoint as the files llama.cpp reads: the language model and, beside it, the tower with its projector."""

from medgpt_cli.export.gguf.folder import CLIP, KINDS, Model, Written, write

__all__ = ["CLIP", "KINDS", "Model", "Written", "write"]
