//! Where not every split of the text counts: what may begin at a node, and whether the text may end there.
//!
//! Under an indenter, a line's end is read as several terminals, and the end of the text closes all blocks. What the
//! parser says to these terminals is tried, on nodes at which no text begins.

use smallvec::SmallVec;

use super::{NodeId, Parser, PredictionId};
use crate::error::Result;
use crate::grammar::Grammar;
use crate::lexer::{DEAD, Lexeme, Lexer};
use crate::lexing::layout::{Change, Indenter};
use crate::lexing::{ContextId, Lexing, LineEnds, Side};
use crate::regex::expression::ExpressionId;

/// What the lexer state at a node depends on, which many nodes share.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Asked {
    context: ContextId,
    forbidden: ExpressionId,
    prediction: PredictionId,
    accepting: bool,
    line_ends: LineEnds,
}

impl Parser {
    /// Finds out what may begin at a node that is new.
    pub(super) fn look_ahead(
        &mut self,
        id: NodeId,
        lexing: &Lexing,
        grammar: &Grammar,
        lexer: &mut Lexer,
    ) -> Result<()> {
        let side = self.nodes.get(id).side;
        if side.context == Side::WITHIN.context {
            self.nodes.set(id, false, DEAD);
            return Ok(());
        }
        let mut accepting = self.nodes.get(id).complete;
        let mut line_ends = LineEnds::Changes(SmallVec::new());
        if let Some(indenter) = &lexing.indenter {
            let depth = self.layouts.depth(side.layout);
            accepting = self.ends(id, depth, indenter, grammar, lexer)?;
            line_ends = match self.layouts.in_brackets(side.layout) {
                true => LineEnds::Ignored,
                false => self.changes(id, indenter, grammar, lexer)?,
            };
        }
        // the empty text is what follows at the end
        accepting &= !lexer.derivatives.expressions.nullable(side.forbidden);
        let prediction = self.nodes.get(id).prediction;
        let asked = Asked {
            context: side.context,
            forbidden: side.forbidden,
            prediction,
            accepting,
            line_ends,
        };
        let state = match self.begun.get(&asked) {
            Some(&known) => known,
            None => {
                let lexemes = &self.predictions.get(prediction).lexemes;
                let state = lexing.begin(side, lexemes, accepting, &asked.line_ends, lexer)?;
                self.begun.insert(asked, state);
                state
            }
        };
        self.nodes.set(id, accepting, state);
        Ok(())
    }

    /// May the text end here, where so many blocks are open?
    fn ends(
        &mut self,
        node: NodeId,
        depth: u32,
        indenter: &Indenter,
        grammar: &Grammar,
        lexer: &mut Lexer,
    ) -> Result<bool> {
        let mut at = node;
        for _ in 0..depth {
            match self.tried(at, indenter.dedent, grammar, lexer)? {
                Some(next) => at = next,
                None => return Ok(false),
            }
        }
        Ok(self.nodes.get(at).complete)
    }

    /// What a line's end may do to the blocks that are open.
    fn changes(&mut self, node: NodeId, indenter: &Indenter, grammar: &Grammar, lexer: &mut Lexer) -> Result<LineEnds> {
        let mut changes = SmallVec::new();
        let Some(ended) = self.tried(node, indenter.newline, grammar, lexer)? else {
            return Ok(LineEnds::Changes(changes));
        };
        let layout = self.nodes.get(node).side.layout;
        let columns: Vec<u32> = self.layouts.columns(layout).collect();
        if self.tried(ended, indenter.indent, grammar, lexer)?.is_some() {
            let deeper = self.layouts.deeper_line_ends(columns[0], lexer)?;
            changes.push((Change::In(0), deeper));
        }
        let mut at = ended;
        for (count, &width) in (0..).zip(&columns) {
            if count > 0 {
                match self.tried(at, indenter.dedent, grammar, lexer)? {
                    Some(next) => at = next,
                    None => break,
                }
            }
            let prediction = self.predictions.get(self.nodes.get(at).prediction);
            let goes_on = prediction.lexemes.iter().any(|&lexeme| !indenter.is_mark(lexeme));
            let left = columns.len() as u32 - 1 - count;
            if goes_on || self.ends(at, left, indenter, grammar, lexer)? {
                let change = if count == 0 { Change::Same } else { Change::Out(count) };
                changes.push((change, self.layouts.line_ends_of(width, lexer)?));
            }
        }
        Ok(LineEnds::Changes(changes))
    }

    /// The node after a terminal, where it is waited for.
    fn tried(
        &mut self,
        node: NodeId,
        terminal: Lexeme,
        grammar: &Grammar,
        lexer: &mut Lexer,
    ) -> Result<Option<NodeId>> {
        if let Some(&known) = self.tried.get(&(node, terminal)) {
            return Ok(known);
        }
        let found = self.within(node, terminal, grammar, lexer, &mut Vec::new())?;
        self.tried.insert((node, terminal), found);
        Ok(found)
    }
}
