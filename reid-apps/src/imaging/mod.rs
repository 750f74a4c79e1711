//! Turns image files into network inputs, bit for bit as the reference pipeline does.
//!
//! Why every bit: a feature that differs from the published pipeline should differ because of the
//! device, never because of the picture. So each step follows what the reference runs, Pillow 9.5
//! with libjpeg-turbo 2.1.5 under torchvision, and is compared with it byte by byte.
//!
//! | step | type | rule |
//! |---|---|---|
//! | decode | [`Decoder`] | what `Image.open(f).convert("RGB")` gives |
//! | resize | [`Resizer`] | Pillow's `BICUBIC` on bytes: a = -0.5, widened when shrinking, 22-bit weights, width first |
//! | normalise | [`Normaliser`] | `(u / 255 - mean) / std`, every operation in float32 |
//! | all of it | [`Preprocessor`] | into the caller's slice, with the mirrored copy of the flip pass |
//! | many images | [`BatchPreprocessor`] | on all cores, into the slice of the whole batch |
//!
//! # What is exact, per kind of file
//!
//! The kind is told by the content, never by the file's extension.
//!
//! | kind | result | deviation from Pillow 9.5 |
//! |---|---|---|
//! | JPEG, RGB or YCbCr, any sampling, baseline or progressive | slow-integer IDCT, triangle ("fancy") chroma upsampling | none known |
//! | JPEG, arithmetic coded | decoded in the same way | not compared |
//! | JPEG, grey | r = g = b | none known |
//! | JPEG, CMYK or YCCK | taken as stored inverted, as Adobe does, then `clamp((255-K) - mul255(C, 255-K))` | none known |
//! | JPEG, cut short | refused | the same |
//! | JPEG, damaged inside (libjpeg warns: data missing, or left over before the end marker) | refused | Pillow returns the picture with the damaged part grey or garbled |
//! | JPEG, damaged so little that libjpeg does not notice (there is no checksum) | whatever the bits say | may differ where a coefficient leaves its range |
//! | JPEG, bytes after the end marker | ignored | none |
//! | PNG 1, 2, 4, 8 bit grey, palette, RGB, any with alpha | grey spread to 0..=255; alpha and `tRNS` discarded, not composited; gamma ignored; a palette index without an entry is that grey level | none known |
//! | PNG 16 bit RGB, RGBA, grey + alpha | high byte | none known |
//! | PNG 16 bit grey | **clamped** to 255, so nearly everything turns white | none: it is what the reference does |
//! | PNG whose checksums are wrong, or cut inside the last checksum | refused | Pillow overlooks some of them |
//! | BMP 1, 4, 8, 16, 24, 32 bit, bottom-up or top-down | fourth byte discarded; 5- and 6-bit fields scaled by `v * 255 / 31` (or 63), rounded down | bit fields in any byte order are read, where Pillow knows five orders |
//! | BMP, run-length coded | by the crate `image` | jumps inside the coded data are not compared |
//! | PBM, PGM, PPM, plain or raw | maxval scaled to 255; PGM above 255 is scaled to 65535 and then **clamped** to 255 | none known |
//! | GIF, TIFF, WebP and others | refused by name | Pillow reads them |
//!
//! EXIF orientation is ignored, as the reference ignores it. More than 178,956,970 pixels are
//! refused, at the limit where Pillow calls a file a decompression bomb.
//!
//! # Speed
//!
//! The steps stand alone for those who need bytes between them. [`Preprocessor`] does not run them
//! one after the other where the processor has AVX2 and FMA: resize and normalise are then fused,
//! with the same bits, and the mirrored tensor is written in the same pass. The steps are the
//! definition, and the tests compare the fused path with them.
//!
//! # Threads
//!
//! Every type here but [`BatchPreprocessor`] is plain data with scratch memory: make one
//! [`Preprocessor`] per thread.
//!
//! # Example
//!
//! ```no_run
//! use reid_apps::imaging::Preprocessor;
//!
//! let mut preprocessor = Preprocessor::mgn();
//! let mut plain = vec![0.0; preprocessor.output_len()];
//! let mut flip = plain.clone();
//! preprocessor.run_file("query/0001_c1s1_001051_00.jpg".as_ref(), &mut plain, Some(&mut flip))?;
//! # Ok::<(), reid_apps::imaging::ImageError>(())
//! ```

mod batch;
mod decode;
mod error;
#[cfg(target_arch = "x86_64")]
mod fused;
#[cfg(not(target_arch = "x86_64"))]
#[path = "no_fused.rs"]
mod fused;
mod normalise;
mod pixels;
mod preprocess;
mod resize;
mod rgb_image;
mod source;

pub use batch::BatchPreprocessor;
pub use decode::{Decoder, MAX_PIXELS, decode_bytes, decode_file};
pub use error::{ImageError, ImageProblem};
pub use normalise::{Flip, IMAGENET_MEAN, IMAGENET_STD, Normaliser};
pub use pixels::{PixelFormat, Pixels};
pub use preprocess::{Channels, Preprocessor, Recipe};
pub use resize::Resizer;
pub use rgb_image::RgbImage;
pub use source::Source;
