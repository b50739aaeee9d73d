//! Multiples in decimal, as people write numbers: 0.3 is a multiple of 0.1.

/// Digits without trailing zeros, times a power of ten.
struct Decimal {
    digits: u64,
    exponent: i32,
}

/// REQUIRES: `number` is finite.
fn decimal(number: f64) -> Decimal {
    // The shortest text of this number: at most 17 digits.
    let text = format!("{:e}", number.abs());
    let (mantissa, exponent) = text.split_once('e').expect("so {:e} writes");
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}").parse().expect("17 digits");
    let exponent = exponent.parse::<i32>().expect("so {:e} writes") - fraction.len() as i32;
    Decimal { digits, exponent }
}

/// REQUIRES: both are finite, and `of` is above 0.
pub fn is_multiple(number: f64, of: f64) -> bool {
    let (a, b) = (decimal(number), decimal(of));
    if a.digits == 0 {
        return true;
    }
    let (a_digits, b_digits) = (u128::from(a.digits), u128::from(b.digits));
    if a.exponent >= b.exponent {
        let mut rest = a_digits % b_digits;
        for _ in b.exponent..a.exponent {
            rest = rest * 10 % b_digits;
        }
        return rest == 0;
    }
    // The power is too large to divide the 17 digits of `a`.
    match 10u128.checked_pow((b.exponent - a.exponent) as u32).and_then(|power| b_digits.checked_mul(power)) {
        Some(divisor) => a_digits % divisor == 0,
        None => false,
    }
}
