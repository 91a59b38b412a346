"""A curriculum in one line: numbered recipes walked in order, each stage from the last one's model."""
