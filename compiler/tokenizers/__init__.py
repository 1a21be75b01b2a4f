"""What bytes does a token id stand for? One file per family of tokenizer, none of which needs transformers.

Masks are only as right as these bytes, so each family is read from the tokenizer's own description of how it decodes,
and a description that is not understood is refused by name.
"""

from constrain.compiler.tokenizers.encoder import ContinuationEncoder
from constrain.compiler.tokenizers.hugging_face import read_tokenizer_json
from constrain.compiler.tokenizers.locate import find_tokenizer, parse_object
from constrain.compiler.tokenizers.stop_tokens import declared_stop_tokens, well_known_stop_tokens
from constrain.compiler.tokenizers.table import TokenTable, checked_id
from constrain.compiler.tokenizers.tekken import read_tekken

__all__ = [
    "ContinuationEncoder",
    "TokenTable",
    "checked_id",
    "declared_stop_tokens",
    "find_tokenizer",
    "parse_object",
    "read_tekken",
    "read_tokenizer_json",
    "well_known_stop_tokens",
]
