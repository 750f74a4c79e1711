//! Small pictures inside the page.

use std::path::Path;

use crate::imaging::decode_file;
use crate::synth::encode_jpeg;
use crate::view::Picture;

/// Width and height that a thumbnail fits into: the crops of Market-1501 pass as they are.
pub(super) const SIZE: (usize, usize) = (64, 128);
/// The JPEG quality: about 2 kB for a crop.
const QUALITY: u8 = 78;

/// Reads a picture and returns it as a data URI with its size, or `None` if it cannot be read.
pub(super) fn thumbnail(path: &Path) -> Option<(String, usize, usize)> {
    let image = match decode_file(path) {
        Ok(image) => image,
        Err(error) => {
            log::warn!("{error}");
            return None;
        }
    };
    let (width, height) = (image.width(), image.height());
    let picture = Picture::new(width, height, image.into_bytes()).ok()?;
    let small = if width <= SIZE.0 && height <= SIZE.1 {
        picture
    } else {
        picture.fitted(SIZE.0, SIZE.1)?
    };
    let jpeg = match encode_jpeg(&small, QUALITY) {
        Ok(jpeg) => jpeg,
        Err(error) => {
            log::warn!("{}: no thumbnail: {error}", path.display());
            return None;
        }
    };
    let uri = format!("data:image/jpeg;base64,{}", base64(&jpeg));
    Some((uri, small.width(), small.height()))
}

/// Spells bytes in base64 with padding (RFC 4648, section 4).
pub(super) fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let byte = |index: usize| usize::from(three.get(index).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            out.push(if place <= three.len() {
                char::from(LETTERS[bits >> (18 - 6 * place) & 63])
            } else {
                '='
            });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_gives_the_test_vectors_of_its_rfc() {
        // RFC 4648, section 10.
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
        assert_eq!(base64(&[0xfb, 0xff, 0xfe]), "+//+");
    }
}
