"""A whole copy of JSONSchemaBench in every engine: which schemas compile, how rightly they are kept, how fast."""
