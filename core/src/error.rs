//! What can go wrong below the Python border. Nothing panics on input.

use std::fmt;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// A budget ran out: the field of `Limits` and its value.
    Limit { budget: &'static str, value: usize },
    /// A canvas needs more than a budget of its automaton: which one, its value, and the canvas's tokens.
    Canvas {
        budget: &'static str,
        value: usize,
        length: usize,
    },
    /// A search gave up: the budget and its value.
    Search { budget: &'static str, value: usize },
    /// A fixed bound was passed: what is bounded, and by how much.
    TooLarge { what: &'static str, value: usize },
    /// The language is empty.
    Unsatisfiable(String),
    /// Something that is not implemented.
    Unsupported(String),
    /// The grammar form is malformed (a front end's fault).
    Malformed(String),
    /// Token bytes or stop tokens that cannot be used.
    Vocabulary(String),
    /// A saved file is corrupt or foreign.
    Artifact(String),
    /// Whoever waited did not want to any longer.
    Interrupted,
}

pub type Result<T> = std::result::Result<T, Error>;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Limit { budget, value } => write!(
                f,
                "the constraint needs more than {budget} = {value}; simplify it, or raise the budget with Limits({budget}=...)"
            ),
            Error::Canvas { budget, value, length } => write!(
                f,
                "the automaton of canvases of up to {length} tokens needs more than {budget} = {value}; bound what the constraint leaves open (nesting, lengths, names), make the canvas shorter, or raise the budget with {budget}=..."
            ),
            Error::Search { budget, value } => write!(
                f,
                "it could not be decided within {budget} = {value}; bound the constraint (nesting, lengths), or raise the budget with {budget}=..."
            ),
            Error::TooLarge { what, value } => write!(f, "{what} would be more than {value}, which is a fixed limit"),
            Error::Unsatisfiable(text)
            | Error::Unsupported(text)
            | Error::Malformed(text)
            | Error::Vocabulary(text)
            | Error::Artifact(text) => f.write_str(text),
            Error::Interrupted => f.write_str("interrupted"),
        }
    }
}

impl std::error::Error for Error {}
