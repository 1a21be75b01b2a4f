//! The grammar form that front ends produce, as plain data (`constrain.compiler.grammar.Grammar`).

use std::sync::{Arc, OnceLock};

use crate::regex::excerpt::Spelling;
use crate::regex::excerpt::corpus::{Corpus, Unit};

/// A node of the regular layer; it refers to smaller indices only.
#[derive(Debug, Clone)]
pub enum ExpressionForm {
    Literal(Vec<u8>),
    /// Sorted and distinct.
    Literals(Vec<Vec<u8>>),
    /// Sorted, disjoint inclusive code-point ranges.
    CharClass(Vec<(u32, u32)>),
    Concat(Vec<usize>),
    Union(Vec<usize>),
    Intersection(Vec<usize>),
    Complement(usize),
    Repeat(usize, u32, Option<u32>),
    /// Numerals of the multiples of `divisor / 10^places`; without places, no fraction.
    Multiple {
        divisor: u64,
        places: Option<u8>,
    },
    /// Numerals of the numbers that meet some conditions.
    Numeral(Box<NumeralForm>),
    /// A finite automaton that begins in the first of its states.
    Automaton(Vec<StateForm>),
    /// Choices, or spans of documents.
    Excerpt(ExcerptForm),
}

/// A state of an automaton.
#[derive(Debug, Clone, PartialEq)]
pub struct StateForm {
    pub accepting: bool,
    /// The expression that is read on the way, which holds no empty string, no intersection and no complement; and the
    /// number of the state that it leads to.
    pub steps: Vec<(usize, u32)>,
}

/// What may be taken from some texts.
#[derive(Debug, Clone)]
pub struct ExcerptForm {
    /// Each of the texts with `END` behind it.
    pub text: Arc<Vec<u8>>,
    pub unit: Unit,
    pub spelling: Spelling,
    /// Its sorted table: made once, however often the grammar's tables are begun anew.
    corpus: Arc<OnceLock<Arc<Corpus>>>,
}

impl ExcerptForm {
    pub fn new(text: Vec<u8>, unit: Unit, spelling: Spelling) -> Self {
        ExcerptForm {
            text: Arc::new(text),
            unit,
            spelling,
            corpus: Arc::default(),
        }
    }

    /// The table of a form that is sound.
    pub fn corpus(&self) -> Arc<Corpus> {
        let made = || Arc::new(Corpus::new(&self.text, self.unit));
        self.corpus.get_or_init(made).clone()
    }
}

/// Which numbers, and how they may be spelled.
#[derive(Debug, Clone, PartialEq)]
pub struct NumeralForm {
    pub spelling: SpellingForm,
    pub zero: bool,
    /// Amounts of the numbers above zero and below it, if there are any.
    pub positive: Option<SideForm>,
    pub negative: Option<SideForm>,
    /// In units of `10^-places`: it divides all numbers, and none of those avoided divides any.
    pub divisor: Option<u64>,
    pub avoided: Vec<u64>,
    pub places: u8,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SpellingForm {
    /// Every one of RFC 8259.
    Any,
    /// Without an exponent.
    Plain,
    /// Without a fraction too, and without a negative zero.
    Whole,
    /// With a fraction or an exponent.
    Broken,
}

impl SpellingForm {
    /// May there be an exponent?
    pub fn has_exponent(self) -> bool {
        matches!(self, SpellingForm::Any | SpellingForm::Broken)
    }
}

/// Amounts between two ends. An end that isn't strict meets all conditions; with a divisor none is strict.
#[derive(Debug, Clone, PartialEq)]
pub struct SideForm {
    pub low: Option<EndForm>,
    pub high: Option<EndForm>,
    /// What is left out, or, if `only_listed`, all that there is.
    pub listed: Vec<DecimalForm>,
    pub only_listed: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct EndForm {
    pub number: DecimalForm,
    pub strict: bool,
}

/// `0.d1d2d3... * 10^scale`, whose digits neither begin nor end with a zero.
#[derive(Debug, Clone, PartialEq)]
pub struct DecimalForm {
    pub digits: Vec<u8>,
    pub scale: i32,
}

/// Where a terminal may end; see `distinct`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GuardForm {
    Anywhere,
    /// Where nothing was repeated.
    Distinct,
    /// Where it closes an array that repeats an item.
    Repeated,
    /// Anywhere; a JSON text of its own may begin there.
    Begins,
}

/// A node of the context-free layer; rules may refer to any index.
#[derive(Debug, Clone)]
pub enum SymbolForm {
    Terminal {
        name: String,
        expression: usize,
        guard: GuardForm,
    },
    Rule {
        name: String,
        alternatives: Vec<Vec<usize>>,
    },
    Repeat {
        name: String,
        symbol: usize,
        minimum: u32,
        maximum: Option<u32>,
        separator: Option<usize>,
    },
    /// Members chosen from the options, with a separator between neighbours.
    Members {
        name: String,
        options: Vec<OptionForm>,
        separator: Option<usize>,
        /// Do the members come in the order of the options?
        ordered: bool,
        minimum: u32,
        maximum: Option<u32>,
        /// Of each choice, one demand must hold at the end.
        choices: Vec<Vec<DemandForm>>,
    },
}

impl SymbolForm {
    pub fn name(&self) -> &str {
        match self {
            SymbolForm::Terminal { name, .. }
            | SymbolForm::Rule { name, .. }
            | SymbolForm::Repeat { name, .. }
            | SymbolForm::Members { name, .. } => name,
        }
    }
}

/// What a member may be.
#[derive(Debug, Clone)]
pub struct OptionForm {
    pub symbol: usize,
    /// At least once.
    pub required: bool,
    /// At most once.
    pub unique: bool,
    /// Options of one group, which stand together, share both of these; without a group, an option is alone.
    pub group: Option<u32>,
    /// Facts that a member of this kind sets.
    pub sets: Vec<u32>,
}

/// What the members of a symbol may have to come to.
#[derive(Debug, Clone)]
pub struct DemandForm {
    /// Facts that must be set.
    pub needs: Vec<u32>,
    /// Facts that must not be.
    pub bars: Vec<u32>,
    /// Fewest members.
    pub minimum: u32,
    /// Most members.
    pub maximum: Option<u32>,
}

/// How text is split into terminals, where not every split counts. Terminals are then told apart by their symbols.
#[derive(Debug, Clone)]
pub struct LexingForm {
    /// Of all terminals that the parser waits for (by its LALR(1) table), does the first scanner that matches decide? If
    /// not, their order means nothing.
    pub contextual: bool,
    /// In the order in which they are tried.
    pub scanners: Vec<ScannerForm>,
    /// Terminals whose text may stand anywhere between others, and at both ends.
    pub ignored: Vec<usize>,
    /// Do the blanks after a line's end tell how lines nest?
    pub indenter: Option<IndenterForm>,
}

/// Terminals of indentation.
#[derive(Debug, Clone)]
pub struct IndenterForm {
    /// A line's end with the blanks behind it.
    pub newline: usize,
    /// What begins a block, and what ends one: terminals without a text of their own.
    pub indent: usize,
    pub dedent: usize,
    /// Brackets, between which line ends mean nothing.
    pub opening: Vec<usize>,
    pub closing: Vec<usize>,
}

/// What is tried at a place in the text.
#[derive(Debug, Clone)]
pub struct ScannerForm {
    /// The terminal that it finds.
    pub terminal: usize,
    /// All texts that it may match, preferred or not.
    pub matches: usize,
    /// All that is left of a text, where it matches; without it, what begins with one of `matches`.
    pub covers: Option<usize>,
    pub outcomes: Vec<OutcomeForm>,
    /// Texts that are another terminal's, if that one is waited for.
    pub reserved: Vec<ReservedForm>,
}

/// Which longer matches may follow the text that a scanner finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LongerForm {
    Any,
    None,
    /// None but those after which comes what may not follow.
    NoneUnlessFollowed,
}

/// Texts that it finds, and what makes it find them.
#[derive(Debug, Clone)]
pub struct OutcomeForm {
    pub texts: usize,
    pub longer: LongerForm,
    /// No beginning of the text that follows is one of these.
    pub follow: Option<usize>,
}

#[derive(Debug, Clone)]
pub struct ReservedForm {
    pub texts: usize,
    pub terminal: usize,
    /// Is the terminal found in no other way, where this scanner is tried?
    pub embedded: bool,
}

#[derive(Debug, Clone)]
pub struct GrammarForm {
    pub expressions: Vec<ExpressionForm>,
    pub symbols: Vec<SymbolForm>,
    pub start: usize,
    /// Without it, every split of the text into terminals counts.
    pub lexing: Option<LexingForm>,
}
