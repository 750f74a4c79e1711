use crate::view::Picture;

/// Encodes `picture` as a baseline JPEG with 4:2:0 chroma and standard Huffman
/// tables, as libjpeg-turbo and most cameras write it. `quality` is 1 to 100.
///
/// The encoder works in integers (slow-integer DCT), so the bytes are the same
/// on every machine.
///
/// # Errors
/// When a side is 0 or above 65535.
pub fn encode_jpeg(picture: &Picture, quality: u8) -> std::io::Result<Vec<u8>> {
    if picture.width() == 0 || picture.height() == 0 {
        return Err(std::io::Error::new(
            std::io::ErrorKind::InvalidInput,
            "the picture has no elements",
        ));
    }
    if picture.width().max(picture.height()) > 65_535 {
        return Err(std::io::Error::new(
            std::io::ErrorKind::InvalidInput,
            "a side is above 65535, which JPEG cannot hold",
        ));
    }
    let mut encoder = mozjpeg::Compress::new(mozjpeg::ColorSpace::JCS_RGB);
    encoder.set_size(picture.width(), picture.height());
    // Without this, the encoder would write progressive files with tuned tables.
    encoder.set_fastest_defaults();
    encoder.set_quality(f32::from(quality.clamp(1, 100)));
    encoder.set_chroma_sampling_pixel_sizes((2, 2), (2, 2));
    let mut started = encoder.start_compress(Vec::new())?;
    started.write_scanlines(picture.rgb())?;
    started.finish()
}
