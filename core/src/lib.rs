//! The native engine of constrain. Layers, each built and tested without the next:
//!
//! `regex` (expressions over bytes and their derivatives) <- `lexer` (sets of lexemes in progress) <-
//! `grammar` (productions over lexemes) <- `lexing` (where not every split counts) <- `parser` (Earley on hash-consed nodes) <- `engine` (threads) <-
//! `mask` (`vocabulary` trie against threads) <- `matcher` (one sequence) <- `artifact` (on disk) <- `python` (the
//! border).

pub mod artifact;
pub mod bounds;
pub mod budget;
pub mod bytes;
pub mod canvas;
pub mod completion;
pub mod distinct;
pub mod engine;
pub mod error;
pub mod forced;
pub mod form;
pub mod future;
pub mod grammar;
pub mod history;
pub mod lexer;
pub mod lexing;
pub mod limits;
pub mod lump;
pub mod mask;
pub mod matcher;
pub mod names;
pub mod parser;
pub mod precompute;
pub mod regex;
pub mod unicode;
pub mod vocabulary;
pub mod wire;

#[cfg(feature = "python")]
mod python;
