"""Which tower serves a language model best: the same two stages for each, the same questions, one table."""
