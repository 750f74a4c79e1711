//! Ranges of dims on the command line: `--input_shape` with `1~10`, and `--input_shape_range`.

use super::{AtcError, parse_input_shape};

/// For each dim the smallest and the largest value; -1 as the largest is none.
pub type DimRanges = Vec<[i64; 2]>;

/// Shapes by input, and ranges by input.
type Shapes = (Vec<(String, Vec<i64>)>, Vec<(String, DimRanges)>);

/// Reads `--input_shape`, in which a dim may be a range. A dim that is one stands as -1 among the
/// shapes.
///
/// # Errors
/// [`AtcError::Option`] when it is not of that form.
pub(crate) fn parse_shapes(text: &str) -> Result<Shapes, AtcError> {
    let (mut shapes, mut ranges) = (Vec::new(), Vec::new());
    for part in text.split(';').filter(|part| !part.trim().is_empty()) {
        if part.contains('~') {
            let (name, dims) = ranged(part, "--input_shape")?;
            shapes.push((name.clone(), open(&dims)));
            ranges.push((name, dims));
        } else {
            shapes.append(&mut parse_input_shape(part)?);
        }
    }
    Ok((shapes, ranges))
}

/// Reads `name:[1~10,3,-1];name2:[…]` (`--input_shape_range`).
///
/// # Errors
/// [`AtcError::Option`] when it is not of that form.
pub fn parse_input_shape_range(text: &str) -> Result<Vec<(String, DimRanges)>, AtcError> {
    let parts = text.split(';').filter(|part| !part.trim().is_empty());
    parts
        .map(|part| ranged(part, "--input_shape_range"))
        .collect()
}

/// The shape that ranges leave: -1 where there is more than one value.
pub(crate) fn open(ranges: &[[i64; 2]]) -> Vec<i64> {
    let dim = |[low, high]: &[i64; 2]| if low == high { *low } else { -1 };
    ranges.iter().map(dim).collect()
}

fn ranged(part: &str, option: &'static str) -> Result<(String, DimRanges), AtcError> {
    let wrong = || AtcError::option(option, part, "\"name:1~10,3,-1\", the smaller bound first");
    let (name, dims) = part.rsplit_once(':').ok_or_else(wrong)?;
    let dims = dims.trim();
    let dims = match dims.strip_prefix('[') {
        Some(inner) => inner.strip_suffix(']').ok_or_else(wrong)?,
        None => dims,
    };
    let bound = |text: &str| text.trim().parse().ok().filter(|bound: &i64| *bound > 0);
    let range = |dim: &str| match dim.trim().split_once('~') {
        Some((low, high)) => {
            let (low, high) = (bound(low)?, bound(high)?);
            (low <= high).then_some([low, high])
        }
        None if dim.trim() == "-1" => Some([1, -1]),
        None => bound(dim).map(|dim| [dim, dim]),
    };
    let dims = dims.split(',').map(range).collect::<Option<Vec<_>>>();
    Ok((name.trim().to_owned(), dims.ok_or_else(wrong)?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn ranges_are_read_with_and_without_brackets() {
        let wanted = [("x:0".to_owned(), vec![[1, 10], [3, 3], [1, -1], [7, 7]])];
        let text = "x:0:1~10,3,-1,7~7";
        assert_eq!(parse_input_shape_range(text).unwrap(), wanted);
        assert_eq!(
            parse_input_shape_range("x:0: [1 ~ 10, 3,-1,7~7]").unwrap(),
            wanted
        );
        let (shapes, ranges) = parse_shapes(&format!("{text};y:2,-1")).unwrap();
        assert_eq!(ranges, wanted);
        assert_eq!(
            shapes,
            [
                ("x:0".to_owned(), vec![-1, 3, -1, 7]),
                ("y".to_owned(), vec![2, -1])
            ]
        );
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for bad in [
            "x",
            "x:",
            "x:0~3",
            "x:5~2",
            "x:1~",
            "x:~4",
            "x:1~2~3",
            "x:a~b",
            "x:-2",
            "x:0",
            "x:[1~2",
            "x:1~-1",
            "x:[1~2],3",
            "x:1~99999999999999999999",
        ] {
            assert!(parse_input_shape_range(bad).is_err(), "{bad}");
        }
        assert!(parse_shapes("x:1~2,0").is_err());
    }
}
