//! The keys of an AIPP configuration, in one table: the converter's text, the file's attributes and the run agree by it.

use std::collections::BTreeMap;

use ascend_om::attrs;
use ascend_om::model_def::{AttrEntry, AttrValue};
use half::f16;

use super::aipp::{CHANNELS, Crop, Csc, Item, Padding, Pixels, Source, Target, nearest_half};

/// What a key takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// `static` (1) or `dynamic` (2).
    Mode,
    /// One of [`Pixels`], by name.
    Format,
    /// true or false.
    Flag,
    /// An integer: default, least, most.
    Int(i64, i64, i64),
    /// A number: default.
    Float(f32),
    /// A name.
    Text,
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Int(i64),
    Float(f32),
    Text(String),
}

const SIZE: Kind = Kind::Int(0, 0, 4096);
const BYTE: Kind = Kind::Int(0, 0, 255);
const SIDE: Kind = Kind::Int(0, 0, 32);

const fn cell(default: i64) -> Kind {
    Kind::Int(default, -32768, 32767)
}

const fn bias(default: i64) -> Kind {
    Kind::Int(default, 0, 255)
}

/// All keys that mean something here. Those that are reserved may be given with the value that changes nothing.
pub(crate) const KEYS: &[(&str, Kind)] = &[
    ("aipp_mode", Kind::Mode),
    ("related_input_rank", Kind::Int(0, 0, 1 << 16)),
    ("related_input_name", Kind::Text),
    ("max_src_image_size", Kind::Int(0, 0, u32::MAX as i64)),
    ("support_rotation", Kind::Flag),
    ("input_format", Kind::Format),
    ("csc_switch", Kind::Flag),
    ("cpadding_value", Kind::Float(0.0)),
    ("rbuv_swap_switch", Kind::Flag),
    ("ax_swap_switch", Kind::Flag),
    ("single_line_mode", Kind::Flag),
    ("src_image_size_w", SIZE),
    ("src_image_size_h", SIZE),
    ("crop", Kind::Flag),
    ("load_start_pos_w", SIZE),
    ("load_start_pos_h", SIZE),
    ("crop_size_w", SIZE),
    ("crop_size_h", SIZE),
    ("resize", Kind::Flag),
    ("resize_output_w", SIZE),
    ("resize_output_h", SIZE),
    ("padding", Kind::Flag),
    ("left_padding_size", SIDE),
    ("right_padding_size", SIDE),
    ("top_padding_size", SIDE),
    ("bottom_padding_size", SIDE),
    ("padding_value", Kind::Float(0.0)),
    ("mean_chn_0", BYTE),
    ("mean_chn_1", BYTE),
    ("mean_chn_2", BYTE),
    ("mean_chn_3", BYTE),
    ("min_chn_0", Kind::Float(0.0)),
    ("min_chn_1", Kind::Float(0.0)),
    ("min_chn_2", Kind::Float(0.0)),
    ("min_chn_3", Kind::Float(0.0)),
    ("var_reci_chn_0", Kind::Float(1.0)),
    ("var_reci_chn_1", Kind::Float(1.0)),
    ("var_reci_chn_2", Kind::Float(1.0)),
    ("var_reci_chn_3", Kind::Float(1.0)),
    ("matrix_r0c0", cell(298)),
    ("matrix_r0c1", cell(516)),
    ("matrix_r0c2", cell(0)),
    ("matrix_r1c0", cell(298)),
    ("matrix_r1c1", cell(-100)),
    ("matrix_r1c2", cell(-208)),
    ("matrix_r2c0", cell(298)),
    ("matrix_r2c1", cell(0)),
    ("matrix_r2c2", cell(409)),
    ("output_bias_0", bias(16)),
    ("output_bias_1", bias(128)),
    ("output_bias_2", bias(128)),
    ("input_bias_0", bias(16)),
    ("input_bias_1", bias(128)),
    ("input_bias_2", bias(128)),
    ("raw_rgbir_to_f16_n", Kind::Int(8, 0, 255)),
];

/// Returns what a key takes.
pub(crate) fn kind(name: &str) -> Option<(&'static str, Kind)> {
    KEYS.iter().find(|(known, _)| *known == name).copied()
}

/// One configuration; what is not given has its default.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Config {
    given: BTreeMap<&'static str, Value>,
}

impl Config {
    /// Sets a key of the table; tells whether it was set already.
    pub(crate) fn set(&mut self, key: &'static str, value: Value) -> bool {
        self.given.insert(key, value).is_some()
    }

    pub(crate) fn is_given(&self, key: &str) -> bool {
        self.given.contains_key(key)
    }

    /// An integer, a switch (0 or 1), a mode or a format.
    pub(crate) fn int(&self, key: &str) -> i64 {
        match (self.given.get(key), kind(key)) {
            (Some(Value::Int(value)), _) => *value,
            (None, Some((_, Kind::Int(default, ..)))) => default,
            _ => 0,
        }
    }

    pub(crate) fn flag(&self, key: &str) -> bool {
        self.int(key) != 0
    }

    pub(crate) fn float(&self, key: &str) -> f32 {
        match (self.given.get(key), kind(key)) {
            (Some(Value::Float(value)), _) => *value,
            (None, Some((_, Kind::Float(default)))) => default,
            _ => 0.0,
        }
    }

    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        match self.given.get(key) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// A size, checked by the table not to be negative.
    pub(crate) fn size(&self, key: &str) -> usize {
        usize::try_from(self.int(key)).unwrap_or(0)
    }

    pub(crate) fn is_dynamic(&self) -> bool {
        self.int("aipp_mode") == 2
    }

    pub(crate) fn pixels(&self) -> Option<Pixels> {
        Pixels::from_number(self.int("input_format"))
    }

    /// The four values of a key that ends in the channel's number.
    pub(crate) fn four<T>(&self, stem: &str, value: impl Fn(&Self, &str) -> T) -> [T; CHANNELS] {
        std::array::from_fn(|i| value(self, &format!("{stem}_{i}")))
    }

    /// The colour conversion, used or not.
    pub(crate) fn csc(&self) -> Csc {
        let cell = |key: &str| i16::try_from(self.int(key)).unwrap_or(0);
        let byte = |key: &str| u8::try_from(self.int(key)).unwrap_or(0);
        Csc {
            matrix: std::array::from_fn(|r| {
                std::array::from_fn(|c| cell(&format!("matrix_r{r}c{c}")))
            }),
            output_bias: std::array::from_fn(|i| byte(&format!("output_bias_{i}"))),
            input_bias: std::array::from_fn(|i| byte(&format!("input_bias_{i}"))),
        }
    }

    /// The value around the picture: not normalised, but of the element type of the result.
    pub(crate) fn padding_value(&self) -> f16 {
        nearest_half(self.float("padding_value").into())
    }

    /// Settles a static configuration for a network that takes `target`.
    pub(crate) fn settle(&self, target: Target) -> Result<(Source, Item), String> {
        let pixels = self
            .pixels()
            .ok_or("input_format is missing, which static AIPP needs")?;
        let or = |size: usize, other: usize| if size == 0 { other } else { size };
        let (crop, padding) = (self.flag("crop"), self.flag("padding"));
        let given = (self.size("src_image_size_w"), self.size("src_image_size_h"));
        if (crop || padding) && (given.0 == 0 || given.1 == 0) {
            return Err(
                "src_image_size_w and src_image_size_h are missing, which crop and padding need"
                    .to_owned(),
            );
        }
        let source = Source {
            pixels,
            width: or(given.0, target.width),
            height: or(given.1, target.height),
            swap_rbuv: self.flag("rbuv_swap_switch"),
            swap_ax: self.flag("ax_swap_switch"),
            csc: self.flag("csc_switch").then(|| self.csc()),
        };
        source.check()?;
        let part = (self.size("crop_size_w"), self.size("crop_size_h"));
        if crop && padding && (part.0 == 0 || part.1 == 0) {
            return Err(
                "crop_size_w and crop_size_h are missing, which crop together with padding needs"
                    .to_owned(),
            );
        }
        let item = Item {
            crop: crop.then(|| Crop {
                x: self.size("load_start_pos_w"),
                y: self.size("load_start_pos_h"),
                width: or(part.0, target.width),
                height: or(part.1, target.height),
            }),
            padding: if padding {
                Padding {
                    top: self.size("top_padding_size"),
                    bottom: self.size("bottom_padding_size"),
                    left: self.size("left_padding_size"),
                    right: self.size("right_padding_size"),
                }
            } else {
                Padding::default()
            },
            mean: self.four("mean_chn", |c, key| i16::try_from(c.int(key)).unwrap_or(0)),
            min: self.four("min_chn", |c, key| nearest_half(c.float(key).into())),
            factor: self.four("var_reci_chn", |c, key| nearest_half(c.float(key).into())),
        };
        item.check(&source)?;
        super::aipp::check_fit(&source, &item, target)?;
        Ok((source, item))
    }

    /// Writes all keys, with defaults, as the file's attributes have them.
    pub(crate) fn attrs(&self) -> Vec<AttrEntry> {
        let value = |key: &str, kind: Kind| match kind {
            Kind::Text => AttrValue::S(self.text(key).unwrap_or_default().into()),
            Kind::Flag => AttrValue::B(self.flag(key)),
            Kind::Float(_) => AttrValue::F(self.float(key)),
            _ => AttrValue::I(self.int(key)),
        };
        let all = KEYS.iter();
        all.map(|(key, kind)| attrs::entry(key, value(key, *kind)))
            .collect()
    }

    /// Reads the file's attributes; unknown ones are skipped, for newer files.
    pub(crate) fn of_attrs(entries: &[AttrEntry]) -> Self {
        let mut config = Self::default();
        for entry in entries {
            let known = std::str::from_utf8(&entry.key).ok().and_then(kind);
            let value = entry.value.as_ref().and_then(|v| v.value.as_ref());
            let (Some((key, _)), Some(value)) = (known, value) else {
                continue;
            };
            let value = match value {
                AttrValue::I(value) => Value::Int(*value),
                AttrValue::B(value) => Value::Int((*value).into()),
                AttrValue::F(value) => Value::Float(*value),
                AttrValue::S(value) => Value::Text(String::from_utf8_lossy(value).into_owned()),
                _ => continue,
            };
            config.set(key, value);
        }
        config
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const TARGET: Target = Target {
        channels: 3,
        height: 8,
        width: 6,
        interleaved: false,
    };

    fn config(values: &[(&'static str, i64)]) -> Config {
        let mut config = Config::default();
        for (key, value) in values {
            assert!(kind(key).is_some(), "{key}");
            config.set(key, Value::Int(*value));
        }
        config
    }

    #[test]
    fn attributes_hold_everything_that_was_configured() {
        let mut wanted = config(&[("aipp_mode", 1), ("input_format", 3), ("mean_chn_1", 7)]);
        wanted.set("min_chn_2", Value::Float(0.25));
        let read = Config::of_attrs(&wanted.attrs());
        assert_eq!(read.attrs(), wanted.attrs());
        assert_eq!(read.settle(TARGET), wanted.settle(TARGET));
        assert_eq!(read.int("mean_chn_1"), 7);
    }

    #[test]
    fn sizes_that_are_not_given_are_the_models() {
        let (source, item) = config(&[("input_format", 3)]).settle(TARGET).unwrap();
        assert_eq!((source.width, source.height), (6, 8));
        assert_eq!((item.crop, source.csc), (None, None));
        let cropped = [
            ("input_format", 3),
            ("crop", 1),
            ("src_image_size_w", 16),
            ("src_image_size_h", 16),
            ("load_start_pos_w", 2),
        ];
        let (_, item) = config(&cropped).settle(TARGET).unwrap();
        assert_eq!(
            item.crop.map(|c| (c.x, c.y, c.width, c.height)),
            Some((2, 0, 6, 8))
        );
    }

    #[test]
    fn a_configuration_that_does_not_fit_is_told() {
        let wrong = |values: &[_]| config(values).settle(TARGET).unwrap_err();
        assert!(wrong(&[]).contains("input_format"));
        assert!(wrong(&[("input_format", 3), ("crop", 1)]).contains("src_image_size"));
        let small = [("src_image_size_w", 4), ("src_image_size_h", 8)];
        assert!(wrong(&[&small[..], &[("input_format", 3)]].concat()).contains("4 x 8"));
        let both = [("input_format", 3), ("crop", 1), ("padding", 1)];
        assert!(wrong(&[&small[..], &both].concat()).contains("crop_size"));
        assert!(wrong(&[("input_format", 4)]).contains("channels"));
    }
}
