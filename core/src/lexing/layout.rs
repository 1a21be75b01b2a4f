//! Indentation: the blanks after a line's end say how lines nest, as lark's `Indenter` reads them. Such a line's end is
//! several terminals for the parser: itself, then one that opens a block or some that close blocks.
//!
//! What the blanks may be depends on the blocks that are open, so each parser node knows them. A line's end that closes
//! blocks has a certain number of columns, so it is one lexeme for each block that it may go back to; one that opens a
//! block counts its columns as it is read (`lexer::variants`). Inside brackets line ends mean nothing.

use rustc_hash::FxHashMap;

use crate::error::Result;
use crate::form::IndenterForm;
use crate::lexer::{Lexeme, Lexer};
use crate::regex::expression::{ANY, Arm, EMPTY, EPSILON, ExpressionId, Expressions, UNBOUNDED};

/// Index of the blocks and brackets that are open.
pub type LayoutId = u32;

/// The columns of a tab, in lark's indenter and in Python's language reference.
const TAB: u32 = 8;

/// Nothing is open.
pub const FLAT: LayoutId = 0;

/// What a line's end does besides ending the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// It is none, or stands in brackets.
    None,
    /// The next line is as deep.
    Same,
    /// So many blocks end.
    Out(u32),
    /// A block begins: so many columns were read since the last line feed.
    In(u32),
}

impl Change {
    pub fn counts(self) -> bool {
        matches!(self, Change::In(_))
    }

    /// After one more byte.
    pub fn after(self, byte: u8) -> Self {
        match self {
            Change::In(columns) => Change::In(match byte {
                b'\n' => 0,
                _ => columns.saturating_add(columns_of(byte)),
            }),
            other => other,
        }
    }
}

fn columns_of(byte: u8) -> u32 {
    match byte {
        b' ' => 1,
        b'\t' => TAB,
        _ => 0,
    }
}

/// Where a byte can make a difference to `Change::after`.
pub const COUNTED: [Arm; 3] = [
    Arm {
        low: b'\t',
        high: b'\t',
        to: EPSILON,
    },
    Arm {
        low: b'\n',
        high: b'\n',
        to: EPSILON,
    },
    Arm {
        low: b' ',
        high: b' ',
        to: EPSILON,
    },
];

/// The terminals of indentation.
#[derive(Debug, Clone)]
pub struct Indenter {
    pub newline: Lexeme,
    pub indent: Lexeme,
    pub dedent: Lexeme,
    pub opening: Vec<Lexeme>,
    pub closing: Vec<Lexeme>,
}

impl Indenter {
    /// None where a line's end or a block can't come.
    pub fn new(form: &IndenterForm, lexeme_of: impl Fn(usize) -> Option<Lexeme>) -> Option<Self> {
        let all = |symbols: &[usize]| symbols.iter().filter_map(|&symbol| lexeme_of(symbol)).collect();
        Some(Indenter {
            newline: lexeme_of(form.newline)?,
            indent: lexeme_of(form.indent)?,
            dedent: lexeme_of(form.dedent)?,
            opening: all(&form.opening),
            closing: all(&form.closing),
        })
    }

    /// Has the terminal no text of its own?
    pub fn is_mark(&self, lexeme: Lexeme) -> bool {
        lexeme == self.indent || lexeme == self.dedent
    }

    /// The terminals that a line's end stands for, after itself.
    pub fn marks(&self, change: Change) -> impl Iterator<Item = Lexeme> + use<> {
        let (mark, count) = match change {
            Change::None | Change::Same => (self.dedent, 0),
            Change::Out(count) => (self.dedent, count),
            Change::In(_) => (self.indent, 1),
        };
        std::iter::repeat_n(mark, count as usize)
    }
}

/// What is open: the innermost block, and what is around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Layout {
    around: LayoutId,
    width: u32,
    depth: u32,
    brackets: u32,
}

/// All that were met, and the texts of line ends.
#[derive(Debug)]
pub struct Layouts {
    table: Vec<Layout>,
    ids: FxHashMap<Layout, LayoutId>,
    /// By columns: line ends with so many of them, and with more.
    widths: Vec<(ExpressionId, ExpressionId)>,
}

impl Default for Layouts {
    fn default() -> Self {
        let flat = Layout {
            around: FLAT,
            width: 0,
            depth: 0,
            brackets: 0,
        };
        Layouts {
            table: vec![flat],
            ids: FxHashMap::from_iter([(flat, FLAT)]),
            widths: Vec::new(),
        }
    }
}

impl Layouts {
    fn id(&mut self, layout: Layout) -> LayoutId {
        let next = self.table.len() as LayoutId;
        *self.ids.entry(layout).or_insert_with(|| {
            self.table.push(layout);
            next
        })
    }

    fn get(&self, id: LayoutId) -> Layout {
        self.table[id as usize]
    }

    /// The number of blocks that are open.
    pub fn depth(&self, id: LayoutId) -> u32 {
        self.get(id).depth
    }

    pub fn in_brackets(&self, id: LayoutId) -> bool {
        self.get(id).brackets > 0
    }

    /// The columns of the open blocks, innermost first; those of no block are the last.
    pub fn columns(&self, id: LayoutId) -> impl Iterator<Item = u32> + '_ {
        let mut at = Some(id);
        std::iter::from_fn(move || {
            let layout = self.get(at?);
            at = (layout.depth > 0).then_some(layout.around);
            Some(layout.width)
        })
    }

    /// What tells it from others, whatever its number.
    pub fn describe(&self, id: LayoutId) -> Vec<u32> {
        [self.get(id).brackets].into_iter().chain(self.columns(id)).collect()
    }

    /// After a line's end.
    pub fn changed(&mut self, id: LayoutId, change: Change) -> LayoutId {
        match change {
            Change::None | Change::Same => id,
            Change::Out(count) => (0..count).fold(id, |at, _| self.get(at).around),
            Change::In(width) => {
                let depth = self.depth(id) + 1;
                self.id(Layout {
                    around: id,
                    width,
                    depth,
                    brackets: 0,
                })
            }
        }
    }

    /// After a terminal that may be a bracket.
    pub fn after(&mut self, id: LayoutId, lexeme: Lexeme, indenter: &Indenter) -> LayoutId {
        let mut layout = self.get(id);
        if indenter.opening.contains(&lexeme) {
            layout.brackets += 1;
        } else if indenter.closing.contains(&lexeme) {
            layout.brackets = layout.brackets.saturating_sub(1);
        } else {
            return id;
        }
        self.id(layout)
    }

    /// Line ends after which there are so many columns.
    pub fn line_ends_of(&mut self, columns: u32, lexer: &mut Lexer) -> Result<ExpressionId> {
        Ok(self.widths(columns, lexer)?.0)
    }

    /// Line ends after which there are more columns.
    pub fn deeper_line_ends(&mut self, columns: u32, lexer: &mut Lexer) -> Result<ExpressionId> {
        Ok(self.widths(columns, lexer)?.1)
    }

    fn widths(&mut self, columns: u32, lexer: &mut Lexer) -> Result<(ExpressionId, ExpressionId)> {
        let expressions = &mut lexer.derivatives.expressions;
        let last_line = byte_class(&[(0, 9), (11, 255)], expressions)?;
        let last_line = expressions.repeat(last_line, 0, UNBOUNDED)?;
        let others = byte_class(&[(0, 8), (11, 31), (33, 255)], expressions)?;
        let others = expressions.repeat(others, 0, UNBOUNDED)?;
        while self.widths.len() <= columns as usize {
            let width = self.widths.len();
            let before = |columns: usize| width.checked_sub(columns).map(|left| self.widths[left]);
            let (by_blank, by_tab) = (before(1), before(TAB as usize));
            let step = |blank, tab, expressions: &mut Expressions| {
                let arms = [(b'\t', tab), (b' ', blank)].into_iter().filter(|&(_, to)| to != EMPTY);
                let arms = arms.map(|(byte, to)| Arm {
                    low: byte,
                    high: byte,
                    to,
                });
                let counted = expressions.branch(false, arms.collect())?;
                expressions.concat(others, counted)
            };
            let exactly = match width {
                0 => others,
                _ => step(
                    by_blank.map_or(EMPTY, |(exactly, _)| exactly),
                    by_tab.map_or(EMPTY, |(exactly, _)| exactly),
                    expressions,
                )?,
            };
            let more = step(
                by_blank.map_or(last_line, |(_, more)| more),
                by_tab.map_or(last_line, |(_, more)| more),
                expressions,
            )?;
            self.widths.push((exactly, more));
        }
        let feed = byte_class(&[(10, 10)], expressions)?;
        let lines = expressions.concat(ANY, feed)?;
        let (exactly, more) = self.widths[columns as usize];
        Ok((expressions.concat(lines, exactly)?, expressions.concat(lines, more)?))
    }
}

/// Texts of one byte.
pub(super) fn byte_class(ranges: &[(u8, u8)], expressions: &mut Expressions) -> Result<ExpressionId> {
    let arms = ranges.iter().map(|&(low, high)| Arm { low, high, to: EPSILON });
    expressions.branch(false, arms.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regex::derivative::Derivatives;

    fn matches(text: &[u8], expression: ExpressionId, lexer: &mut Lexer) -> bool {
        let mut at = expression;
        for &byte in text {
            let arms = lexer.derivatives.arms(at).unwrap();
            at = arms
                .iter()
                .find(|arm| arm.low <= byte && byte <= arm.high)
                .map_or(EMPTY, |arm| arm.to);
        }
        lexer.derivatives.expressions.nullable(at)
    }

    #[test]
    fn columns_are_counted_after_the_last_line_feed() {
        let mut lexer = Lexer::new(Derivatives::new(100_000), Vec::new(), 1_000);
        let mut layouts = Layouts::default();
        for text in [
            "\n",
            "\n  ",
            "  \n ",
            "\r\n\t",
            "\n \t  ",
            "#\n        # x\n   #y ",
            "\n         ",
            "   ",
        ] {
            let columns = text.rsplit_once('\n').map(|(_, last)| {
                let change = last.bytes().fold(Change::In(0), |change, byte| change.after(byte));
                match change {
                    Change::In(columns) => columns,
                    _ => unreachable!(),
                }
            });
            for width in 0..12 {
                let exactly = layouts.line_ends_of(width, &mut lexer).unwrap();
                let more = layouts.deeper_line_ends(width, &mut lexer).unwrap();
                let text = text.as_bytes();
                assert_eq!(
                    matches(text, exactly, &mut lexer),
                    columns == Some(width),
                    "{text:?} {width}"
                );
                assert_eq!(
                    matches(text, more, &mut lexer),
                    columns.is_some_and(|found| found > width)
                );
            }
        }
    }

    #[test]
    fn blocks_are_opened_and_closed() {
        let mut layouts = Layouts::default();
        let four = layouts.changed(FLAT, Change::In(4));
        let six = layouts.changed(four, Change::In(6));
        assert_eq!(layouts.columns(six).collect::<Vec<_>>(), [6, 4, 0]);
        assert_eq!(layouts.changed(six, Change::Out(2)), FLAT);
        assert_eq!(layouts.changed(six, Change::Out(1)), four);
        assert_eq!(layouts.changed(six, Change::Same), six);
        assert_eq!(layouts.depth(six), 2);
    }
}
