//! Every kind of input of the core, made at random: nothing panics, all work ends within its budget, errors are of the
//! documented kinds, and what is accepted keeps its promises.
//!
//! `cargo test` runs a fixed number of inputs, the same each time. `make fuzz FUZZ_SECONDS=3600` goes on for that long with
//! each property, and FUZZ_ROUND=1000 begins elsewhere (a failure names its round, so that it can be run again). What
//! fails is made smaller before it is shown.

mod artifact;
mod damage;
mod forms;
mod grammar;
mod harness;
mod vocabulary;
