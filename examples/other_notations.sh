#!/bin/sh
# A grammar in llama.cpp's notation: look at it, write it in Lark's, and check texts with either.
# Usage: examples/other_notations.sh [FILE.gbnf]
set -eu
here=$(dirname "$0")
grammar=${1:-$here/moves.gbnf}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

constrain grammar lint "$grammar" --exit-zero
constrain grammar convert "$grammar" --to lark > "$work/same.lark"
cat "$work/same.lark"
echo
constrain check --grammar "$grammar" --format json - <<END
1. e4 e5 2. Nf3 Nc6
END
constrain check --grammar "$work/same.lark" --format json - <<END || [ $? -eq 1 ]
1. e4 e9
END
