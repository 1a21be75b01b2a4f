//! From the front end's form to a trimmed grammar and its lexemes.

use rustc_hash::FxHashMap;

use super::draft::{Draft, Part};
use super::{Dot, Grammar, Next, Rule, repeat::repeat, trim};
use crate::error::{Error, Result};
use crate::form::{ExpressionForm, GrammarForm, SymbolForm};
use crate::lexer::Lexeme;
use crate::regex::derivative::Derivatives;
use crate::regex::expression::{EMPTY, EPSILON, ExpressionId, UNBOUNDED};
use crate::regex::literals::{any_text, char_class, literals};

/// A grammar and the expression of each of its lexemes.
pub struct Built {
    pub grammar: Grammar,
    pub lexemes: Vec<ExpressionId>,
}

/// Builds and trims. `Unsatisfiable` when nothing can be derived from the start.
pub fn build(form: &GrammarForm, derivatives: &mut Derivatives) -> Result<Built> {
    let expressions = lower_expressions(form, derivatives)?;
    let mut draft = Draft::default();
    let mut lexemes: Vec<ExpressionId> = Vec::new();
    let mut lexeme_ids: FxHashMap<ExpressionId, Lexeme> = FxHashMap::default();
    let parts = form
        .symbols
        .iter()
        .map(|symbol| match symbol {
            SymbolForm::Terminal { expression, .. } => {
                let expression = *get(&expressions, *expression)?;
                if !derivatives.is_live(expression)? {
                    return Ok(draft.reserve());
                }
                if expression == EPSILON {
                    return Ok(draft.rule(vec![vec![]]));
                }
                let id = *lexeme_ids.entry(expression).or_insert_with(|| {
                    lexemes.push(expression);
                    lexemes.len() as Lexeme - 1
                });
                Ok(Part::Lexeme(id))
            }
            _ => Ok(draft.reserve()),
        })
        .collect::<Result<Vec<Part>>>()?;
    for (symbol, &part) in form.symbols.iter().zip(&parts) {
        match symbol {
            SymbolForm::Terminal { .. } => {}
            SymbolForm::Rule { alternatives, .. } => {
                for &symbol in alternatives.iter().flatten() {
                    get(&parts, symbol)?;
                }
                draft.define(
                    part,
                    alternatives.iter().map(|body| body.iter().map(|&symbol| parts[symbol])),
                );
            }
            SymbolForm::Repeat {
                symbol,
                minimum,
                maximum,
                separator,
                ..
            } => {
                let symbol = *get(&parts, *symbol)?;
                let separator = separator.map(|s| get(&parts, s).copied()).transpose()?;
                let rule = repeat(&mut draft, symbol, *minimum, *maximum, separator);
                draft.define(part, vec![vec![rule]]);
            }
        }
    }
    let start = *get(&parts, form.start)?;
    let trimmed = trim::trim(draft, start).ok_or_else(|| {
        let name = match &form.symbols[form.start] {
            SymbolForm::Terminal { name, .. } | SymbolForm::Rule { name, .. } | SymbolForm::Repeat { name, .. } => name,
        };
        Error::Unsatisfiable(format!(
            "no output satisfies the constraint: nothing can be derived from {name:?}"
        ))
    })?;
    let nullable_lexemes = lexemes
        .iter()
        .map(|&expression| derivatives.expressions.nullable(expression))
        .collect();
    Ok(Built {
        grammar: flatten(&trimmed, nullable_lexemes),
        lexemes,
    })
}

fn get<T>(items: &[T], index: usize) -> Result<&T> {
    items
        .get(index)
        .ok_or_else(|| Error::Malformed(format!("index {index} is out of range")))
}

fn lower_expressions(form: &GrammarForm, derivatives: &mut Derivatives) -> Result<Vec<ExpressionId>> {
    let mut lowered: Vec<ExpressionId> = Vec::with_capacity(form.expressions.len());
    for node in &form.expressions {
        let expressions = &mut derivatives.expressions;
        let parts = |indices: &[usize]| -> Result<Vec<ExpressionId>> {
            indices.iter().map(|&i| get(&lowered, i).copied()).collect()
        };
        let id = match node {
            ExpressionForm::Literal(text) => literals(expressions, std::slice::from_ref(text))?,
            ExpressionForm::Literals(texts) => literals(expressions, texts)?,
            ExpressionForm::CharClass(ranges) => char_class(expressions, ranges)?,
            ExpressionForm::Concat(indices) => {
                let mut result = EPSILON;
                for part in parts(indices)?.into_iter().rev() {
                    result = expressions.concat(part, result)?;
                }
                result
            }
            ExpressionForm::Union(indices) => expressions.union(&parts(indices)?)?,
            ExpressionForm::Intersection(indices) => expressions.intersection(&parts(indices)?)?,
            ExpressionForm::Complement(index) => {
                let part = *get(&lowered, *index)?;
                let text = any_text(expressions)?;
                let not = expressions.not(part)?;
                expressions.intersection(&[text, not])?
            }
            ExpressionForm::Repeat(index, minimum, maximum) => {
                let part = *get(&lowered, *index)?;
                expressions.repeat(part, *minimum, maximum.unwrap_or(UNBOUNDED))?
            }
        };
        // an empty language in disguise would only cost time later
        let id = if derivatives.expressions.opaque(id) && !derivatives.is_live(id)? {
            EMPTY
        } else {
            id
        };
        lowered.push(id);
    }
    Ok(lowered)
}

fn flatten(trimmed: &trim::Trimmed, nullable_lexemes: Vec<bool>) -> Grammar {
    let trim::Trimmed { draft, start } = trimmed;
    let mut next = Vec::new();
    let mut productions: Vec<Vec<Dot>> = Vec::with_capacity(draft.len() + 1);
    let to_next = |part: &Part| match *part {
        Part::Lexeme(lexeme) => Next::Terminal(lexeme),
        Part::Rule(rule) => Next::Rule(rule),
    };
    for rule in 0..draft.len() as Rule {
        let bodies = draft.bodies_of(rule);
        let mut dots = Vec::with_capacity(bodies.len());
        for body in bodies {
            dots.push(next.len() as Dot);
            next.extend(draft.body(body).iter().map(to_next));
            next.push(Next::End(rule));
        }
        productions.push(dots);
    }
    let start_rule = productions.len() as Rule;
    let start_dot = next.len() as Dot;
    next.push(to_next(start));
    next.push(Next::End(start_rule));
    productions.push(vec![start_dot]);
    let mut nullable_rules = trim::derivable(draft, |l| nullable_lexemes[l as usize]);
    nullable_rules.push(match *start {
        Part::Lexeme(lexeme) => nullable_lexemes[lexeme as usize],
        Part::Rule(rule) => nullable_rules[rule as usize],
    });
    Grammar {
        next,
        nullable_rules,
        productions,
        nullable_lexemes,
        start_dot,
        start_rule,
    }
}
