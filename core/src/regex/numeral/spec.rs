//! Which numbers the numerals of one automaton may spell: conditions on each side of zero, checked once.

use std::hash::{Hash, Hasher};

use super::division::Division;
use crate::form::{DecimalForm, EndForm, NumeralForm, SideForm, SpellingForm};
use crate::regex::digest::{Content, Digest};

/// Digits of one decimal, and how far its point may be from them.
const MAX_DIGITS: usize = 1 << 12;
const MAX_SCALE: i32 = 1 << 20;

/// Conditions that at least one number meets.
#[derive(Debug, Clone)]
pub struct Spec {
    pub(super) spelling: SpellingForm,
    pub(super) zero: bool,
    positive: Option<Side>,
    negative: Option<Side>,
    /// Is the sign of no interest once it is read?
    pub(super) symmetric: bool,
    pub(super) division: Option<Division>,
    /// Equal for equal conditions.
    name: Digest,
}

/// What numbers of one sign may be, by their amounts `0.d1d2d3... * 10^scale`, with d1 not zero.
#[derive(Debug, Clone)]
pub(super) struct Side {
    /// Digits of the ends and of the numbers listed: sorted, none ends in a zero.
    pub marks: Box<[Box<[u8]>]>,
    pub low: Option<End>,
    pub high: Option<End>,
    /// Marks with their scales, sorted: of the numbers left out, or of the only ones.
    pub listed: Box<[(u32, i64)]>,
    pub only_listed: bool,
    /// Every number there is has at least this scale.
    pub least: Option<i64>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct End {
    pub mark: u32,
    pub scale: i64,
    pub strict: bool,
}

impl PartialEq for Spec {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Spec {}

impl Hash for Spec {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl Spec {
    /// None for a form that is not what its documentation says.
    pub fn new(form: &NumeralForm) -> Option<Self> {
        let division = match (form.divisor, &form.avoided[..]) {
            (None, []) => None,
            (divisor, avoided) => Some(Division::new(divisor, avoided, form.places)?),
        };
        let side = |side: &Option<SideForm>| match side {
            None => Some(None),
            Some(side) => Side::new(side, division.as_ref(), form.spelling).map(Some),
        };
        let (positive, negative) = (side(&form.positive)?, side(&form.negative)?);
        let divisor = division.as_ref().and_then(|division| division.divisor);
        let whole = |divisor: u64| divisor.is_multiple_of(10u64.pow(form.places.into()));
        let sound = (form.zero || positive.is_some() || negative.is_some())
            && (form.avoided.is_empty() || !form.zero)
            && (form.spelling != SpellingForm::Whole || divisor.is_some_and(whole));
        sound.then(|| Spec {
            spelling: form.spelling,
            zero: form.zero,
            symmetric: form.positive == form.negative,
            positive,
            negative,
            division,
            name: name_of(form),
        })
    }

    /// The same numbers, spelled otherwise.
    pub(super) fn respelled(&self, spelling: SpellingForm) -> Self {
        Spec {
            spelling,
            ..self.clone()
        }
    }

    pub(super) fn side(&self, negative: bool) -> Option<&Side> {
        if negative {
            self.negative.as_ref()
        } else {
            self.positive.as_ref()
        }
    }

    pub fn name(&self) -> Digest {
        self.name
    }
}

impl Side {
    fn new(form: &SideForm, division: Option<&Division>, spelling: SpellingForm) -> Option<Self> {
        let ends = [&form.low, &form.high].into_iter().flatten();
        let decimals: Vec<&DecimalForm> = form.listed.iter().chain(ends.map(|end| &end.number)).collect();
        if !decimals.iter().all(|decimal| is_sound(decimal)) {
            return None;
        }
        let mut marks: Vec<Box<[u8]>> = decimals
            .iter()
            .map(|decimal| decimal.digits.as_slice().into())
            .collect();
        marks.sort_unstable();
        marks.dedup();
        let place = |decimal: &DecimalForm| {
            let mark = marks.partition_point(|mark| **mark < *decimal.digits);
            (mark as u32, i64::from(decimal.scale))
        };
        let end = |end: &EndForm| {
            let (mark, scale) = place(&end.number);
            let strict = end.strict;
            End { mark, scale, strict }
        };
        let mut listed: Vec<(u32, i64)> = form.listed.iter().map(place).collect();
        listed.sort_unstable();
        let side = Side {
            low: form.low.as_ref().map(end),
            high: form.high.as_ref().map(end),
            listed: listed.into(),
            only_listed: form.only_listed,
            least: form.low.as_ref().map_or_else(
                || division.and_then(least_scale),
                |low| Some(i64::from(low.number.scale)),
            ),
            marks: marks.into(),
        };
        side.is_sound(form, division, spelling).then_some(side)
    }

    /// Are the ends in order and of the numbers wanted, unless they are strict?
    fn is_sound(&self, form: &SideForm, division: Option<&Division>, spelling: SpellingForm) -> bool {
        if self.only_listed {
            let alone = self.low.is_none() && self.high.is_none() && division.is_none();
            return alone && !self.listed.is_empty() && spelling.has_exponent();
        }
        let discrete = division.is_some_and(|division| division.divisor.is_some());
        let met = |end: &EndForm| match end.strict {
            true => !discrete,
            false => !form.listed.contains(&end.number) && division.is_none_or(|d| meets(d, &end.number)),
        };
        let ordered = match (&self.low, &self.high) {
            (Some(low), Some(high)) => {
                let (least, most) = ((low.scale, low.mark), (high.scale, high.mark));
                least < most || (least == most && !low.strict && !high.strict)
            }
            _ => true,
        };
        let begins = self.low.is_some() || !discrete || self.marks.is_empty();
        ordered && begins && [&form.low, &form.high].into_iter().flatten().all(met)
    }

    /// The numbers listed of some marks.
    pub fn listed_of(&self, from: u32, to: u32) -> &[(u32, i64)] {
        let place = |mark: u32| self.listed.partition_point(|&(other, _)| other < mark);
        &self.listed[place(from)..place(to)]
    }

    /// Is it of interest where in a number a digit stands?
    pub fn has_marks(&self) -> bool {
        !self.marks.is_empty()
    }
}

fn is_sound(decimal: &DecimalForm) -> bool {
    let digits = &decimal.digits;
    digits.len() <= MAX_DIGITS
        && digits.iter().all(u8::is_ascii_digit)
        && [digits.first(), digits.last()]
            .iter()
            .all(|digit| digit.is_some_and(|&digit| digit != b'0'))
        && decimal.scale.abs() <= MAX_SCALE
}

/// Does an amount meet the conditions?
fn meets(division: &Division, decimal: &DecimalForm) -> bool {
    let modulus = u128::from(division.modulus);
    let remainder = decimal.digits.iter().fold(0, |remainder, digit| {
        (remainder * 10 + u128::from(digit - b'0')) % modulus
    });
    let zeros = i64::from(decimal.scale) - decimal.digits.len() as i64 + i64::from(division.places);
    let (low, high) = division.exponents(remainder as u64);
    low <= zeros && zeros <= high
}

/// The scale of the least multiple that is wanted; None where any decimal is.
fn least_scale(division: &Division) -> Option<i64> {
    let divisor = u128::from(division.divisor?);
    let wanted = |multiple: &u128| {
        division
            .avoided
            .iter()
            .all(|&avoided| !multiple.is_multiple_of(u128::from(avoided)))
    };
    // there is one, since no number avoided divides the divisor
    let least = (1..).map(|factor| factor * divisor).find(wanted)?;
    Some(least.ilog10() as i64 + 1 - i64::from(division.places))
}

fn name_of(form: &NumeralForm) -> Digest {
    let mut content = Content::of(b"nume");
    let long = |content: &mut Content, number: u64| {
        content.number(number as u32).number((number >> 32) as u32);
    };
    content
        .number(form.spelling as u32)
        .number(u32::from(form.zero))
        .number(u32::from(form.places));
    content.number(form.avoided.len() as u32 + u32::from(form.divisor.is_some()) * (1 << 31));
    for &number in form.divisor.iter().chain(&form.avoided) {
        long(&mut content, number);
    }
    let decimal = |content: &mut Content, decimal: &DecimalForm| {
        content.number(decimal.scale as u32).number(decimal.digits.len() as u32);
        decimal.digits.iter().for_each(|&digit| {
            content.number(u32::from(digit));
        });
    };
    for side in [&form.positive, &form.negative] {
        let Some(side) = side else {
            content.number(0);
            continue;
        };
        content.number(1 + u32::from(side.only_listed));
        for end in [&side.low, &side.high] {
            content.number(end.as_ref().map_or(0, |end| 1 + u32::from(end.strict)));
            if let Some(end) = end {
                decimal(&mut content, &end.number);
            }
        }
        content.number(side.listed.len() as u32);
        side.listed.iter().for_each(|number| decimal(&mut content, number));
    }
    content.name()
}
