"""The command line: one file per command, words in ``render``, exit codes in ``main``."""
