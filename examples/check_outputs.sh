#!/bin/sh
# Check model outputs in CI: no model needed, exit code 1 when a document is invalid, findings on standard output.
# Usage: examples/check_outputs.sh [FILE.jsonl ...]   (without arguments: two made-up answers, one of them wrong)
set -eu
here=$(dirname "$0")

if [ "$#" -gt 0 ]; then
    exec constrain check --schema "$here/order.json" "$@"
fi

item='{"sku": "MUG-0001", "name": "Blue mug", "quantity": 2, "unit_price_cents": 950}'
start='{"order_id": "ORD-000017", "status": "paid", "customer": {"name": "Ada"}, "items": ['
constrain check --schema "$here/order.json" --jsonl - <<END
$start$item], "currency": "EUR", "total_cents": 1900, "paid": true}
$start$item], "currency": "DEM", "total_cents": "1900", "paid": true}
END
