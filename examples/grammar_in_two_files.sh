#!/bin/sh
# A Lark grammar that imports another file, and declares a terminal that is given here: one good reminder, one at night.
# Usage: examples/grammar_in_two_files.sh [FILE ...]   (exit code 1 when a reminder is wrong)
set -eu
here=$(dirname "$0")

if [ "$#" -gt 0 ]; then
    exec constrain check --grammar "$here/reminder.lark" --terminal 'PERSON=Ada|Grace' "$@"
fi

constrain check --grammar "$here/reminder.lark" --terminal 'PERSON=Ada|Grace' --jsonl - <<'END'
remind Ada and Grace on 2026-11-22 at 09:45 about "the review".
remind Ada on 2026-11-22 at 23:45 about "the review".
END
