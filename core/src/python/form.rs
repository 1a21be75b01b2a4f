//! Reads `constrain.compiler.grammar.Grammar` and `Limits`.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString, PyTuple};

use crate::form::{
    DecimalForm, DemandForm, EndForm, ExcerptForm, ExpressionForm, GrammarForm, GuardForm, IndenterForm, LexingForm,
    LongerForm, NumeralForm, OptionForm, OutcomeForm, ReservedForm, ScannerForm, SideForm, SpellingForm, StateForm,
    SymbolForm,
};
use crate::limits::Limits;
use crate::regex::excerpt::Spelling;
use crate::regex::excerpt::corpus::Unit;

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
    let lexing = grammar.getattr("lexing")?;
    Ok(GrammarForm {
        expressions,
        symbols,
        start,
        lexing: (!lexing.is_none()).then(|| read_lexing(&lexing)).transpose()?,
    })
}

/// Reads `constrain.compiler.lexing.Lexing`.
fn read_lexing(lexing: &Bound<'_, PyAny>) -> PyResult<LexingForm> {
    let mut scanners = Vec::new();
    for scanner in tuple(&lexing.getattr("scanners")?)?.iter() {
        let outcomes: Vec<(usize, String, Option<usize>)> = scanner.getattr("outcomes")?.extract()?;
        let reserved: Vec<(usize, usize, bool)> = scanner.getattr("reserved")?.extract()?;
        scanners.push(ScannerForm {
            terminal: scanner.getattr("terminal")?.extract()?,
            matches: scanner.getattr("matches")?.extract()?,
            covers: scanner.getattr("covers")?.extract()?,
            outcomes: outcomes
                .into_iter()
                .map(|(texts, longer, follow)| {
                    let longer = match longer.as_str() {
                        "any" => LongerForm::Any,
                        "none" => LongerForm::None,
                        "none unless followed" => LongerForm::NoneUnlessFollowed,
                        other => {
                            return Err(PyValueError::new_err(format!(
                                "unknown rule for longer matches {other:?}"
                            )));
                        }
                    };
                    Ok(OutcomeForm { texts, longer, follow })
                })
                .collect::<PyResult<_>>()?,
            reserved: reserved
                .into_iter()
                .map(|(texts, terminal, embedded)| ReservedForm {
                    texts,
                    terminal,
                    embedded,
                })
                .collect(),
        });
    }
    let indenter = lexing.getattr("indenter")?;
    Ok(LexingForm {
        contextual: lexing.getattr("contextual")?.extract()?,
        scanners,
        ignored: lexing.getattr("ignored")?.extract()?,
        indenter: (!indenter.is_none()).then(|| read_indenter(&indenter)).transpose()?,
    })
}

fn read_indenter(indenter: &Bound<'_, PyAny>) -> PyResult<IndenterForm> {
    Ok(IndenterForm {
        newline: indenter.getattr("newline")?.extract()?,
        indent: indenter.getattr("indent")?.extract()?,
        dedent: indenter.getattr("dedent")?.extract()?,
        opening: indenter.getattr("opening")?.extract()?,
        closing: indenter.getattr("closing")?.extract()?,
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
        "numeral" => ExpressionForm::Numeral(Box::new(read_numeral(&first)?)),
        "automaton" => ExpressionForm::Automaton(
            tuple(&first)?
                .iter()
                .map(|state| {
                    let (accepting, steps) = state.extract()?;
                    Ok(StateForm { accepting, steps })
                })
                .collect::<PyResult<_>>()?,
        ),
        "excerpt" => {
            let unit = unit(node.get_item(2)?.cast::<PyString>()?.to_cow()?.as_ref())?;
            let spelling = match node.get_item(3)?.cast::<PyString>()?.to_cow()?.as_ref() {
                "plain" => Spelling::Plain,
                "minimal" => Spelling::Minimal,
                "any" => Spelling::Any,
                other => return Err(PyValueError::new_err(format!("unknown spelling {other:?}"))),
            };
            ExpressionForm::Excerpt(ExcerptForm::new(bytes(&first)?, unit, spelling))
        }
        other => return Err(PyValueError::new_err(format!("unknown expression {other:?}"))),
    })
}

/// What of a text may be written, by name.
pub fn unit(name: &str) -> PyResult<Unit> {
    match name {
        "choice" => Ok(Unit::Choice),
        "char" => Ok(Unit::Character),
        "word" => Ok(Unit::Word),
        "sentence" => Ok(Unit::Sentence),
        other => Err(PyValueError::new_err(format!("unknown unit {other:?}"))),
    }
}

/// Reads `constrain.compiler.numeral.Numeral`.
fn read_numeral(numeral: &Bound<'_, PyAny>) -> PyResult<NumeralForm> {
    let field = |name: &str| numeral.getattr(name);
    let side = |name: &str| {
        let side = field(name)?;
        (!side.is_none()).then(|| read_side(&side)).transpose()
    };
    Ok(NumeralForm {
        spelling: match field("spelling")?.cast::<PyString>()?.to_cow()?.as_ref() {
            "any" => SpellingForm::Any,
            "plain" => SpellingForm::Plain,
            "whole" => SpellingForm::Whole,
            "broken" => SpellingForm::Broken,
            other => return Err(PyValueError::new_err(format!("unknown spelling {other:?}"))),
        },
        zero: field("zero")?.extract()?,
        positive: side("positive")?,
        negative: side("negative")?,
        divisor: field("divisor")?.extract()?,
        avoided: field("avoided")?.extract()?,
        places: field("places")?.extract()?,
    })
}

fn read_side(side: &Bound<'_, PyAny>) -> PyResult<SideForm> {
    let end = |name: &str| {
        let end = side.getattr(name)?;
        if end.is_none() {
            return Ok(None);
        }
        let (number, strict): (Bound<'_, PyAny>, bool) = end.extract()?;
        let number = read_decimal(&number)?;
        PyResult::Ok(Some(EndForm { number, strict }))
    };
    let listed: PyResult<Vec<DecimalForm>> = tuple(&side.getattr("listed")?)?
        .iter()
        .map(|d| read_decimal(&d))
        .collect();
    Ok(SideForm {
        low: end("low")?,
        high: end("high")?,
        listed: listed?,
        only_listed: side.getattr("only_listed")?.extract()?,
    })
}

fn read_decimal(decimal: &Bound<'_, PyAny>) -> PyResult<DecimalForm> {
    let (digits, scale) = decimal.extract::<(String, i32)>()?;
    let digits = digits.into_bytes();
    Ok(DecimalForm { digits, scale })
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
            guard: match node.get_item(3)?.extract::<Option<String>>()?.as_deref() {
                None => GuardForm::Anywhere,
                Some("distinct") => GuardForm::Distinct,
                Some("repeated") => GuardForm::Repeated,
                Some("begins") => GuardForm::Begins,
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
                    let (symbol, required, unique, group, sets) = option.extract()?;
                    Ok(OptionForm {
                        symbol,
                        required,
                        unique,
                        group,
                        sets,
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
            choices: tuple(&node.get_item(7)?)?
                .iter()
                .map(|choice| tuple(&choice)?.iter().map(|demand| read_demand(&demand)).collect())
                .collect::<PyResult<_>>()?,
        },
        other => return Err(PyValueError::new_err(format!("unknown symbol {other:?}"))),
    })
}

fn read_demand(demand: &Bound<'_, PyAny>) -> PyResult<DemandForm> {
    let demand = tuple(demand)?;
    Ok(DemandForm {
        needs: demand.get_item(0)?.extract()?,
        bars: demand.get_item(1)?.extract()?,
        minimum: bound(&demand.get_item(2)?)?,
        maximum: optional_bound(&demand.get_item(3)?)?,
    })
}
