#!/bin/sh
# Free text with constrained regions: texts are judged, and a model calls a tool.
#
#     examples/tags_and_tools.sh -m MODEL
set -e
cd "$(dirname "$0")"

echo 'It was <person>{"name":"Ada","born":1815}</person> who wrote, <date>1843-08-01</date>.' |
    constrain check --tags tags.json -
echo 'It was <person>{"name":"Ada","name":"Byron"}</person>.' | constrain check --tags tags.json - || true

# what a model has to begin a call with
constrain next --tools tools.json --tool-style mistral --tool-choice required --limit 3

# calls that are forced, with every argument under its schema; the record holds them parsed
constrain gen --tools tools.json --tool-style hermes --tool-choice get_weather --no-parallel-tool-calls \
    --envelope --seed 3 "$@" "Will it rain in Lisbon?"

# thoughts first, and then one of two words
constrain gen --think think --think-max 20 --choice yes --choice no --seed 3 "$@" "Is water wet?"
