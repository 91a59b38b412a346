"""The same recipe in about a minute: your data, your template and masks, a model of the same family at toy size."""
