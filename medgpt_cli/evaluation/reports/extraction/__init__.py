"""Reading reports by models, into files that scoring needs no model for.

Everything here may run on another machine than the scoring; torch and transformers are imported only when weights are
opened.
"""
