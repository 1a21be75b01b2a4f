"""The native engine (Rust, ``core/``). Import the public names from ``constrain`` instead."""

from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from typing import Self

import numpy as np
from numpy.typing import NDArray

from constrain.compiler.grammar import Grammar, Limits

__version__: str

class Vocabulary:
    """Token bytes and stop tokens of one tokenizer, with the trie that masks walk. Immutable."""

    def __new__(
        cls,
        token_bytes: Sequence[bytes | None],
        eos_token_ids: Sequence[int],
        *,
        vocab_size: int | None = None,
        encode: Callable[[str], Sequence[int]] | None = None,
    ) -> Self: ...
    @property
    def vocab_size(self) -> int:
        """Width of masks in bits."""
    @property
    def eos_token_ids(self) -> list[int]:
        """The stop tokens, ascending."""
    @property
    def sha256(self) -> str:
        """Hash of token bytes, stop tokens and width, in hexadecimal."""
    @property
    def longest_token(self) -> int:
        """Bytes of the longest token."""
    @property
    def trie_nodes(self) -> int:
        """Size of the trie that masks walk."""
    @property
    def encode(self) -> Callable[[str], Sequence[int]] | None:
        """The tokenizer's own encoder, if one was given."""
    def token(self, token_id: int) -> bytes | None:
        """Bytes of a token; None for special, unused or unknown ids."""
    def to_bytes(self) -> bytes:
        """The vocabulary as bytes, without its encoder."""
    @staticmethod
    def from_bytes(data: bytes) -> Vocabulary:
        """Read what :meth:`to_bytes` gave, without an encoder.

        Raises:
            ArtifactError: it is anything else.
        """

class CompiledGrammar:
    """A grammar for one vocabulary: immutable, shared freely between threads."""

    @property
    def vocabulary(self) -> Vocabulary:
        """The vocabulary that it was compiled for."""
    def matcher(self) -> Matcher:
        """A new sequence at the start of the language."""
    def statistics(self) -> dict[str, int]:
        """Sizes of tables and counts of masks, by name."""
    def precompute(self, budget_bytes: int) -> dict[str, int]:
        """Compute masks ahead, of the states that are reached from the start with the fewest bytes first.

        Sequences take them from there, also those under way, and :meth:`save` writes them: whoever loads the file walks
        through no vocabulary at these states. What was computed before is replaced. Equal grammars and budgets give
        equal tables, whatever was done with the grammar before.

        Args:
            budget_bytes: memory for the search, from 0 to 128 MiB; the state that exceeds it is the last one. What is
                kept is much less.

        Returns:
            ``reached_states``: states that were seen; ``precomputed_states``: those whose masks are there now;
            ``distinct_masks``: how many masks differ among the states that were looked at; ``precomputed_bytes``: size
            of what is kept.

        Raises:
            ValueError: the budget is out of range.
        """
    @property
    def sha256(self) -> str:
        """Hash of the language's form, in hexadecimal: the same for every vocabulary."""
    @property
    def weights(self) -> bytes | None:
        """Expected-future weights, as :meth:`with_weights` took them; kept in a saved file."""
    def with_weights(self, weights: bytes | None) -> CompiledGrammar:
        """The same grammar with other weights, or with none; all else is shared.

        Args:
            weights: what :meth:`~constrain.compiler.weights.FutureWeights.to_bytes` gave. They are only kept here:
                whoever uses them reads them, and refuses those that are corrupt or of another model.
        """
    @property
    def description(self) -> dict[str, str]:
        """What the grammar was made from; kept in a saved file."""
    def save(self, path: str | PathLike[str]) -> None:
        """Write the grammar to a file, whole or not at all. Equal grammars give equal bytes.

        Raises:
            ArtifactError: the file cannot be written.
        """
    @staticmethod
    def load(
        path: str | PathLike[str], vocabulary: Vocabulary, *, limits: Limits | None = None, rebind: bool = False
    ) -> CompiledGrammar:
        """Read what :meth:`save` wrote.

        Args:
            path: the file. It is mapped into memory, so it must not be edited in place while it is read; :meth:`save`
                puts a new file in the place of an old one.
            vocabulary: the tokens that the grammar was compiled for.
            limits: the most that the file's own limits may be; None for the defaults of ``Limits``.
            rebind: where the file is for another vocabulary, take its language and leave its tables and weights.

        Raises:
            ArtifactError: the file is missing, corrupt, of another version, for another vocabulary (both hashes are
                named), or asks for more than ``limits``.
        """
    def to_bytes(self) -> bytes:
        """What :meth:`save` writes."""
    @staticmethod
    def from_bytes(
        data: bytes, vocabulary: Vocabulary, *, limits: Limits | None = None, rebind: bool = False
    ) -> CompiledGrammar:
        """As :meth:`load`, from what :meth:`to_bytes` gave."""

class Matcher:
    """State of one sequence. Not for concurrent use; fork it instead."""

    def fill_next_token_bitmask(self, bitmask: NDArray[np.int32], row: int = 0) -> None:
        """Overwrite ``bitmask[row]`` with the tokens allowed next.

        Args:
            bitmask: int32, shape ``[batch, ceil(vocab_size / 32)]``, C-contiguous; bit ``t & 31`` of word
                ``t >> 5`` is set when token ``t`` is allowed, i.e. when a completion exists after it.
            row: which row.

        Raises:
            ValueError: wrong dtype, shape or row.
            LimitError: a budget of ``Limits`` ran out.
        """
    def accept_token(self, token_id: int) -> bool:
        """Advance by a token; False and unchanged when it is not allowed."""
    def accept_bytes(self, data: bytes) -> bool:
        """Advance by bytes, as one step for ``rollback``; False and unchanged when not allowed.

        Signals are handled while it works, as in the next two and in ``precompute``; what a handler raises leaves the
        sequence unchanged.
        """
    def viable_prefix(self, data: bytes) -> int:
        """How many of the bytes could be accepted from here, without advancing."""
    def validate_tokens(self, token_ids: Sequence[int]) -> int:
        """How many of the tokens could be accepted from here, without advancing."""
    def rollback(self, steps: int) -> None:
        """Undo the last steps. ValueError when there are fewer."""
    def fork(self) -> Matcher:
        """Another sequence at the same place; what one accepts leaves the other unchanged."""
    def reset(self) -> None:
        """Go back to the start of the language, with no steps to undo."""
    @property
    def steps(self) -> int:
        """Steps accepted so far."""
    def accepted_tokens(self) -> list[int] | None:
        """The tokens accepted so far; None where bytes were, too."""
    def is_accepting(self) -> bool:
        """Is the text so far complete (could generation stop now)?"""
    def is_terminated(self) -> bool:
        """Was a stop token accepted?"""
    def next_bytes(self) -> bytes:
        """The distinct bytes that may come next, ascending."""
    def forced_bytes(self) -> bytes:
        """Bytes that every completion starts with.

        All of them, if they are few: at most 4,096 bytes are reported at once, and fewer where the text can be read in
        ever more ways the longer it gets. After them there may be more. The same place gives the same bytes.
        """
    def forced_tokens(self) -> list[int]:
        """The tokens that come next whatever the model says: no call of it is needed for them.

        With the vocabulary's ``encode``, they are those with which the tokenizer itself begins the rest of the text,
        whichever of the allowed texts it becomes, as far as ``forced_bytes`` reach. The last ones are left out where a
        longer token, or another split into words, could still come about. This holds for byte-pair and unigram
        tokenizers that split words by looking at most one character ahead, and 64 bytes of the text so far are enough
        for them to see. Where ``encode`` would not begin a token here, does not keep the text, or is not there, they
        are the tokens that masks with one bit force. Masks allow every spelling all the same.

        Raises:
            Exception: whatever ``encode`` raises.
        """
    def fewest_tokens(self, left: int = 0, left_bytes: int | None = None) -> tuple[list[int], bool] | None:
        """Tokens that complete the text from here, stop tokens aside, and whether it is known that no fewer do.

        Args:
            left: fewer than this are not looked for.
            left_bytes: None where any number of bytes may still be written; else the completion is a shortest one.

        Returns:
            None where the vocabulary cannot spell a completion that is at hand.
        """
    def keep_completable(
        self, bitmask: NDArray[np.int32], left: int, left_bytes: int | None = None, row: int = 0
    ) -> bool:
        """Take the tokens from ``bitmask[row]`` that leave too little for what is needed after them; were there any?

        What must be distinct, or repeated, is left out of account: see :meth:`fewest_tokens` of what was accepted.

        Args:
            bitmask: int32, shape ``[batch, ceil(vocab_size / 32)]``, C-contiguous.
            left: tokens that may still be written, the next one among them.
            left_bytes: bytes that may still be written, the next token's among them; None for any number.
            row: of the mask.
        """
    def tokens_from(self, beginning: bytes) -> list[int]:
        """Tokens that begin with these bytes, after which they go on as the text may from here.

        What can stand in the place of a prompt's last token, so that a word need not be split where prompt and output
        meet (token healing). What must be distinct, or repeated, is left out of account.
        """
    def most_needed(self) -> int | None:
        """No beginning of a text needs more tokens, or bytes, than this to be completed; None without such a bound.

        What must be distinct, or repeated, is left out of account.
        """
    def state_hash(self) -> int:
        """A number for what may follow: where it is the same, the same may, what must be distinct aside.

        It may be the same by chance. It means nothing in another process, nor after tables were dropped to save memory.
        """
    def lump(self) -> int:
        """A number for the places from which texts go on alike, roughly: of a language, there are few.

        Lexemes in progress and what is open on the innermost levels make it, and how near counts are to their bounds;
        how deep that is nested, and in what, does not. It is never 0, and means the same to every matcher of the
        grammar, in this version; what is kept for longer is better told by tokens that lead there.
        """
    def lumps_after(self, token_ids: NDArray[np.int64]) -> NDArray[np.uint64]:
        """The lump after each of these tokens; 0 where one is not accepted.

        Raises:
            ValueError: not int64 with one dimension.
        """
    def is_tracked(self) -> bool:
        """Must some things in the text differ, or be repeated, so that what it needs depends on all of it?"""
    def shortest_completion(self) -> bytes:
        """Bytes that complete the text from here (few of them; empty when already complete)."""

class Literals:
    """Texts of which one has to be spelled next and then end. Immutable.

    A text that ends in a word character ends where something else than a word character follows, or nothing; any other
    text ends where it ends. An empty text ends a word that is there already. What follows is not the texts' matter any
    more.
    """

    def __new__(cls, texts: Sequence[str], word: Sequence[tuple[int, int]]) -> Self:
        """Of any texts.

        Args:
            texts: the texts.
            word: which characters are word characters: inclusive ranges of code points.
        """
    def allows(self, data: bytes) -> bool:
        """May what comes begin with these bytes?"""
    def is_whole(self, data: bytes) -> bool:
        """Are these bytes one of the texts, no more and no less?"""
    def left_after(self, data: bytes) -> int | None:
        """Length of the text that these bytes begin with, once they show that it ended; else None."""
    def keep_allowed(self, vocabulary: Vocabulary, begun: bytes, bitmask: NDArray[np.int32], row: int = 0) -> None:
        """Take the tokens from ``bitmask[row]`` that cannot come after ``begun``.

        Stop tokens stay where ``begun`` is a whole text, and where it went on after one ended, all stays.

        Args:
            vocabulary: whose tokens they are.
            begun: what came since one of the texts has to come.
            bitmask: as for :meth:`Matcher.fill_next_token_bitmask`, which fills it before.
            row: which row.

        Raises:
            ValueError: wrong dtype, shape or row.
        """

def compile_grammar(
    grammar: Grammar, vocabulary: Vocabulary, limits: Limits, description: Mapping[str, str] | None = None
) -> CompiledGrammar:
    """Build the automaton. The GIL is released while it works.

    Raises:
        UnsatisfiableError: the language is empty.
        LimitError: a budget ran out.
        ValueError: the grammar is malformed, which :class:`~constrain.compiler.grammar.GrammarBuilder` never makes.
    """

def expected_future(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int64],
    values: NDArray[np.float64],
    ends: NDArray[np.float64],
    steps: int,
    first: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """The chance to have ended, by the tokens left and the state: W_0 = ends, W_b = ends + M W_{b-1}.

    Args:
        indptr: ``[n + 1]``; row q of M is ``indptr[q]`` to ``indptr[q + 1]``, exclusive (compressed sparse rows).
        indices: states that the rows lead to.
        values: how likely.
        ends: ``[n]``, how likely it is to end at once.
        steps: the most tokens left, beside those of ``first``.
        first: ``[n]``, W to begin with instead of W_0: what was the last row goes on.

    Returns:
        ``[steps + 1, n]``, none of them above 1.

    Raises:
        ValueError: wrong dtypes or shapes, indices out of range, or chances of a state that come to more than 1; or
            more than 65,536 steps or 268,435,456 numbers at once.
    """

def fill_batch(matchers: Sequence[Matcher], bitmask: NDArray[np.int32], rows: Sequence[int] | None = None) -> None:
    """Fill a row of ``bitmask`` for each matcher, over threads, without the GIL.

    The matchers may be of different grammars; what their vocabularies share is the mask's width. There are as many
    threads as processors, or as ``RAYON_NUM_THREADS`` says when the first batch is filled.

    Args:
        matchers: one for each row to fill.
        bitmask: int32, shape ``[batch, ceil(vocab_size / 32)]``, C-contiguous; nobody else may touch it meanwhile.
        rows: where each matcher's mask goes, distinct; by default the first rows, in order.

    Raises:
        ValueError: wrong dtype, shape or rows.
        LimitError: a budget of ``Limits`` ran out for a matcher; its row is left as it was, the others are filled.
    """

def text_units(text: str, unit: str) -> list[tuple[int, int]]:
    """Where the units of a text begin and end, in bytes of its UTF-8.

    Args:
        text: the text.
        unit: ``"char"``; ``"word"`` or ``"sentence"`` as in Unicode Standard Annex #29, without blanks at the ends.

    Raises:
        ValueError: an unknown unit.
    """

def unicode_class(query: str) -> list[tuple[int, int]] | None:
    r"""Code-point ranges of ``\p{query}`` (general category, script, binary property); None when unknown."""

def in_any_case(ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The characters of code-point ranges, and all that simple case folding makes equal to one of them."""

class TokenAutomaton:
    """The token automaton of a compiled grammar, exact for canvases of up to ``length`` tokens. Immutable.

    Its letters are classes of tokens that no state tells apart; its states are those that whole tokens lead to. A
    grammar with endlessly many, such as one that nests, is unrolled as deep as so many tokens can get.
    """

    def __new__(
        cls,
        grammar: CompiledGrammar,
        length: int,
        *,
        max_states: int = 5_000,
        max_edges: int = 2_000_000,
        distinct: bool = True,
        pad_token_ids: Sequence[int] = (),
    ) -> Self:
        """Explore the grammar from its start, breadth first.

        Args:
            grammar: the language and its vocabulary.
            length: the most tokens that a canvas may have.
            max_states: the most states between tokens.
            max_edges: the most edges.
            distinct: must keys and items differ where the language says so? What was written is then part of a state.
                Without it, the automaton takes more than the language.
            pad_token_ids: tokens beside the vocabulary's stop tokens that may stand behind the text.

        Raises:
            LimitError: there are more states or edges.
            VocabularyError: a padding token is text, or is not in the vocabulary.
        """
    @property
    def length(self) -> int:
        """The most tokens of a canvas for which it is exact."""
    @property
    def is_relaxed(self) -> bool:
        """Is it left out that keys or items must differ? Then it takes more than the language."""
    @property
    def states(self) -> int:
        """States between tokens, with the one behind stop tokens."""
    @property
    def classes(self) -> int:
        """Classes of tokens; the last is that of stop tokens."""
    @property
    def groups(self) -> int:
        """Sets of classes on edges."""
    @property
    def edges(self) -> int:
        """Edges, of a group each."""
    @property
    def fewest_tokens(self) -> int | None:
        """Fewest tokens of a text of the language; None where that is more than ``length``."""
    def class_of(self) -> NDArray[np.int32]:
        """The class of each token: int32 ``[vocab_size]``; -1 for tokens that are nowhere allowed."""
    def tokens_of(self, class_: int, /) -> NDArray[np.int64]:
        """The tokens of a class, ascending: int64."""

class CanvasBoard:
    """A canvas on an automaton: what may stand where, and how likely. Not for concurrent use.

    Its cells are token ids, -1 for any token, -2 for any token or none, -3 for none. A path has a class for each
    position, or -3 where none stands. ``constrain.runtime.diffusion.Canvas`` is what to use.
    """

    def __new__(cls, automaton: TokenAutomaton, cells: NDArray[np.int64]) -> Self: ...
    def change(self, positions: NDArray[np.int64], cells: NDArray[np.int64]) -> None:
        """Change cells: tokens, or -1 open, -2 optional, -3 left out.

        Weights stay as long as open cells are decided; where cells are opened again, there are none until the next call
        of ``weigh``.
        """
    def is_possible(self) -> bool:
        """Can it be completed?"""
    def accepts(self, path: NDArray[np.int64]) -> bool:
        """May these classes stand on a way through the canvas, one for each position?"""
    def allowed_classes(self) -> NDArray[np.bool_]:
        """Which classes may stand at each position: bool ``[positions, classes]``."""
    def may_delete(self) -> NDArray[np.bool_]:
        """Which positions may be left out: bool ``[positions]``."""
    def fill_bitmask(self, bitmask: NDArray[np.int32], position: int, row: int) -> None:
        """Overwrite ``bitmask[row]`` with the tokens that may stand at a position."""
    def fewest_in_gaps(self) -> list[tuple[int, int, int]] | None:
        """Runs of open cells, each with its tokens in a shortest completion; None where none is within the length."""
    def weigh(
        self,
        logits: NDArray[np.float32] | NDArray[np.uint16],
        deletions: NDArray[np.float64],
        kind: str = "single",
        temperature: float = 1.0,
    ) -> None:
        """Weigh the classes at open positions by a model's logits.

        Args:
            logits: ``[positions, vocab_size or more]``, C-contiguous; read where it lies.
            deletions: logarithms of the weights of leaving positions out, ``[positions]``; logits are divided by the
                temperature, these are not.
            kind: ``"single"`` for float32; of uint16, whether its bits are ``"half"`` (IEEE) or ``"brain"`` floats.
            temperature: above zero.

        Raises:
            ModelError: a logit of an allowed token is NaN or plus infinity.
            ValueError: a wrong dtype, shape or temperature.
        """
    def weigh_classes(
        self, sums: NDArray[np.float64], best: NDArray[np.float64], deletions: NDArray[np.float64]
    ) -> None:
        """Weigh the classes by logarithms: float64, ``[positions * classes]`` each."""
    def class_weights(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The logarithms that classes weigh, and those of their best tokens: float64 ``[positions, classes]`` each."""
    def log_total(self) -> float:
        """Logarithm of the sum of the weights of all completions."""
    def posterior(self) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """Shares of all weight, by class and of leaving a position out; None where there is no weight."""
    def best_path(self) -> tuple[NDArray[np.int64], float] | None:
        """The heaviest completion, a class (or -3) for each position, and the logarithm of its weight; or None."""
    def sample(self, numbers: NDArray[np.float64]) -> NDArray[np.int64] | None:
        """A completion drawn by weight, with a number from 0 up to 1 for each position; None without weight."""
    def tokens_on(
        self,
        logits: NDArray[np.float32] | NDArray[np.uint16],
        path: NDArray[np.int64],
        numbers: NDArray[np.float64] | None = None,
        kind: str = "single",
        temperature: float = 1.0,
    ) -> NDArray[np.int64]:
        """The best token of each class of a path, or with numbers from 0 up to 1 one drawn by its logit.

        Positions that are decided or left out are -3.
        """
    def log_sums(
        self, logits: NDArray[np.float32] | NDArray[np.uint16], kind: str = "single", temperature: float = 1.0
    ) -> NDArray[np.float64]:
        """Logarithms of the sums of exponentials of whole rows of logits, of open positions; 0 for others."""

def decide_gaps(
    grammar: CompiledGrammar,
    parts: Sequence[bytes | tuple[int, int | None]],
    max_states: int = 100_000,
    distinct: bool = True,
) -> tuple[list[bytes] | None, tuple[int, int, bytes] | None]:
    """Can a text with gaps be completed? ``(fillings, None)``, or ``(None, (part, offset, expected bytes))``.

    Args:
        grammar: the language.
        parts: texts, and gaps as the least and the most number of tokens; where that is None, so many tokens and then
            any bytes.
        max_states: the most states to look at.
        distinct: must keys and items differ where the language says so?

    Raises:
        LimitError: it is not decided within ``max_states``, as can be where a language has endlessly many.
    """
