//! The grammar form that front ends produce, as plain data (`constrain.compiler.grammar.Grammar`).

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
}

/// A node of the context-free layer; rules may refer to any index.
#[derive(Debug, Clone)]
pub enum SymbolForm {
    Terminal {
        name: String,
        expression: usize,
        /// May it end only where nothing was repeated? See `distinct`.
        distinct: bool,
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
}

#[derive(Debug, Clone)]
pub struct GrammarForm {
    pub expressions: Vec<ExpressionForm>,
    pub symbols: Vec<SymbolForm>,
    pub start: usize,
}
