//! Budgets, mirrored by `constrain.compiler.grammar.Limits`, where they are documented.

#[derive(Debug, Clone)]
pub struct Limits {
    pub max_lexer_states: usize,
    pub max_expressions: usize,
    pub max_items: usize,
    pub max_parser_nodes: usize,
    pub max_mask_steps: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            max_lexer_states: 250_000,
            max_expressions: 2_000_000,
            max_items: 200_000,
            max_parser_nodes: 2_000_000,
            max_mask_steps: 10_000_000,
        }
    }
}
