//! The interior of a state that is nearly that of another: inside a key that must differ from the declared ones, it is
//! nearly that of any string.

use super::interior::Ends;
use crate::engine::Engine;
use crate::error::Result;
use crate::lexer::{DEAD, LexerState, MatchSet, NO_MATCH, Progress};
use crate::vocabulary::Vocabulary;
use crate::vocabulary::interior::{Edge, Interior, Levels};
use crate::vocabulary::token_set::{clear_bit, set_bit};

impl Engine {
    /// A state of one lexeme to which most bytes lead from `state`, and from it back to itself.
    fn self_looping_neighbour(&mut self, state: LexerState) -> Result<Option<LexerState>> {
        const ENOUGH_BYTES: usize = 48;
        let row = self.lexer.reached(state)?;
        // the letter that a state tells apart is rarely the same as all of these
        for probe in *b"qZ7~" {
            let model = row[usize::from(probe)];
            if model == DEAD || model == state || self.lexer.only_lexeme(model).is_none() {
                continue;
            }
            let model_row = self.lexer.reached(model)?;
            let agreeing = (0..256).filter(|&byte| row[byte] == model && model_row[byte] == model);
            if agreeing.count() >= ENOUGH_BYTES {
                return Ok(Some(model));
            }
        }
        Ok(None)
    }

    /// The interior of `state` told by how it differs from its neighbour's, where it has one: where both lexers are in
    /// one state, everything below agrees.
    pub(super) fn walk_difference(
        &mut self,
        state: LexerState,
        single: bool,
        vocabulary: &Vocabulary,
    ) -> Result<Option<Interior>> {
        let Some(model) = self.self_looping_neighbour(state)? else {
            return Ok(None);
        };
        // the neighbour's own walk is not told by a difference, so this ends
        let walk = self.walk_alone(Progress::uncounted(model), vocabulary)?;
        let like = walk.interior;
        let Some(tokens) = like.counting.all() else {
            return Ok(None);
        };
        let Some((lexeme, _)) = self.lexer.only_lexeme(model) else {
            return Ok(None);
        };
        let model_set = self.lexer.singleton(lexeme);
        let mut words = vec![0; vocabulary.words()];
        tokens.add_to(&mut words);
        if let Some(counted) = like.counted.all() {
            counted.add_to(&mut words);
        }
        let mut ends = Ends::default();
        like.exits
            .iter()
            .for_each(|(_, exits)| ends.stay_with(model_set, &exits.stay));
        let model_edges: Vec<u32> = like
            .exits
            .iter()
            .flat_map(|(_, exits)| exits.edges.iter().map(|edge| edge.node))
            .collect();
        self.compare(state, model, model_set, &model_edges, vocabulary, &mut words, &mut ends)?;
        Ok(Some(Interior {
            counting: Levels::flat(&words),
            counted: Levels::default(),
            exits: ends.finish(single, &vocabulary.trie),
            highest: 0,
        }))
    }

    // what is compared, beside what is known of it
    #[allow(clippy::too_many_arguments)]
    fn compare(
        &mut self,
        state: LexerState,
        model: LexerState,
        model_set: MatchSet,
        model_edges: &[u32],
        vocabulary: &Vocabulary,
        words: &mut [u32],
        ends: &mut Ends,
    ) -> Result<()> {
        let trie = &vocabulary.trie;
        let edge = |node: u32| Edge { node, level: 0 };
        let mut model_edges = model_edges.iter().copied().peekable();
        let mut stack = vec![(DEAD, DEAD); trie.max_depth() + 1];
        stack[0] = (state, model);
        let (mut at, mut visited) = (0, 0);
        while at < trie.len() {
            visited += 1;
            let node = *trie.node(at);
            let depth = usize::from(node.depth);
            let (from, model_from) = stack[depth];
            let next = self.lexer.step(from, node.byte)?;
            let model_next = self.lexer.step(model_from, node.byte)?;
            // the model's edges before this node stand; at it, they are decided anew
            while let Some(before) = model_edges.next_if(|&before| (before as usize) < at) {
                ends.leave(model_set, edge(before));
            }
            model_edges.next_if(|&here| here as usize == at);
            let ended = if depth == 0 { NO_MATCH } else { self.lexer.matches(from) };
            if ended != NO_MATCH {
                if next == DEAD {
                    ends.leave(ended, edge(at as u32));
                } else {
                    ends.stay(ended, node.byte);
                }
            }
            let end = node.end as usize;
            if next == model_next {
                at = end;
                continue;
            }
            if next == DEAD {
                while model_edges.next_if(|&inside| (inside as usize) < end).is_some() {}
                trie.tokens_below(at).iter().for_each(|&id| clear_bit(words, id));
                at = end;
                continue;
            }
            trie.tokens_at(at).iter().for_each(|&id| set_bit(words, id));
            stack[depth + 1] = (next, model_next);
            at += 1;
        }
        self.spend(visited)?;
        model_edges.for_each(|rest| ends.leave(model_set, edge(rest)));
        Ok(())
    }
}
