#!/bin/sh
# Labels in proportion to what the model thinks of them, not to what masking makes of that. Weights are fitted once to
# prompts of the kind; then draws are led by them, and each record says how it was drawn (logweight).
# Usage: examples/faithful_sampling.sh PROMPT [MODEL] > records.jsonl
set -eu
here=$(dirname "$0")
model=${2:-embedded}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

constrain compile --schema "$here/sentiment.json" -o "$folder/sentiment.grammar" \
    --weights-from "$model" --prompts "$here/reviews.txt"
constrain gen -m "$model" --compiled "$folder/sentiment.grammar" --method smc --weights stored \
    --max-tokens 64 -n 3 --seed 1 --envelope "$1"
