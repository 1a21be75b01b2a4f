"""A small project in several files, for attribute_names.py to look into."""
