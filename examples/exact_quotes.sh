#!/bin/sh
# Take names from a list, and quotes from a text, character by character. With a model, it writes one; without arguments,
# made-up answers are checked, of which two misquote.
# Usage: examples/exact_quotes.sh [-m MODEL ...]
set -eu
here=$(dirname "$0")

if [ "$#" -gt 0 ]; then
    exec constrain gen "$@" --schema "$here/quote.json" "Who says what in this letter? $(cat "$here/letter.txt")"
fi

constrain check --schema "$here/quote.json" --jsonl - <<END
{"speaker": "Ada Lovelace", "quote": "I am in a charming state of confusion"}
{"speaker": "Ada Lovelace", "quote": "I am in a charming state of mind"}
{"speaker": "Ada King", "quote": "I am in much dismay"}
END
