use std::fs;
use std::path::Path;

use super::{Picture, ViewError};

fn encode(picture: &Picture) -> Result<Vec<u8>, ::png::EncodingError> {
    let side = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let mut bytes = Vec::new();
    let mut encoder =
        ::png::Encoder::new(&mut bytes, side(picture.width()), side(picture.height()));
    encoder.set_color(::png::ColorType::Rgb);
    encoder.set_depth(::png::BitDepth::Eight);
    encoder.set_compression(::png::Compression::Balanced);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(picture.rgb())?;
    writer.finish()?;
    Ok(bytes)
}

/// Writes a temporary file in the same folder, then renames it.
pub(super) fn write(picture: &Picture, path: &Path) -> Result<(), ViewError> {
    let bytes = encode(picture).map_err(|source| ViewError::Encode {
        path: path.to_owned(),
        source,
    })?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let part = path.with_file_name(format!(".{name}.part"));
    fs::write(&part, bytes)
        .and_then(|()| fs::rename(&part, path))
        .map_err(|source| {
            // The half file is of no use; the first error is the one to tell.
            let _ = fs::remove_file(&part);
            ViewError::Write {
                path: path.to_owned(),
                source,
            }
        })
}
