//! Reads `constrain.compiler.grammar.Grammar` and `Limits`.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString, PyTuple};

use crate::form::{ExpressionForm, GrammarForm, OptionForm, SymbolForm};
use crate::limits::Limits;

pub fn read_grammar(grammar: &Bound<'_, PyAny>) -> PyResult<GrammarForm> {
    let mut expressions = Vec::new();
    for node in tuple(&grammar.getattr("expressions")?)?.iter() {
        expressions.push(read_expression(&node)?);
    }
    let mut symbols = Vec::new();
    for node in tuple(&grammar.getattr("symbols")?)?.iter() {
        symbols.push(read_symbol(&node)?);
    }
    let start: usize = grammar.getattr("start")?.extract()?;
    if start >= symbols.len() {
        return Err(PyValueError::new_err("the start symbol is out of range"));
    }
    Ok(GrammarForm {
        expressions,
        symbols,
        start,
    })
}

pub fn read_limits(limits: &Bound<'_, PyAny>) -> PyResult<Limits> {
    let field = |name: &str| limits.getattr(name)?.extract::<usize>();
    Ok(Limits {
        max_lexer_states: field("max_lexer_states")?,
        max_expressions: field("max_expressions")?,
        max_items: field("max_items")?,
        max_parser_nodes: field("max_parser_nodes")?,
        max_mask_steps: field("max_mask_steps")?,
    })
}

fn tuple<'a, 'py>(value: &'a Bound<'py, PyAny>) -> PyResult<&'a Bound<'py, PyTuple>> {
    Ok(value.cast::<PyTuple>()?)
}

/// A bound of a repetition; bounds past 2^32 - 2 can't be told from each other by any output.
fn bound(value: &Bound<'_, PyAny>) -> PyResult<u32> {
    let bound: u128 = value.extract().unwrap_or(u128::MAX);
    Ok(u32::try_from(bound).unwrap_or(u32::MAX).min(u32::MAX - 1))
}

fn optional_bound(value: &Bound<'_, PyAny>) -> PyResult<Option<u32>> {
    if value.is_none() {
        return Ok(None);
    }
    bound(value).map(Some)
}

fn bytes(value: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    Ok(value.cast::<PyBytes>()?.as_bytes().to_vec())
}

fn read_expression(node: &Bound<'_, PyAny>) -> PyResult<ExpressionForm> {
    let node = tuple(node)?;
    let tag = node.get_item(0)?;
    let first = node.get_item(1)?;
    Ok(match tag.cast::<PyString>()?.to_cow()?.as_ref() {
        "literal" => ExpressionForm::Literal(bytes(&first)?),
        "literals" => {
            let texts: PyResult<Vec<Vec<u8>>> = tuple(&first)?.iter().map(|text| bytes(&text)).collect();
            ExpressionForm::Literals(texts?)
        }
        "char_class" => ExpressionForm::CharClass(first.extract()?),
        "concat" => ExpressionForm::Concat(first.extract()?),
        "union" => ExpressionForm::Union(first.extract()?),
        "intersection" => ExpressionForm::Intersection(first.extract()?),
        "complement" => ExpressionForm::Complement(first.extract()?),
        "repeat" => ExpressionForm::Repeat(
            first.extract()?,
            bound(&node.get_item(2)?)?,
            optional_bound(&node.get_item(3)?)?,
        ),
        "multiple" => ExpressionForm::Multiple {
            divisor: first.extract()?,
            places: node.get_item(2)?.extract()?,
        },
        other => return Err(PyValueError::new_err(format!("unknown expression {other:?}"))),
    })
}

fn read_symbol(node: &Bound<'_, PyAny>) -> PyResult<SymbolForm> {
    let node = tuple(node)?;
    let tag = node.get_item(0)?;
    let name: String = node.get_item(1)?.extract()?;
    let body = node.get_item(2)?;
    Ok(match tag.cast::<PyString>()?.to_cow()?.as_ref() {
        "terminal" => SymbolForm::Terminal {
            name,
            expression: body.extract()?,
            distinct: match node.get_item(3)?.extract::<Option<String>>()?.as_deref() {
                None => false,
                Some("distinct") => true,
                Some(other) => return Err(PyValueError::new_err(format!("unknown guard {other:?}"))),
            },
        },
        "rule" => {
            let alternatives: PyResult<Vec<Vec<usize>>> =
                tuple(&body)?.iter().map(|alternative| alternative.extract()).collect();
            SymbolForm::Rule {
                name,
                alternatives: alternatives?,
            }
        }
        "repeat" => SymbolForm::Repeat {
            name,
            symbol: body.extract()?,
            minimum: bound(&node.get_item(3)?)?,
            maximum: optional_bound(&node.get_item(4)?)?,
            separator: node.get_item(5)?.extract()?,
        },
        "members" => SymbolForm::Members {
            name,
            options: tuple(&body)?
                .iter()
                .map(|option| {
                    let (symbol, required, unique) = option.extract()?;
                    Ok(OptionForm {
                        symbol,
                        required,
                        unique,
                    })
                })
                .collect::<PyResult<Vec<OptionForm>>>()?,
            separator: node.get_item(3)?.extract()?,
            ordered: match node.get_item(4)?.cast::<PyString>()?.to_cow()?.as_ref() {
                "schema" => true,
                "any" => false,
                other => return Err(PyValueError::new_err(format!("unknown order {other:?}"))),
            },
            minimum: bound(&node.get_item(5)?)?,
            maximum: optional_bound(&node.get_item(6)?)?,
        },
        other => return Err(PyValueError::new_err(format!("unknown symbol {other:?}"))),
    })
}
