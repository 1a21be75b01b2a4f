#!/bin/sh
# One prompt per line in, one JSON record per line out; the model is loaded once.
# Usage: examples/extract_many.sh [-m MODEL ...] < prompts.txt > records.jsonl
set -eu
here=$(dirname "$0")

constrain gen --many --schema "$here/sentiment.json" --method greedy --max-tokens 64 "$@"
