//! Numbers above zero of any size: sums of products over hundreds of tokens, each as unlikely as can be, without logarithms
//! on the way. A mantissa and an exponent are added and multiplied several times as fast as logarithms are summed.

/// The unit of exponents, in bits.
const STEP: i32 = 256;
/// 2^256, 2^-256.
const UP: f64 = f64::from_bits((1023 + STEP as u64) << 52);
const DOWN: f64 = f64::from_bits((1023 - STEP as u64) << 52);
/// 2^(-256 n): what a mantissa of a lower exponent counts for. Less than the last is nothing beside a number.
const LOWER: [f64; 4] = [1.0, DOWN, DOWN * DOWN, DOWN * DOWN * DOWN];

/// `mantissa * 2^(256 exponent)`; the mantissa is 0 or from 1 up to 2^256.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scaled {
    mantissa: f64,
    exponent: i32,
}

impl Scaled {
    pub const ZERO: Scaled = Scaled {
        mantissa: 0.0,
        exponent: i32::MIN / 4,
    };
    pub const ONE: Scaled = Scaled {
        mantissa: 1.0,
        exponent: 0,
    };

    /// `e^log`. Minus infinity is zero.
    pub fn from_log(log: f64) -> Self {
        if log == f64::NEG_INFINITY {
            return Scaled::ZERO;
        }
        let step = f64::from(STEP) * std::f64::consts::LN_2;
        let exponent = (log / step).floor();
        Scaled {
            mantissa: (log - exponent * step).exp(),
            exponent: exponent as i32,
        }
        .normal()
    }

    pub fn ln(self) -> f64 {
        self.mantissa.ln() + f64::from(self.exponent) * f64::from(STEP) * std::f64::consts::LN_2
    }

    #[inline]
    pub fn is_zero(self) -> bool {
        self.mantissa == 0.0
    }

    /// With the mantissa in its range: what was added up may be beyond it.
    #[inline]
    pub fn normal(mut self) -> Self {
        while self.mantissa >= UP {
            self.mantissa *= DOWN;
            self.exponent += 1;
        }
        while self.mantissa > 0.0 && self.mantissa < 1.0 {
            self.mantissa *= UP;
            self.exponent -= 1;
        }
        self
    }

    /// Adds `a * b`; the sum isn't normal before `normal` is called. Of a sum that isn't normal, at most 2^200 products
    /// may be made.
    #[inline]
    pub fn add_product(&mut self, a: Scaled, b: Scaled) {
        self.add_raw(a.mantissa * b.mantissa, a.exponent + b.exponent);
    }

    #[inline]
    pub fn add(&mut self, a: Scaled) {
        self.add_raw(a.mantissa, a.exponent);
    }

    #[inline]
    fn add_raw(&mut self, mantissa: f64, exponent: i32) {
        if mantissa == 0.0 {
            return;
        }
        if exponent <= self.exponent {
            let lower = LOWER.get((self.exponent - exponent) as usize).unwrap_or(&0.0);
            self.mantissa += mantissa * lower;
        } else {
            let lower = LOWER.get((exponent - self.exponent) as usize).unwrap_or(&0.0);
            self.mantissa = mantissa + self.mantissa * lower;
            self.exponent = exponent;
        }
    }

    #[inline]
    pub fn times(self, other: Scaled) -> Self {
        let mut product = Scaled::ZERO;
        product.add_product(self, other);
        product.normal()
    }

    /// `self / whole` as a plain number, of which self is a part.
    #[inline]
    pub fn share_of(self, whole: Scaled) -> f64 {
        if self.is_zero() || whole.is_zero() {
            return 0.0;
        }
        let ratio = self.mantissa / whole.mantissa;
        match whole.exponent - self.exponent {
            lower @ 0..4 => ratio * LOWER[lower as usize],
            -1 => ratio * UP,
            _ => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64) {
        assert!((a - b).abs() <= 1e-11 * a.abs().max(1.0), "{a} {b}");
    }

    #[test]
    fn logarithms_come_back() {
        for log in [0.0, -1.0, 1.0, 177.4, 177.5, -177.5, 1e5, -1e5, -123_456.789] {
            near(Scaled::from_log(log).ln(), log);
        }
        assert!(Scaled::from_log(f64::NEG_INFINITY).is_zero());
        assert_eq!(Scaled::from_log(0.0), Scaled::ONE);
    }

    #[test]
    fn sums_and_products_are_those_of_logarithms() {
        let logs = [-900.0, -350.5, -177.0, 0.0, 3.5, 200.0, 650.0, -40_000.0];
        for a in logs {
            for b in logs {
                let (x, y) = (Scaled::from_log(a), Scaled::from_log(b));
                near(x.times(y).ln(), a + b);
                let mut sum = x;
                sum.add(y);
                let high = f64::max(a, b);
                near(sum.normal().ln(), high + ((a - high).exp() + (b - high).exp()).ln());
                for c in logs {
                    // before it is normal, too
                    let mut sum = Scaled::ZERO;
                    sum.add_product(x, y);
                    sum.add_product(x, Scaled::from_log(c));
                    sum.add_product(y, Scaled::from_log(c));
                    let all = [a + b, a + c, b + c];
                    let high = all.into_iter().fold(f64::MIN, f64::max);
                    let rest: f64 = all.iter().map(|log| (log - high).exp()).sum();
                    near(sum.normal().ln(), high + rest.ln());
                }
                if a <= b {
                    near(x.share_of(y), (a - b).exp());
                }
            }
        }
    }
}
