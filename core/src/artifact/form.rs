//! The grammar form as bytes. Whether what was read makes sense is `grammar::check`'s to say.

use super::numeral::{read_numeral, write_numeral};
use crate::error::Result;
use crate::form::{
    DemandForm, ExcerptForm, ExpressionForm, GrammarForm, GuardForm, IndenterForm, LexingForm, LongerForm, OptionForm,
    OutcomeForm, ReservedForm, ScannerForm, StateForm, SymbolForm,
};
use crate::regex::excerpt::Spelling;
use crate::regex::excerpt::corpus::Unit;
use crate::wire::{Reader, Writer};

// Tags of nodes; a number stands for the same node for as long as the format's version does.
const LITERAL: u8 = 0;
const LITERALS: u8 = 1;
const CHAR_CLASS: u8 = 2;
const CONCAT: u8 = 3;
const UNION: u8 = 4;
const INTERSECTION: u8 = 5;
const COMPLEMENT: u8 = 6;
const REPEAT: u8 = 7;
const MULTIPLE: u8 = 8;
const NUMERAL: u8 = 9;
const AUTOMATON: u8 = 10;
const EXCERPT: u8 = 11;

const TERMINAL: u8 = 0;
const RULE: u8 = 1;
const REPEAT_SYMBOL: u8 = 2;
const MEMBERS: u8 = 3;

pub fn write_form(out: &mut Writer, form: &GrammarForm) {
    out.list(form.expressions.iter(), write_expression);
    out.list(form.symbols.iter(), write_symbol);
    out.number(form.start as u64);
    out.list(form.lexing.iter(), write_lexing);
}

pub fn read_form(reader: &mut Reader<'_>) -> Result<GrammarForm> {
    let expressions = reader.list(read_expression)?;
    let symbols = reader.list(read_symbol)?;
    Ok(GrammarForm {
        start: reader.index(symbols.len())?,
        expressions,
        symbols,
        lexing: read_optional(reader, read_lexing)?,
    })
}

fn write_lexing(out: &mut Writer, lexing: &LexingForm) {
    out.number(u32::from(lexing.contextual));
    out.list(lexing.scanners.iter(), |out, scanner| {
        out.number(scanner.terminal as u64);
        out.number(scanner.matches as u64);
        out.list(scanner.covers.iter(), |out, &covers| out.number(covers as u64));
        out.list(scanner.outcomes.iter(), |out, outcome| {
            out.number(outcome.texts as u64);
            out.number(outcome.longer as u32);
            out.list(outcome.follow.iter(), |out, &follow| out.number(follow as u64));
        });
        out.list(scanner.reserved.iter(), |out, reserved| {
            out.number(reserved.texts as u64);
            out.number(reserved.terminal as u64);
            out.number(u32::from(reserved.embedded));
        });
    });
    out.list(lexing.ignored.iter(), |out, &symbol| out.number(symbol as u64));
    out.list(lexing.indenter.iter(), |out, indenter| {
        for symbol in [indenter.newline, indenter.indent, indenter.dedent] {
            out.number(symbol as u64);
        }
        for symbols in [&indenter.opening, &indenter.closing] {
            out.list(symbols.iter(), |out, &symbol| out.number(symbol as u64));
        }
    });
}

fn read_lexing(reader: &mut Reader<'_>) -> Result<LexingForm> {
    let outcome = |reader: &mut Reader<'_>| {
        Ok(OutcomeForm {
            texts: read_index(reader)?,
            longer: match reader.number(2)? {
                0 => LongerForm::Any,
                1 => LongerForm::None,
                _ => LongerForm::NoneUnlessFollowed,
            },
            follow: read_optional(reader, read_index)?,
        })
    };
    let reserved = |reader: &mut Reader<'_>| {
        Ok(ReservedForm {
            texts: read_index(reader)?,
            terminal: read_index(reader)?,
            embedded: read_flag(reader)?,
        })
    };
    let scanner = |reader: &mut Reader<'_>| {
        Ok(ScannerForm {
            terminal: read_index(reader)?,
            matches: read_index(reader)?,
            covers: read_optional(reader, read_index)?,
            outcomes: reader.list(outcome)?,
            reserved: reader.list(reserved)?,
        })
    };
    let indenter = |reader: &mut Reader<'_>| {
        Ok(IndenterForm {
            newline: read_index(reader)?,
            indent: read_index(reader)?,
            dedent: read_index(reader)?,
            opening: reader.list(read_index)?,
            closing: reader.list(read_index)?,
        })
    };
    Ok(LexingForm {
        contextual: read_flag(reader)?,
        scanners: reader.list(scanner)?,
        ignored: reader.list(read_index)?,
        indenter: read_optional(reader, indenter)?,
    })
}

fn write_expression(out: &mut Writer, node: &ExpressionForm) {
    match node {
        ExpressionForm::Literal(text) => {
            out.raw(&[LITERAL]);
            out.bytes(text);
        }
        ExpressionForm::Literals(texts) => {
            out.raw(&[LITERALS]);
            out.list(texts.iter(), |out, text| out.bytes(text));
        }
        ExpressionForm::CharClass(ranges) => {
            out.raw(&[CHAR_CLASS]);
            out.list(ranges.iter(), |out, &(low, high)| {
                out.number(low);
                out.number(high);
            });
        }
        ExpressionForm::Concat(parts) => write_parts(out, CONCAT, parts),
        ExpressionForm::Union(parts) => write_parts(out, UNION, parts),
        ExpressionForm::Intersection(parts) => write_parts(out, INTERSECTION, parts),
        ExpressionForm::Complement(part) => {
            out.raw(&[COMPLEMENT]);
            out.number(*part as u64);
        }
        ExpressionForm::Repeat(part, minimum, maximum) => {
            out.raw(&[REPEAT]);
            out.number(*part as u64);
            write_bounds(out, *minimum, *maximum);
        }
        ExpressionForm::Multiple { divisor, places } => {
            out.raw(&[MULTIPLE]);
            out.number(*divisor);
            out.list(places.iter(), |out, &places| out.number(places));
        }
        ExpressionForm::Numeral(form) => {
            out.raw(&[NUMERAL]);
            write_numeral(out, form);
        }
        ExpressionForm::Automaton(states) => {
            out.raw(&[AUTOMATON]);
            out.list(states.iter(), |out, state| {
                out.number(u32::from(state.accepting));
                out.list(state.steps.iter(), |out, &(label, to)| {
                    out.number(label as u64);
                    out.number(to);
                });
            });
        }
        ExpressionForm::Excerpt(form) => {
            out.raw(&[EXCERPT]);
            out.number(form.unit as u32);
            out.number(form.spelling as u32);
            out.bytes(&form.text);
        }
    }
}

fn read_expression(reader: &mut Reader<'_>) -> Result<ExpressionForm> {
    Ok(match reader.byte()? {
        LITERAL => ExpressionForm::Literal(reader.bytes()?.to_vec()),
        LITERALS => ExpressionForm::Literals(reader.list(|r| Ok(r.bytes()?.to_vec()))?),
        CHAR_CLASS => ExpressionForm::CharClass(reader.list(|r| Ok((read_u32(r)?, read_u32(r)?)))?),
        CONCAT => ExpressionForm::Concat(reader.list(read_index)?),
        UNION => ExpressionForm::Union(reader.list(read_index)?),
        INTERSECTION => ExpressionForm::Intersection(reader.list(read_index)?),
        COMPLEMENT => ExpressionForm::Complement(read_index(reader)?),
        REPEAT => {
            let part = read_index(reader)?;
            let (minimum, maximum) = read_bounds(reader)?;
            ExpressionForm::Repeat(part, minimum, maximum)
        }
        MULTIPLE => ExpressionForm::Multiple {
            divisor: reader.number(u64::MAX)?,
            places: read_optional(reader, |r| Ok(r.number(u8::MAX.into())? as u8))?,
        },
        NUMERAL => ExpressionForm::Numeral(Box::new(read_numeral(reader)?)),
        AUTOMATON => ExpressionForm::Automaton(reader.list(read_state)?),
        EXCERPT => {
            let unit = Unit::ALL[reader.index(Unit::ALL.len())?];
            let spelling = Spelling::ALL[reader.index(Spelling::ALL.len())?];
            ExpressionForm::Excerpt(ExcerptForm::new(reader.bytes()?.to_vec(), unit, spelling))
        }
        _ => return Err(reader.corrupt("an expression is of an unknown kind")),
    })
}

fn read_state(reader: &mut Reader<'_>) -> Result<StateForm> {
    Ok(StateForm {
        accepting: read_flag(reader)?,
        steps: reader.list(|r| Ok((read_index(r)?, read_u32(r)?)))?,
    })
}

fn write_symbol(out: &mut Writer, node: &SymbolForm) {
    match node {
        SymbolForm::Terminal {
            name,
            expression,
            guard,
        } => {
            out.raw(&[TERMINAL]);
            out.bytes(name.as_bytes());
            out.number(*expression as u64);
            out.number(*guard as u32);
        }
        SymbolForm::Rule { name, alternatives } => {
            out.raw(&[RULE]);
            out.bytes(name.as_bytes());
            out.list(alternatives.iter(), |out, body| {
                out.list(body.iter(), |out, &symbol| out.number(symbol as u64));
            });
        }
        SymbolForm::Repeat {
            name,
            symbol,
            minimum,
            maximum,
            separator,
        } => {
            out.raw(&[REPEAT_SYMBOL]);
            out.bytes(name.as_bytes());
            out.number(*symbol as u64);
            write_bounds(out, *minimum, *maximum);
            out.list(separator.iter(), |out, &symbol| out.number(symbol as u64));
        }
        SymbolForm::Members {
            name,
            options,
            separator,
            ordered,
            minimum,
            maximum,
            choices,
        } => {
            out.raw(&[MEMBERS]);
            out.bytes(name.as_bytes());
            out.list(options.iter(), |out, option| {
                out.number(option.symbol as u64);
                out.number(u32::from(option.required));
                out.number(u32::from(option.unique));
                out.list(option.group.iter(), |out, &group| out.number(group));
                write_facts(out, &option.sets);
            });
            out.list(separator.iter(), |out, &symbol| out.number(symbol as u64));
            out.number(u32::from(*ordered));
            write_bounds(out, *minimum, *maximum);
            out.list(choices.iter(), |out, choice| out.list(choice.iter(), write_demand));
        }
    }
}

fn read_guard(reader: &mut Reader<'_>) -> Result<GuardForm> {
    match reader.number(3)? {
        0 => Ok(GuardForm::Anywhere),
        1 => Ok(GuardForm::Distinct),
        2 => Ok(GuardForm::Repeated),
        _ => Ok(GuardForm::Begins),
    }
}

fn read_symbol(reader: &mut Reader<'_>) -> Result<SymbolForm> {
    let kind = reader.byte()?;
    let name = reader.text()?.to_owned();
    Ok(match kind {
        TERMINAL => SymbolForm::Terminal {
            name,
            expression: read_index(reader)?,
            guard: read_guard(reader)?,
        },
        RULE => SymbolForm::Rule {
            name,
            alternatives: reader.list(|r| r.list(read_index))?,
        },
        REPEAT_SYMBOL => {
            let symbol = read_index(reader)?;
            let (minimum, maximum) = read_bounds(reader)?;
            SymbolForm::Repeat {
                name,
                symbol,
                minimum,
                maximum,
                separator: read_optional(reader, read_index)?,
            }
        }
        MEMBERS => {
            let options = reader.list(read_option)?;
            let separator = read_optional(reader, read_index)?;
            let ordered = read_flag(reader)?;
            let (minimum, maximum) = read_bounds(reader)?;
            SymbolForm::Members {
                name,
                options,
                separator,
                ordered,
                minimum,
                maximum,
                choices: reader.list(|r| r.list(read_demand))?,
            }
        }
        _ => return Err(reader.corrupt("a symbol is of an unknown kind")),
    })
}

fn read_option(reader: &mut Reader<'_>) -> Result<OptionForm> {
    Ok(OptionForm {
        symbol: read_index(reader)?,
        required: read_flag(reader)?,
        unique: read_flag(reader)?,
        group: read_optional(reader, read_u32)?,
        sets: reader.list(read_u32)?,
    })
}

fn write_facts(out: &mut Writer, facts: &[u32]) {
    out.list(facts.iter(), |out, &fact| out.number(fact));
}

fn write_demand(out: &mut Writer, demand: &DemandForm) {
    write_facts(out, &demand.needs);
    write_facts(out, &demand.bars);
    write_bounds(out, demand.minimum, demand.maximum);
}

fn read_demand(reader: &mut Reader<'_>) -> Result<DemandForm> {
    let (needs, bars) = (reader.list(read_u32)?, reader.list(read_u32)?);
    let (minimum, maximum) = read_bounds(reader)?;
    Ok(DemandForm {
        needs,
        bars,
        minimum,
        maximum,
    })
}

pub(super) fn read_flag(reader: &mut Reader<'_>) -> Result<bool> {
    Ok(reader.number(1)? == 1)
}

fn write_parts(out: &mut Writer, kind: u8, parts: &[usize]) {
    out.raw(&[kind]);
    out.list(parts.iter(), |out, &part| out.number(part as u64));
}

fn write_bounds(out: &mut Writer, minimum: u32, maximum: Option<u32>) {
    out.number(minimum);
    out.list(maximum.iter(), |out, &maximum| out.number(maximum));
}

fn read_bounds(reader: &mut Reader<'_>) -> Result<(u32, Option<u32>)> {
    Ok((read_u32(reader)?, read_optional(reader, read_u32)?))
}

pub(super) fn read_u32(reader: &mut Reader<'_>) -> Result<u32> {
    Ok(reader.number(u32::MAX.into())? as u32)
}

fn read_index(reader: &mut Reader<'_>) -> Result<usize> {
    reader.index(usize::MAX)
}

/// A list of one or none.
pub(super) fn read_optional<T>(
    reader: &mut Reader<'_>,
    mut read: impl FnMut(&mut Reader<'_>) -> Result<T>,
) -> Result<Option<T>> {
    match reader.number(1)? {
        0 => Ok(None),
        _ => read(reader).map(Some),
    }
}
