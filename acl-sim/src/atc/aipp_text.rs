//! The text of `--insert_op_conf`: blocks `aipp_op { key: value … }` in protobuf's text form.

use crate::exec::aipp::Pixels;
use crate::exec::aipp_config::{Config, KEYS, Kind, Value, kind};

/// One block and the line it begins on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Block {
    pub(crate) line: usize,
    pub(crate) config: Config,
}

/// What is wrong, and on which line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    pub(crate) line: usize,
    pub(crate) detail: String,
}

fn wrong(line: usize, detail: impl Into<String>) -> Mistake {
    Mistake {
        line,
        detail: detail.into(),
    }
}

/// Keys that the vendor's converter knows and this one cannot follow.
const REFUSED: &[(&str, &str)] = &[(
    "input_edge_idx",
    "preprocessing of some readers of an input only is not simulated",
)];

/// Keys that are reserved: only the value that changes nothing is taken.
const RESERVED: &[&str] = &["support_rotation", "single_line_mode", "resize"];

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Quoted(String),
    Colon,
    Open,
    Close,
}

impl Token {
    fn show(&self) -> String {
        match self {
            Self::Word(text) | Self::Quoted(text) => format!("\"{text}\""),
            Self::Colon => "\":\"".into(),
            Self::Open => "\"{\"".into(),
            Self::Close => "\"}\"".into(),
        }
    }
}

/// Splits the text; each token has its line.
fn tokens(text: &str) -> Result<Vec<(usize, Token)>, Mistake> {
    let mut list = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        let mut rest = line.trim_start_matches('\u{feff}');
        while let Some(first) = rest.chars().next() {
            let in_word = |c: char| c.is_ascii_alphanumeric() || "_+-.".contains(c);
            let after = &rest[first.len_utf8()..];
            let (token, left) = match first {
                '#' => break,
                ':' => (Token::Colon, after),
                '{' => (Token::Open, after),
                '}' => (Token::Close, after),
                '"' | '\'' => {
                    let (inside, left) = after
                        .split_once(first)
                        .ok_or_else(|| wrong(number, "found a quote that does not end"))?;
                    (Token::Quoted(inside.into()), left)
                }
                c if in_word(c) => {
                    let end = rest.find(|c| !in_word(c)).unwrap_or(rest.len());
                    (Token::Word(rest[..end].into()), &rest[end..])
                }
                c if c.is_whitespace() || c == ',' || c == ';' => {
                    rest = after;
                    continue;
                }
                c => return Err(wrong(number, format!("found '{c}', wanted key: value"))),
            };
            list.push((number, token));
            rest = left;
        }
    }
    Ok(list)
}

/// Reads all blocks.
pub(crate) fn parse(text: &str) -> Result<Vec<Block>, Mistake> {
    let tokens = tokens(text)?;
    let end = text.lines().count().max(1);
    let mut rest = tokens.into_iter().peekable();
    let mut blocks = Vec::new();
    while let Some((line, token)) = rest.next() {
        if token != Token::Word("aipp_op".into()) {
            let found = token.show();
            return Err(wrong(
                line,
                format!("found {found}, wanted aipp_op {{ … }}"),
            ));
        }
        rest.next_if(|(_, token)| *token == Token::Colon);
        match rest.next() {
            Some((_, Token::Open)) => {}
            Some((line, other)) => {
                let found = other.show();
                return Err(wrong(
                    line,
                    format!("found {found}, wanted \"{{\" after aipp_op"),
                ));
            }
            None => return Err(wrong(end, "found the end, wanted \"{\" after aipp_op")),
        }
        let mut config = Config::default();
        loop {
            let key = match rest.next() {
                Some((_, Token::Close)) => break,
                Some((line, Token::Word(key))) => (line, key),
                Some((line, other)) => {
                    return Err(wrong(line, format!("found {}, wanted a key", other.show())));
                }
                None => return Err(wrong(end, "found the end, wanted \"}\" after aipp_op {")),
            };
            match rest.next() {
                Some((_, Token::Colon)) => {}
                Some((line, other)) => {
                    let (key, found) = (&key.1, other.show());
                    return Err(wrong(
                        line,
                        format!("found {found} after {key}, wanted \":\""),
                    ));
                }
                None => return Err(wrong(end, format!("found the end after {}", key.1))),
            }
            let value = match rest.next() {
                Some((_, Token::Word(value) | Token::Quoted(value))) => value,
                Some((line, other)) => {
                    let (key, found) = (&key.1, other.show());
                    return Err(wrong(
                        line,
                        format!("found {found}, wanted a value of {key}"),
                    ));
                }
                None => {
                    return Err(wrong(
                        end,
                        format!("found the end, wanted a value of {}", key.1),
                    ));
                }
            };
            field(&mut config, key.0, &key.1, &value)?;
        }
        blocks.push(Block { line, config });
    }
    if blocks.is_empty() {
        return Err(wrong(end, "found no aipp_op { … } in it"));
    }
    Ok(blocks)
}

fn field(config: &mut Config, line: usize, key: &str, text: &str) -> Result<(), Mistake> {
    if let Some((_, why)) = REFUSED.iter().find(|(name, _)| *name == key) {
        return Err(wrong(line, format!("found the key {key}: {why}")));
    }
    let Some((key, kind)) = kind(key) else {
        let near = nearest(key);
        return Err(wrong(
            line,
            format!("found the key \"{key}\", which AIPP does not have; did you mean {near}?"),
        ));
    };
    let value = value(kind, text)
        .map_err(|wanted| wrong(line, format!("{key}: found \"{text}\", wanted {wanted}")))?;
    if RESERVED.contains(&key) && value != Value::Int(0) {
        return Err(wrong(
            line,
            format!("{key}: found \"{text}\", wanted false: it is reserved, no chip here has it"),
        ));
    }
    if config.set(key, value) {
        return Err(wrong(
            line,
            format!("found the key {key} a second time in this block"),
        ));
    }
    Ok(())
}

/// Reads a value; the error says what was wanted.
fn value(kind: Kind, text: &str) -> Result<Value, String> {
    match kind {
        Kind::Mode => match text {
            "static" | "1" => Ok(Value::Int(1)),
            "dynamic" | "2" => Ok(Value::Int(2)),
            _ => Err("static or dynamic".into()),
        },
        Kind::Format => Pixels::from_name(text)
            .map(|pixels| Value::Int(pixels.number().into()))
            .ok_or_else(|| "YUV420SP_U8, XRGB8888_U8, RGB888_U8 or YUV400_U8".into()),
        Kind::Flag => match text {
            "true" | "True" | "t" | "1" => Ok(Value::Int(1)),
            "false" | "False" | "f" | "0" => Ok(Value::Int(0)),
            _ => Err("true or false".into()),
        },
        Kind::Int(_, least, most) => text
            .parse()
            .ok()
            .filter(|value| (least..=most).contains(value))
            .map(Value::Int)
            .ok_or_else(|| format!("an integer from {least} to {most}")),
        Kind::Float(_) => text
            .trim_end_matches(['f', 'F'])
            .parse()
            .ok()
            .filter(|value: &f32| value.abs() <= half::f16::MAX.to_f32())
            .map(Value::Float)
            .ok_or_else(|| "a number from -65504 to 65504".into()),
        Kind::Text => Ok(Value::Text(text.into())),
    }
}

/// The known key that shares most letters at its beginning and end with an unknown one.
fn nearest(key: &str) -> &'static str {
    let common = |known: &str| {
        let start = known.bytes().zip(key.bytes()).take_while(|(a, b)| a == b);
        let end = known.bytes().rev().zip(key.bytes().rev());
        start.count() + end.take_while(|(a, b)| a == b).count()
    };
    let best = KEYS.iter().max_by_key(|(known, _)| common(known));
    best.map_or("", |(known, _)| known)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_file_is_read_with_comments_several_keys_a_line_and_several_blocks() {
        let text = "# for two inputs\naipp_op {\n  aipp_mode : static\n  related_input_rank: 0, input_format: \
                    YUV420SP_U8 # NV12\n  crop:true\n  min_chn_0: -1.5\n  var_reci_chn_0: 3.9e-3\n matrix_r1c2: -208\n}\n\
                    aipp_op:{aipp_mode:dynamic related_input_name:\"in:0\" max_src_image_size:752640}";
        let blocks = parse(text).unwrap();
        assert_eq!((blocks.len(), blocks[0].line, blocks[1].line), (2, 2, 10));
        let first = &blocks[0].config;
        assert_eq!(first.pixels(), Some(Pixels::Yuv420sp));
        assert!(first.flag("crop") && !first.flag("padding") && !first.is_dynamic());
        assert_eq!(first.float("min_chn_0").to_bits(), (-1.5f32).to_bits());
        assert_eq!(first.float("var_reci_chn_0").to_bits(), 3.9e-3f32.to_bits());
        assert_eq!(first.float("var_reci_chn_1").to_bits(), 1f32.to_bits());
        assert_eq!(
            (first.int("matrix_r1c2"), first.int("matrix_r0c0")),
            (-208, 298)
        );
        let second = &blocks[1].config;
        assert!(second.is_dynamic());
        assert_eq!(second.text("related_input_name"), Some("in:0"));
        assert_eq!(second.size("max_src_image_size"), 752_640);
    }

    #[test]
    fn mistakes_are_told_with_their_line() {
        for (text, line, word) in [
            ("", 1, "no aipp_op"),
            ("aipp_op {\n crop: true\n", 2, "the end"),
            ("aipp_op\n{\n crop true }", 3, "after crop"),
            ("aipp_op {\n\n mean_chan_0: 3 }", 3, "\"mean_chan_0\""),
            ("aipp_op {\n\n mean_chan_0: 3 }", 3, "mean_chn_0"),
            ("aipp_op { mean_chn_0: 256 }", 1, "0 to 255"),
            ("aipp_op {\n aipp_mode: magic }", 2, "static or dynamic"),
            ("aipp_op {\n input_format: NV12 }", 2, "YUV420SP_U8"),
            ("aipp_op {\n crop: yes }", 2, "true or false"),
            ("aipp_op {\n min_chn_0: much }", 2, "a number"),
            ("aipp_op {\n crop: true\n crop: true }", 3, "second time"),
            ("aipp_op {\n resize: true }", 2, "reserved"),
            ("aipp_op {\n input_edge_idx: 0 }", 2, "input_edge_idx"),
            ("aipp_op {\n related_input_name: \"x }", 2, "quote"),
            ("aipp_op [ ]", 1, "'['"),
            ("op {}", 1, "\"op\""),
        ] {
            let mistake = parse(text).unwrap_err();
            assert_eq!(mistake.line, line, "{text}: {mistake:?}");
            assert!(mistake.detail.contains(word), "{text}: {mistake:?}");
        }
    }
}
