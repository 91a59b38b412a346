"""Recipes: strict, frozen, and read without torch.  `read_recipe` is the one way in."""

from medgpt_cli.core.recipe.reading import Resolved, read_recipe
from medgpt_cli.core.recipe.stages import STAGES, Recipe

__all__ = ["STAGES", "Recipe", "Resolved", "read_recipe"]
