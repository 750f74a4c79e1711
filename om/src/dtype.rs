//! Element types and memory layouts: three numberings, one table.
//!
//! The same type has one number in ONNX files, another in the protobuf inside an `.om` ("proto"), and a third in the
//! runtime's API and in the newer description partition ("acl"). Formats have one numbering, but are *names* in
//! the protobuf.
//!
//! **Source**: the numbering in `acl_base.h` (`aclDataType`, `aclFormat`), `ge_ir.proto` and `onnx.proto`.

/// One element type.
struct Row {
    acl: i32,
    proto: i32,
    onnx: i32,
    bytes: usize,
    name: &'static str,
}

const fn row(acl: i32, proto: i32, onnx: i32, bytes: usize, name: &'static str) -> Row {
    Row {
        acl,
        proto,
        onnx,
        bytes,
        name,
    }
}

const ROWS: &[Row] = &[
    row(0, 1, 1, 4, "FLOAT"),
    row(1, 2, 10, 2, "FLOAT16"),
    row(2, 3, 3, 1, "INT8"),
    row(3, 7, 6, 4, "INT32"),
    row(4, 4, 2, 1, "UINT8"),
    row(6, 5, 5, 2, "INT16"),
    row(7, 6, 4, 2, "UINT16"),
    row(8, 9, 12, 4, "UINT32"),
    row(9, 8, 7, 8, "INT64"),
    row(10, 10, 13, 8, "UINT64"),
    row(11, 12, 11, 8, "DOUBLE"),
    row(12, 11, 9, 1, "BOOL"),
    row(13, 13, 8, 0, "STRING"),
    row(16, 16, 14, 8, "COMPLEX64"),
    row(17, 17, 15, 16, "COMPLEX128"),
    row(27, 27, 16, 2, "BF16"),
    row(29, 28, 22, 0, "INT4"),
    row(30, 29, -1, 0, "UINT1"),
];

/// The acl number for "no known type" (`ACL_DT_UNDEFINED`).
pub const ACL_UNDEFINED: i32 = -1;
/// acl number of 32-bit float.
pub const ACL_FLOAT: i32 = 0;
/// acl number of 16-bit float.
pub const ACL_FLOAT16: i32 = 1;
/// acl number of signed byte.
pub const ACL_INT8: i32 = 2;
/// acl number of signed 32-bit integer.
pub const ACL_INT32: i32 = 3;
/// acl number of unsigned byte.
pub const ACL_UINT8: i32 = 4;
/// acl number of signed 64-bit integer.
pub const ACL_INT64: i32 = 9;
/// acl number of 64-bit float.
pub const ACL_DOUBLE: i32 = 11;
/// acl number of truth value.
pub const ACL_BOOL: i32 = 12;

fn find(pick: impl Fn(&Row) -> bool) -> Option<&'static Row> {
    ROWS.iter().find(|r| pick(r))
}

/// Translates a protobuf number to the acl one; unknown becomes [`ACL_UNDEFINED`].
#[must_use]
pub fn proto_to_acl(proto: i32) -> i32 {
    find(|r| r.proto == proto).map_or(ACL_UNDEFINED, |r| r.acl)
}

/// Translates an acl number to the protobuf one; unknown becomes 0 (undefined).
#[must_use]
pub fn acl_to_proto(acl: i32) -> i32 {
    find(|r| r.acl == acl).map_or(0, |r| r.proto)
}

/// Translates an ONNX number to the acl one; unknown becomes [`ACL_UNDEFINED`].
#[must_use]
pub fn onnx_to_acl(onnx: i32) -> i32 {
    find(|r| r.onnx == onnx).map_or(ACL_UNDEFINED, |r| r.acl)
}

/// Translates an acl number to the ONNX one; unknown becomes 0 (undefined).
#[must_use]
pub fn acl_to_onnx(acl: i32) -> i32 {
    find(|r| r.acl == acl).map_or(0, |r| r.onnx.max(0))
}

/// Gets the bytes of one element, by acl number; `None` for text, types below a byte, and unknown numbers.
#[must_use]
pub fn size_of(acl: i32) -> Option<usize> {
    find(|r| r.acl == acl).map(|r| r.bytes).filter(|&b| b > 0)
}

/// Gets the name, by acl number, for example `FLOAT`.
#[must_use]
pub fn name(acl: i32) -> &'static str {
    find(|r| r.acl == acl).map_or("UNDEFINED", |r| r.name)
}

/// Names of the formats, at the position of their number; empty where no format has the number.
const FORMATS: &[&str] = &[
    "NCHW",
    "NHWC",
    "ND",
    "NC1HWC0",
    "FRACTAL_Z",
    "NC1C0HWPAD",
    "NHWC1C0",
    "FSR_NCHW",
    "FRACTAL_DECONV",
    "C1HWNC0",
    "FRACTAL_DECONV_TRANSPOSE",
    "FRACTAL_DECONV_SP_STRIDE_TRANS",
    "NC1HWC0_C04",
    "FRACTAL_Z_C04",
    "CHWN",
    "FRACTAL_DECONV_SP_STRIDE8_TRANS",
    "HWCN",
    "NC1KHKWHWC0",
    "BN_WEIGHT",
    "FILTER_HWCK",
    "HASHTABLE_LOOKUP_LOOKUPS",
    "HASHTABLE_LOOKUP_KEYS",
    "HASHTABLE_LOOKUP_VALUE",
    "HASHTABLE_LOOKUP_OUTPUT",
    "HASHTABLE_LOOKUP_HITS",
    "C1HWNCoC0",
    "MD",
    "NDHWC",
    "FRACTAL_ZZ",
    "FRACTAL_NZ",
    "NCDHW",
    "DHWCN",
    "NDC1HWC0",
    "FRACTAL_Z_3D",
    "CN",
    "NC",
    "DHWNC",
    "FRACTAL_Z_3D_TRANSPOSE",
    "FRACTAL_ZN_LSTM",
    "FRACTAL_Z_G",
    "RESERVED",
    "ALL",
    "NULL",
    "ND_RNN_BIAS",
    "FRACTAL_ZN_RNN",
    "NYUV",
    "NYUV_A",
];

/// The acl number for "no known format" (`ACL_FORMAT_UNDEFINED`).
pub const FORMAT_UNDEFINED: i32 = -1;
/// acl number of NCHW.
pub const FORMAT_NCHW: i32 = 0;
/// acl number of NHWC.
pub const FORMAT_NHWC: i32 = 1;
/// acl number of ND: no meaning is given to the axes.
pub const FORMAT_ND: i32 = 2;

/// Translates a layout string of the protobuf (`NCHW`, `FRACTAL_Z:96`, …) to the number; what follows a colon is a
/// sub-format and is left out. Unknown becomes [`FORMAT_UNDEFINED`].
#[must_use]
pub fn format_number(layout: &str) -> i32 {
    let base = layout.split(':').next().unwrap_or("");
    FORMATS
        .iter()
        .position(|&f| f == base)
        .and_then(|i| i32::try_from(i).ok())
        .unwrap_or(FORMAT_UNDEFINED)
}

/// Gets a format's name, by number.
#[must_use]
pub fn format_name(number: i32) -> &'static str {
    usize::try_from(number)
        .ok()
        .and_then(|i| FORMATS.get(i).copied())
        .unwrap_or("UNDEFINED")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_numberings_translate_back_and_forth() {
        for r in ROWS {
            assert_eq!(proto_to_acl(acl_to_proto(r.acl)), r.acl, "{}", r.name);
            if r.onnx > 0 {
                assert_eq!(onnx_to_acl(acl_to_onnx(r.acl)), r.acl, "{}", r.name);
            }
        }
        assert_eq!(
            (onnx_to_acl(7), proto_to_acl(8), proto_to_acl(12)),
            (9, 9, 11)
        );
        assert_eq!(
            (onnx_to_acl(99), proto_to_acl(0), size_of(13)),
            (-1, -1, None)
        );
    }

    #[test]
    fn a_sub_format_does_not_hide_the_format() {
        assert_eq!(format_number("FRACTAL_Z:96"), 4);
        assert_eq!(format_number("FRACTAL_NZ"), 29);
        assert_eq!(format_number("NYUV_A"), 46);
        assert_eq!(format_number("nonsense"), FORMAT_UNDEFINED);
        assert_eq!(format_name(2), "ND");
    }
}
