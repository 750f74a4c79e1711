//! The parameters of dynamic AIPP as they lie in device memory: a head, then one record a picture.
//!
//! A program may write these bytes by the API's setters or by itself, so reading checks everything.

use half::f16;

use super::aipp::{CHANNELS, Crop, Csc, Item, Padding, Pixels, Source};

/// Bytes of the head.
pub(crate) const HEAD: usize = 64;
/// Bytes of a picture's record.
pub(crate) const RECORD: usize = 96;
/// Most pictures that the head's count, a signed byte, can say.
pub(crate) const MOST: usize = 127;

/// Bytes of the parameters of a batch.
pub(crate) fn bytes(batch: usize) -> usize {
    RECORD.saturating_mul(batch).saturating_add(HEAD)
}

/// What holds for all pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) format: u8,
    pub(crate) csc: i8,
    pub(crate) swap_rbuv: i8,
    pub(crate) swap_ax: i8,
    pub(crate) width: i32,
    pub(crate) height: i32,
    pub(crate) matrix: [i16; 9],
    pub(crate) output_bias: [u8; 3],
    pub(crate) input_bias: [u8; 3],
}

/// What holds for one picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Record {
    pub(crate) crop: i8,
    pub(crate) resize: i8,
    pub(crate) padding: i8,
    pub(crate) rotate: i8,
    /// Start (width, height), then size.
    pub(crate) window: [i32; 4],
    /// Sizes before and after.
    pub(crate) scale: [i32; 4],
    /// Top, bottom, left, right.
    pub(crate) sides: [i32; 4],
    pub(crate) mean: [i16; CHANNELS],
    pub(crate) min: [f16; CHANNELS],
    pub(crate) factor: [f16; CHANNELS],
}

impl Default for Record {
    fn default() -> Self {
        Self {
            crop: 0,
            resize: 0,
            padding: 0,
            rotate: 0,
            window: [0; 4],
            scale: [0; 4],
            sides: [0; 4],
            mean: [0; CHANNELS],
            min: [f16::ZERO; CHANNELS],
            // A factor that is never set changes nothing, as in the converter's configuration.
            factor: [f16::ONE; CHANNELS],
        }
    }
}

/// A head and its records.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Packed {
    pub(crate) head: Head,
    pub(crate) records: Vec<Record>,
}

fn size(value: i32, what: &str) -> Result<usize, String> {
    usize::try_from(value).map_err(|_| format!("{what} is {value}, wanted 0 or more"))
}

fn switch(value: i8, what: &str) -> Result<bool, String> {
    match value {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(format!("the switch of {what} is {value}, wanted 0 or 1")),
    }
}

impl Head {
    /// Reads what it means.
    pub(crate) fn source(&self) -> Result<Source, String> {
        let pixels = Pixels::from_number(self.format.into()).ok_or_else(|| {
            format!(
                "the format of the input is {}, wanted 1 (YUV420SP_U8) to 4 (YUV400_U8); \
                 set all parameters before the run",
                self.format
            )
        })?;
        let m = &self.matrix;
        let csc = Csc {
            matrix: [[m[0], m[1], m[2]], [m[3], m[4], m[5]], [m[6], m[7], m[8]]],
            output_bias: self.output_bias,
            input_bias: self.input_bias,
        };
        let source = Source {
            pixels,
            width: size(self.width, "the width of the source picture")?,
            height: size(self.height, "the height of the source picture")?,
            swap_rbuv: switch(self.swap_rbuv, "the swap of R and B, or U and V")?,
            swap_ax: switch(self.swap_ax, "the swap of the first channel")?,
            csc: switch(self.csc, "colour conversion")?.then_some(csc),
        };
        source.check()?;
        Ok(source)
    }
}

impl Record {
    /// Reads what it means.
    pub(crate) fn item(&self, source: &Source) -> Result<Item, String> {
        if switch(self.resize, "resizing")? || self.rotate != 0 {
            return Err("resizing and rotation are reserved, no chip here has them".to_owned());
        }
        let [x, y, width, height] = self.window;
        let crop = if switch(self.crop, "cropping")? {
            Some(Crop {
                x: size(x, "the start of the cropped part")?,
                y: size(y, "the start of the cropped part")?,
                width: size(width, "the width of the cropped part")?,
                height: size(height, "the height of the cropped part")?,
            })
        } else {
            None
        };
        let [top, bottom, left, right] = self.sides;
        let padding = if switch(self.padding, "padding with a constant")? {
            Padding {
                top: size(top, "the padding")?,
                bottom: size(bottom, "the padding")?,
                left: size(left, "the padding")?,
                right: size(right, "the padding")?,
            }
        } else {
            Padding::default()
        };
        let item = Item {
            crop,
            padding,
            mean: self.mean,
            min: self.min,
            factor: self.factor,
        };
        item.check(source)?;
        Ok(item)
    }
}

impl Packed {
    /// Writes it.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut to = Vec::with_capacity(bytes(self.records.len()));
        let h = &self.head;
        let count = u8::try_from(self.records.len()).unwrap_or(u8::MAX);
        to.extend([h.format, h.csc.to_le_bytes()[0]]);
        to.extend([h.swap_rbuv.to_le_bytes()[0], h.swap_ax.to_le_bytes()[0]]);
        to.extend([count, 0, 0, 0]);
        to.extend([h.width, h.height].iter().flat_map(|v| v.to_le_bytes()));
        to.extend(h.matrix.iter().flat_map(|v| v.to_le_bytes()));
        to.extend([0; 6]);
        to.extend(h.output_bias);
        to.extend(h.input_bias);
        to.extend([0; 18]);
        for record in &self.records {
            let switches = [record.crop, record.resize, record.padding, record.rotate];
            to.extend(switches.map(|v| v.to_le_bytes()[0]));
            to.extend([0; 4]);
            let groups = [record.window, record.scale, record.sides];
            to.extend(groups.concat().iter().flat_map(|v| v.to_le_bytes()));
            to.extend(record.mean.iter().flat_map(|v| v.to_le_bytes()));
            let halves = [record.min, record.factor].concat();
            to.extend(halves.iter().flat_map(|v| v.to_le_bytes()));
            to.extend([0; 16]);
        }
        to
    }

    /// Reads `batch` records and their head.
    pub(crate) fn decode(from: &[u8], batch: usize) -> Result<Self, String> {
        let wanted = bytes(batch);
        if from.len() < wanted {
            return Err(format!(
                "the parameters have {} bytes, wanted {wanted} for {batch} pictures",
                from.len()
            ));
        }
        let mut at = Reader(from);
        let head = Head {
            format: u8::from_le_bytes(at.take()),
            csc: i8::from_le_bytes(at.take()),
            swap_rbuv: i8::from_le_bytes(at.take()),
            swap_ax: i8::from_le_bytes(at.take()),
            ..Head::default()
        };
        let count = usize::from(u8::from_le_bytes(at.take()));
        at.skip(3);
        let head = Head {
            width: i32::from_le_bytes(at.take()),
            height: i32::from_le_bytes(at.take()),
            matrix: std::array::from_fn(|_| i16::from_le_bytes(at.take())),
            ..head
        };
        at.skip(6);
        let head = Head {
            output_bias: at.take(),
            input_bias: at.take(),
            ..head
        };
        at.skip(18);
        let records = (0..batch).map(|_| {
            let record = Record {
                crop: i8::from_le_bytes(at.take()),
                resize: i8::from_le_bytes(at.take()),
                padding: i8::from_le_bytes(at.take()),
                rotate: i8::from_le_bytes(at.take()),
                ..Record::default()
            };
            at.skip(4);
            let record = Record {
                window: std::array::from_fn(|_| i32::from_le_bytes(at.take())),
                scale: std::array::from_fn(|_| i32::from_le_bytes(at.take())),
                sides: std::array::from_fn(|_| i32::from_le_bytes(at.take())),
                mean: std::array::from_fn(|_| i16::from_le_bytes(at.take())),
                min: std::array::from_fn(|_| f16::from_le_bytes(at.take())),
                factor: std::array::from_fn(|_| f16::from_le_bytes(at.take())),
                ..record
            };
            at.skip(16);
            record
        });
        let records = records.collect();
        if Pixels::from_number(head.format.into()).is_some() && count != batch {
            return Err(format!(
                "the parameters are for {count} pictures, the batch of this run has {batch}"
            ));
        }
        Ok(Self { head, records })
    }
}

/// Takes values off the front of bytes whose number was checked.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (front, rest) = self
            .0
            .split_first_chunk()
            .expect("the number of bytes was checked");
        self.0 = rest;
        *front
    }

    fn skip(&mut self, count: usize) {
        self.0 = &self.0[count..];
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn packed() -> Packed {
        Packed {
            head: Head {
                format: 3,
                csc: 1,
                swap_rbuv: 1,
                swap_ax: 0,
                width: 0x0102,
                height: 7,
                matrix: [1, -2, 3, 4, 5, 6, 7, 8, -9],
                output_bias: [10, 11, 12],
                input_bias: [13, 14, 15],
            },
            records: vec![
                Record::default(),
                Record {
                    crop: 1,
                    padding: 1,
                    window: [1, 2, 3, 4],
                    sides: [5, 6, 7, 8],
                    mean: [-1, 2, 3, 4],
                    min: [f16::ONE; 4],
                    ..Record::default()
                },
            ],
        }
    }

    #[test]
    fn fields_lie_where_the_chip_reads_them() {
        let bytes = packed().encode();
        assert_eq!(bytes.len(), 64 + 2 * 96);
        assert_eq!(bytes[..5], [3, 1, 1, 0, 2]);
        assert_eq!(bytes[8..16], [2, 1, 0, 0, 7, 0, 0, 0]);
        assert_eq!(bytes[16..20], [1, 0, 0xfe, 0xff]);
        assert_eq!(bytes[32..34], [0xf7, 0xff]);
        assert_eq!(bytes[40..46], [10, 11, 12, 13, 14, 15]);
        let second = &bytes[64 + 96..];
        assert_eq!(second[..4], [1, 0, 1, 0]);
        assert_eq!(second[8..12], [1, 0, 0, 0]);
        assert_eq!(second[40], 5);
        assert_eq!(second[52], 8);
        assert_eq!(second[56..58], [0xff, 0xff]);
        assert_eq!(second[64..66], [0x00, 0x3c]);
        assert_eq!(second[72..74], [0x00, 0x3c]);
    }

    #[test]
    fn what_was_written_is_read_and_counts_are_compared() {
        let bytes = packed().encode();
        assert_eq!(Packed::decode(&bytes, 2).unwrap(), packed());
        assert!(
            Packed::decode(&bytes, 1)
                .unwrap_err()
                .contains("2 pictures")
        );
        assert!(Packed::decode(&bytes, 3).unwrap_err().contains("bytes"));
    }

    #[test]
    fn memory_that_nobody_filled_is_no_parameters() {
        let zeros = Packed::decode(&[0; 160], 1).unwrap();
        assert!(zeros.head.source().unwrap_err().contains("format"));
        let source = packed().head.source().unwrap();
        let odd = Record {
            crop: 3,
            ..Record::default()
        };
        assert!(odd.item(&source).unwrap_err().contains("cropping"));
        let resized = Record {
            resize: 1,
            ..Record::default()
        };
        assert!(resized.item(&source).unwrap_err().contains("reserved"));
    }
}
