//! The parameters of a dynamic AIPP, as the vendor's tool reads them: a section `[aipp_op]` with a
//! line per parameter, `name : value` or `name = value`, under the names of the converter's file.

use std::path::Path;

use acl::{Aipp, AippColours};

use super::error::InferError;

const FORMATS: [(&str, u32); 4] = [
    ("YUV420SP_U8", 1),
    ("XRGB8888_U8", 2),
    ("RGB888_U8", 3),
    ("YUV400_U8", 4),
];

/// Reads a file.
///
/// # Errors
///
/// [`InferError::File`], which names the line and what is wanted there.
pub fn read_aipp(path: &Path) -> Result<Aipp, InferError> {
    let text = std::fs::read_to_string(path).map_err(InferError::io(path))?;
    parse(&text).map_err(|problem| InferError::file(path, problem))
}

fn parse(text: &str) -> Result<Aipp, String> {
    let mut aipp = Aipp::default();
    let mut colours = AippColours {
        matrix: [[0; 3]; 3],
        output_bias: [0; 3],
        input_bias: [0; 3],
    };
    let (mut csc, mut crop, mut padding) = (false, false, false);
    let (mut part, mut border) = ([0; 4], [0; 4]);
    let (mut section, mut format) = (false, false);
    for (index, line) in text.lines().enumerate() {
        let line = line.split(['#', ';']).next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        if line.starts_with('[') {
            section = line == "[aipp_op]";
            if !section {
                return Err(format!(
                    "line {}: section {line}, wanted [aipp_op]",
                    index + 1
                ));
            }
            continue;
        }
        let bad = |want: &str| format!("line {}: {line:?}, wanted {want}", index + 1);
        if !section {
            return Err(bad("the section [aipp_op] before it"));
        }
        let (name, value) = line
            .split_once([':', '='])
            .map(|(name, value)| (name.trim(), value.trim().trim_matches('"')))
            .ok_or_else(|| bad("name : value"))?;
        let whole = || value.parse::<i32>().map_err(|_| bad("a whole number"));
        let switch = || match value {
            "0" | "false" => Ok(false),
            "1" | "true" => Ok(true),
            _ => Err(bad("0 or 1")),
        };
        let byte = || value.parse::<u8>().map_err(|_| bad("0 to 255"));
        let short = || value.parse::<i16>().map_err(|_| bad("a number of 16 bits"));
        let real = || value.parse::<f32>().map_err(|_| bad("a number"));
        let last = name.chars().last().and_then(|c| c.to_digit(10));
        let channel = |most: usize| {
            let channel = last.map_or(usize::MAX, |digit| digit as usize);
            if channel < most {
                Ok(channel)
            } else {
                Err(bad("a channel's number at the end of the name"))
            }
        };
        match name {
            "aipp_mode" | "related_input_rank" | "max_src_image_size" => {}
            "input_format" => {
                let known = FORMATS.iter().find(|(known, _)| *known == value);
                let names = FORMATS.map(|(name, _)| name).join(", ");
                aipp.input_format = known.ok_or_else(|| bad(&format!("one of {names}")))?.1;
                format = true;
            }
            "src_image_size_w" => aipp.source[0] = whole()?,
            "src_image_size_h" => aipp.source[1] = whole()?,
            "csc_switch" => csc = switch()?,
            "rbuv_swap_switch" => aipp.rbuv_swap = switch()?,
            "ax_swap_switch" => aipp.ax_swap = switch()?,
            "crop" => crop = switch()?,
            "load_start_pos_w" => part[0] = whole()?,
            "load_start_pos_h" => part[1] = whole()?,
            "crop_size_w" => part[2] = whole()?,
            "crop_size_h" => part[3] = whole()?,
            "padding" => padding = switch()?,
            "padding_size_top" | "top_padding_size" => border[0] = whole()?,
            "padding_size_bottom" | "bottom_padding_size" => border[1] = whole()?,
            "padding_size_left" | "left_padding_size" => border[2] = whole()?,
            "padding_size_right" | "right_padding_size" => border[3] = whole()?,
            _ if name.starts_with("matrix_r") => {
                let mut digits = name
                    .chars()
                    .filter_map(|c| c.to_digit(10))
                    .map(|d| d as usize);
                match (digits.next(), digits.next()) {
                    (Some(row @ 0..3), Some(column @ 0..3)) => {
                        colours.matrix[row][column] = short()?;
                    }
                    _ => return Err(bad("matrix_r0c0 to matrix_r2c2")),
                }
            }
            _ if name.starts_with("output_bias_") => colours.output_bias[channel(3)?] = byte()?,
            _ if name.starts_with("input_bias_") => colours.input_bias[channel(3)?] = byte()?,
            _ if name.starts_with("mean_chn_") => aipp.mean[channel(4)?] = short()?,
            _ if name.starts_with("min_chn_") => aipp.min[channel(4)?] = real()?,
            _ if name.starts_with("var_reci_chn_") => {
                aipp.var_reciprocal[channel(4)?] = real()?;
            }
            _ => return Err(bad("a parameter of AIPP")),
        }
    }
    if !format || aipp.picture_bytes().is_none() {
        return Err(
            "input_format, src_image_size_w and src_image_size_h are needed, the sizes above 0"
                .to_owned(),
        );
    }
    aipp.csc = csc.then_some(colours);
    aipp.crop = crop.then_some(part);
    aipp.padding = padding.then_some(border);
    Ok(aipp)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn parameters_are_read_and_mistakes_are_told_by_line() {
        let good = "[aipp_op]\n input_format : RGB888_U8\nsrc_image_size_w : 12 # wide\n\
                    src_image_size_h = 8\ncsc_switch : 1\nmatrix_r1c2 : -183\noutput_bias_1 : 7\n\
                    crop : 1\nload_start_pos_h : 2\ncrop_size_w : 6\nmean_chn_2 : 120\n\
                    var_reci_chn_0 : 0.25\n";
        let aipp = parse(good).unwrap();
        assert_eq!((aipp.input_format, aipp.source), (3, [12, 8]));
        let csc = aipp.csc.unwrap();
        assert_eq!((csc.matrix[1][2], csc.output_bias), (-183, [0, 7, 0]));
        assert_eq!(aipp.crop, Some([0, 2, 6, 0]));
        assert_eq!(
            (aipp.padding, aipp.mean, aipp.var_reciprocal[0]),
            (None, [0, 0, 120, 0], 0.25)
        );
        for (bad, wanted) in [
            ("input_format : RGB888_U8", "line 1"),
            ("[aipp]\n", "wanted [aipp_op]"),
            ("[aipp_op]\ninput_format : RGB", "one of YUV420SP_U8"),
            ("[aipp_op]\ncrop : 2", "0 or 1"),
            ("[aipp_op]\nmean_chn_4 : 1", "channel"),
            ("[aipp_op]\nmatrix_r3c0 : 1", "matrix_r0c0"),
            ("[aipp_op]\nnonsense : 1", "a parameter of AIPP"),
            ("[aipp_op]\ninput_format : RGB888_U8", "src_image_size_w"),
        ] {
            assert!(parse(bad).unwrap_err().contains(wanted), "{bad}");
        }
    }
}
