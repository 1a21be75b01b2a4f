"""The generation loop: mask, model, choice, text, until a stop token or the budget."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from constrain.compiler import CompiledGrammar
from constrain.runtime.decoding.constraint import Allowed, Constraint
from constrain.runtime.decoding.drafters import Place
from constrain.runtime.decoding.drafts import MOST, DraftMemory, Drafts
from constrain.runtime.decoding.fitting import check_fit
from constrain.runtime.decoding.options import GenerationOptions
from constrain.runtime.decoding.reader import ModelReader, Reader, Reading, RowReader
from constrain.runtime.decoding.record import Record
from constrain.runtime.decoding.result import FinishReason, GenerationResult, Timings
from constrain.runtime.decoding.room import Room, RoomLeft
from constrain.runtime.decoding.step import ChosenToken, TokenChooser
from constrain.runtime.decoding.text import TextWriter
from constrain.runtime.monitors.watch import MOST_REFUSALS, Watch
from constrain.runtime.tree import NOTHING, Tree

if TYPE_CHECKING:
    from constrain.runtime.decoding.draft_model import DraftModel
    from constrain.runtime.models import CausalModel
    from constrain.runtime.models.rows import Rows

__all__ = ["Generation", "generate"]


def generate(
    model: CausalModel,
    compiled: CompiledGrammar,
    prompt_ids: Sequence[int],
    options: GenerationOptions | None = None,
    *,
    narrowed: CompiledGrammar | None = None,
    begun: bytes = b"",
    watch: Watch | None = None,
    rows: Rows | None = None,
    memory: DraftMemory | None = None,
    draft_model: DraftModel | None = None,
    on_text: Callable[[str], None] | None = None,
) -> GenerationResult:
    """Generate one output in the language of ``compiled``.

    Args:
        model: the model.
        compiled: a grammar compiled for ``model.vocabulary``.
        prompt_ids: from :meth:`CausalModel.encode_prompt`.
        options: how tokens are chosen.
        narrowed: a part of the language that the output keeps to, where that fits into the limits: such as that of
            ``compile_json_schema(..., sizes=Sizes())``, in which nothing goes on without end.
        begun: the beginning of the text, where the prompt ends with it: the output is what comes after it.
        watch: a monitor over this output, for ``compiled`` and with the same ``begun``; method ``awrs`` needs one.
        rows: of ``model``, with which the output shares what they know of the prompt; and where tokens can be drafted.
        memory: of earlier outputs of ``compiled``, to draft from; with ``rows`` only. Drafts change the time, not the
            output.
        draft_model: a smaller one for ``model``, likewise; it can do without ``memory``.
        on_text: called with each new piece of text, in whole characters.

    Raises:
        ModelError: prompt and budget exceed the model's context, or the model fails; or no text begins as ``begun``.
        ArtifactError: the grammar was compiled for another vocabulary.
        BudgetError: no output of the constraint fits into the limits of ``options``; the message names what is needed.
        LimitError: a budget of the grammar ran out.
        VocabularyError: the vocabulary cannot spell what has to follow.
        MonitorError: the monitor fails, or leaves no way on.
    """
    return Generation(
        model,
        compiled,
        prompt_ids,
        options,
        narrowed=narrowed,
        begun=begun,
        watch=watch,
        rows=rows,
        memory=memory,
        draft_model=draft_model,
        on_text=on_text,
    ).run()


class Generation:
    """One output in the making. Arguments and errors are those of :func:`generate`."""

    def __init__(
        self,
        model: CausalModel,
        compiled: CompiledGrammar,
        prompt_ids: Sequence[int],
        options: GenerationOptions | None = None,
        *,
        narrowed: CompiledGrammar | None = None,
        begun: bytes = b"",
        watch: Watch | None = None,
        rows: Rows | None = None,
        memory: DraftMemory | None = None,
        draft_model: DraftModel | None = None,
        on_text: Callable[[str], None] | None = None,
    ) -> None:
        """Begin; the model is not run yet."""
        options = options or GenerationOptions()
        if options.method not in ("mask", "greedy", "awrs"):
            raise ValueError(
                f"method {options.method!r} finds several outputs together: see constrain.runtime.decoding"
            )
        if options.method == "awrs" and watch is None:
            raise ValueError("method 'awrs' is for what a monitor refuses: there must be a watch")
        check_fit(model, (compiled, narrowed), prompt_ids, options)
        if watch is not None and options.heal:
            raise ValueError("a monitor judges whole tokens of the text: heal must be False")
        self._started = time.perf_counter()
        self._seconds = 0.0
        self._model = model
        self._heals = options.heal and len(prompt_ids) > 1 and bool(model.vocabulary.token(prompt_ids[-1]))
        certain = prompt_ids[:-1] if self._heals else prompt_ids
        self._last_id = prompt_ids[-1]
        self._sequence = list(certain)
        self._prompt_tokens = len(certain)
        self._closes = options.on_limit == "close"
        self._wants_logprobs = options.logprobs
        self._is_canonical = options.spelling == "canonical"
        self._left = RoomLeft(options)
        self._clock = Timings.clock()
        with self._timed("mask"):
            room = self._left.room if self._closes else None
            self._constraint = Constraint(compiled, begun, narrowed=narrowed, room=room, watch=watch)
        self._chooser = TokenChooser(options, prompt_ids)
        self._record = Record(self._chooser)
        self._writer = TextWriter(on_text)
        self._token_ids: list[int] = []
        self._here = self._left.room
        self._allowed: Allowed | None = None
        self._finish_reason: FinishReason | None = None
        self._limit: str | None = None
        # last, for whoever joins rows has to leave them: nothing after this may fail
        self._reader: Reader = ModelReader(model) if rows is None else RowReader(rows, certain)
        self._unread = list(certain[self._reader.read_already :])
        self._memory = DraftMemory() if memory is None and draft_model is not None else memory
        self._drafts = self._drafts_for(prompt_ids, draft_model) if self._reader.takes_drafts else None

    @property
    def is_finished(self) -> bool:
        """Is the output complete, or cut, and all known that is wanted of it?"""
        return self._finish_reason is not None and not self._record.pending

    @property
    def row_reader(self) -> RowReader:
        """What reads for an output with rows."""
        if not isinstance(self._reader, RowReader):
            raise TypeError("the output was made without rows")
        return self._reader

    def run(self) -> GenerationResult:
        """Take it to its end."""
        try:
            while not self.is_finished:
                self.step()
        finally:
            self.close()
        return self.result()

    def step(self) -> None:
        """Write what is certain, or else one token; the model is run at most once."""
        if self.is_finished or self.write_certain():
            return
        if self._finish_reason is None:
            self.look()
            if self._take_without_model():
                return
        reading = self.reading()
        started = time.perf_counter()
        logits = self._reader.read(reading)
        self.receive(logits, time.perf_counter() - started)

    def write_certain(self) -> bool:
        """Write what comes next whatever the model says, as the tokenizer spells it; was there any?"""
        if self._finish_reason is not None or self._heals or not self._is_canonical:
            return False
        with self._timed("mask"):
            forced = self._constraint.forced()
        written = 0
        for token_id in forced:
            if (not self._closes and self._left.spent()) or not self._takes(token_id, self._room()):
                break  # so far as there is room for it in this spelling
            self._record.defer(token_id)
            written += 1
        return self._wrote(written > 0)

    def look(self) -> None:
        """Find out what may come next. It may run beside :meth:`Rows.forward`, in another thread."""
        if self._finish_reason is None:
            self._here = self._room()
            self._allowed = self._find()

    def reading(self, most_drafted: int = MOST) -> Reading:
        """What the model is to read, for :meth:`receive`; with a draft of at most so many tokens."""
        pending = self._record.pending if self._wants_logprobs else 0
        if self._finish_reason is None:
            return Reading(self._unread, pending + 1, self._draft(most_drafted))
        # a stop token is not in the text; another one is, but what comes after it is not asked
        is_stopped = len(self._token_ids) < len(self._record.tokens) + pending
        return Reading(self._unread if is_stopped else self._unread[:-1], pending)

    def receive(self, logits: NDArray[np.float32], seconds: float) -> None:
        """Go on with what the model says.

        Args:
            logits: of the tokens of :meth:`reading`, float32 ``[count, vocab_size]``.
            seconds: how long that took.
        """
        self._clock["model"] += seconds
        self._left.stepped()
        self._unread = []
        with self._timed("sampling"):
            is_last = self._finish_reason is not None
            self._record.settle(logits if is_last else logits[:-1] if self._wants_logprobs else None)
        if not is_last and self._allowed is not None and not self._is_over(self._allowed):
            with self._timed("sampling"):
                shaped = self._chooser.shaped(logits[-1])
            self._choose(self._allowed, shaped)
        self._wrote(True)

    def _wrote(self, anything: bool) -> bool:
        if self._finish_reason is not None and not self._wants_logprobs:
            self._record.settle(None)
        self._seconds = time.perf_counter() - self._started
        return anything

    def _find(self) -> Allowed:
        """What is allowed here, but for what was refused."""
        with self._timed("mask"):
            if self._heals:
                return self._constraint.healing(self._last_id, self._model.vocabulary.token(self._last_id) or b"")
            return self._constraint.allowed(self._here)

    def _is_over(self, allowed: Allowed) -> bool:
        """Does the output end here, whatever the model says?"""
        if self._heals:
            return False
        if self._constraint.must_stop(allowed):
            self._finish_reason = "stop"
        elif not self._closes and (limit := self._left.spent()):
            self._finish_reason, self._limit = "length", limit
        return self._finish_reason is not None

    def _take_without_model(self) -> bool:
        """End the output, or write the one token that is allowed, if so it is."""
        allowed = self._allowed
        if allowed is None or self._heals or len(allowed.ids) > 1:
            return self._wrote(allowed is not None and self._is_over(allowed))
        if not self._is_over(allowed):
            # nothing to choose: the model reads it together with what comes next
            token_id = int(allowed.ids[0])
            if self._takes(token_id, self._here):
                self._record.defer(token_id, allowed)
        return self._wrote(True)

    def _choose(self, allowed: Allowed, shaped: NDArray[np.float64]) -> None:
        """Draw until a token is taken: from what is allowed, and then from what is left of it."""
        state = self._constraint.matcher.state_hash() if self._memory is not None else 0
        last_id = self._last_id
        while True:
            chosen = self._drawn(allowed, shaped)
            left = self._constraint.left_of(allowed) if self._chooser.is_checking else allowed
            if chosen is not None and self._takes_here(chosen.token_id):
                break
            if self._finish_reason is not None:
                return
            allowed = self._find()
        if self._memory is not None:
            self._memory.follow(state, last_id, chosen.token_id)
        with self._timed("sampling"):
            self._record.add(chosen, shaped, left)

    def _drawn(self, allowed: Allowed, shaped: NDArray[np.float64]) -> ChosenToken | None:
        """A draw; None where all that could be drawn is refused."""
        in_mask = self._clock["mask"]
        with self._timed("sampling"):
            if self._chooser.is_checking:
                # one more than a monitor may refuse, so that it is known that it did
                chosen = self._chooser.choose_accepted(shaped, allowed.ids, self._would_take, MOST_REFUSALS + 1)
            else:
                chosen = self._chooser.choose(shaped, allowed.ids)
        self._clock["sampling"] -= self._clock["mask"] - in_mask
        return chosen

    def _would_take(self, token_id: int) -> bool:
        """Is a token not to be drawn anew? The one with which a limit cuts the output is not."""
        after = self._here.after(len(self._model.vocabulary.token(token_id) or b""))
        if after.bytes is not None and after.bytes < 0 and not self._closes:
            return True
        with self._timed("mask"):
            return self._constraint.would_accept(token_id, after)

    def _takes_here(self, token_id: int) -> bool:
        return self._takes_healed(token_id) if self._heals else self._takes(token_id, self._here)

    def _takes_healed(self, token_id: int) -> bool:
        """Take a token that begins as the prompt's last one, in its place; False where it is not to be taken."""
        begun = self._model.vocabulary.token(self._last_id) or b""
        text = self._model.vocabulary.text(token_id)[len(begun) :]
        with self._timed("mask"):
            if not self._constraint.accept_healed(token_id, text, self._here.after(len(text)) if text else self._here):
                return False
        if text:
            self._left.take(len(text))
        self._heals = False
        self._write(token_id, text)
        return True

    def _room(self) -> Room:
        """What may still be written; never less than the output needs."""
        room, affordable = self._left.room, self._left.affordable()
        if not self._closes or affordable is None or affordable >= room.tokens:
            return room
        with self._timed("mask"):
            needed = self._constraint.needed(Room(affordable, room.bytes))
        return Room(min(max(affordable, needed), room.tokens), room.bytes)

    def _takes(self, token_id: int, room: Room) -> bool:
        """Go on with a token; False where it is not to be taken, since too little would be left after it."""
        if self._constraint.is_stop(token_id):
            if not self._constraint.may_stop(token_id):
                return False
            self._finish_reason = "stop"
            return True
        text = self._model.vocabulary.text(token_id)
        size = len(self._model.vocabulary.token(token_id) or b"")  # names of special tokens cost no bytes
        after = room.after(size)
        if after.bytes is not None and after.bytes < 0 and not self._closes:
            self._finish_reason, self._limit = "length", "max_bytes"
            return False
        with self._timed("mask"):
            if not self._constraint.accept(token_id, after):
                return False
        self._left.take(size)
        self._write(token_id, text)
        return True

    def _write(self, token_id: int, text: bytes) -> None:
        self._last_id = token_id
        self._sequence.append(token_id)
        self._token_ids.append(token_id)
        self._unread.append(token_id)
        self._writer.write(text)

    def _draft(self, most: int) -> Tree:
        if self._drafts is None or self._heals or self._reader.knows(self._unread):
            return NOTHING
        with self._timed("draft"):
            self._drafts.saved(self._reader.saved)
            most = min(most, self._left.room.tokens)
            place = Place(self._constraint.matcher, self._sequence, self._writer.data, most)
            return self._drafts.draft(place) if most else NOTHING

    def _drafts_for(self, prompt_ids: Sequence[int], draft_model: DraftModel | None) -> Drafts | None:
        if self._memory is None:
            return None
        vocabulary = self._model.vocabulary
        prompt = b"".join(vocabulary.token(token_id) or b"" for token_id in prompt_ids)
        return Drafts(vocabulary, prompt, self._memory, model=draft_model)

    def close(self) -> None:
        """Let go of what it shares with others; it can't go on then."""
        if self._memory is not None:
            self._memory.remember(self._writer.data)
        if self._drafts is not None:
            self._drafts.close()
        self._reader.close()

    def result(self) -> GenerationResult:
        """What came of it; before it is finished, what there is."""
        tokens = self._record.tokens
        of_text = tokens[: len(self._token_ids)]
        return GenerationResult(
            text=self._writer.text,
            token_ids=tuple(self._token_ids),
            finish_reason=self._finish_reason or "length",
            is_complete=self._constraint.is_complete(),
            limit=self._limit,
            logprob=sum(token.logprob for token in tokens),
            sampling_logprob=sum(token.sampling_logprob for token in tokens),
            token_logprobs=tuple(token.logprob for token in of_text),
            sampling_token_logprobs=tuple(token.sampling_logprob for token in of_text),
            masked=self._record.masked,
            uniform_steps=self._chooser.uniform_steps,
            model_calls=self._reader.calls,
            drafted_tokens=self._reader.accepted,
            prompt_tokens=self._prompt_tokens,
            seconds=self._seconds,
            timings=Timings(**self._clock),
        )

    @contextmanager
    def _timed(self, what: str) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self._clock[what] += time.perf_counter() - started
