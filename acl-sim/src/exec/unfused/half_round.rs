use half::f16;

use super::value::Data;

/// How a chip writes what is too large for half precision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overflow {
    /// As the largest number, 65504: chips of the 310 family.
    Saturates,
    /// As infinity.
    Infinite,
}

/// Rounds a result of half precision, to nearest, ties to even.
pub(super) fn round(data: Data, overflow: Overflow) -> Data {
    match data {
        Data::Floats(mut values) => {
            for value in &mut values {
                let half = f16::from_f32(*value);
                *value = match overflow {
                    Overflow::Saturates if half.is_infinite() => f16::MAX.to_f32().copysign(*value),
                    _ => half.to_f32(),
                };
            }
            Data::Floats(values)
        }
        ints @ Data::Ints(_) => ints,
    }
}
