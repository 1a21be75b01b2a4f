//! The conditions of numerals as bytes.

use super::form::{read_flag, read_optional, read_u32};
use crate::error::Result;
use crate::form::{DecimalForm, EndForm, NumeralForm, SideForm, SpellingForm};
use crate::wire::{Reader, Writer};

const SPELLINGS: [SpellingForm; 4] = [
    SpellingForm::Any,
    SpellingForm::Plain,
    SpellingForm::Whole,
    SpellingForm::Broken,
];

pub fn write_numeral(out: &mut Writer, form: &NumeralForm) {
    out.number(form.spelling as u32);
    out.number(u32::from(form.zero));
    for side in [&form.positive, &form.negative] {
        out.list(side.iter(), write_side);
    }
    out.list(form.divisor.iter(), |out, &divisor| out.number(divisor));
    out.list(form.avoided.iter(), |out, &avoided| out.number(avoided));
    out.number(form.places);
}

pub fn read_numeral(reader: &mut Reader<'_>) -> Result<NumeralForm> {
    Ok(NumeralForm {
        spelling: SPELLINGS[reader.number(SPELLINGS.len() as u64 - 1)? as usize],
        zero: read_flag(reader)?,
        positive: read_optional(reader, read_side)?,
        negative: read_optional(reader, read_side)?,
        divisor: read_optional(reader, |r| r.number(u64::MAX))?,
        avoided: reader.list(|r| r.number(u64::MAX))?,
        places: reader.number(u8::MAX.into())? as u8,
    })
}

fn write_side(out: &mut Writer, side: &SideForm) {
    for end in [&side.low, &side.high] {
        out.list(end.iter(), |out, end| {
            write_decimal(out, &end.number);
            out.number(u32::from(end.strict));
        });
    }
    out.list(side.listed.iter(), write_decimal);
    out.number(u32::from(side.only_listed));
}

fn read_side(reader: &mut Reader<'_>) -> Result<SideForm> {
    Ok(SideForm {
        low: read_optional(reader, read_end)?,
        high: read_optional(reader, read_end)?,
        listed: reader.list(read_decimal)?,
        only_listed: read_flag(reader)?,
    })
}

fn read_end(reader: &mut Reader<'_>) -> Result<EndForm> {
    Ok(EndForm {
        number: read_decimal(reader)?,
        strict: read_flag(reader)?,
    })
}

/// The scale's sign goes into its last bit.
fn write_decimal(out: &mut Writer, decimal: &DecimalForm) {
    out.bytes(&decimal.digits);
    out.number(((decimal.scale << 1) ^ (decimal.scale >> 31)) as u32);
}

fn read_decimal(reader: &mut Reader<'_>) -> Result<DecimalForm> {
    let digits = reader.bytes()?.to_vec();
    let scale = read_u32(reader)?;
    Ok(DecimalForm {
        digits,
        scale: (scale >> 1) as i32 ^ -((scale & 1) as i32),
    })
}
