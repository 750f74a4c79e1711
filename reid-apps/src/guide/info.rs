//! `.info` files: the lists of inputs that the vendor's benchmark program reads.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::GuideError;
use crate::files::write_file;
use crate::imaging::decode_file;

/// The order in which the guide's script takes the extensions of pictures.
const PICTURES: [&str; 4] = ["jpg", "jpeg", "JPG", "JPEG"];

/// Says how a list is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InfoOptions {
    /// Writes what the guide's script writes where that is odd: the two sizes of a `.bin` height
    /// first, and indices of pictures that begin anew with each extension.
    pub as_guide: bool,
}

/// Lists the `.bin` files of a folder, a line `INDEX PATH WIDTH HEIGHT` each.
///
/// Lines are in ascending order of the bytes of the names, so that INDEX is the row of a file
/// written by [`super::save_bin`]; the guide's script takes them as the file system gives them. PATH is
/// `folder` as it was given, with a slash, and the name. Returns the number of lines.
///
/// # Errors
/// [`GuideError::File`] for a folder without `.bin` files, a file whose size is not that of three
/// planes of float32, and a path that a line cannot hold; [`GuideError::Io`].
pub fn bin_info(
    folder: &Path,
    out: &Path,
    (width, height): (u32, u32),
    options: InfoOptions,
) -> Result<usize, GuideError> {
    let files = list(folder, &["bin"])?;
    let wanted = 3 * 4 * u64::from(width) * u64::from(height);
    let (first, second) = if options.as_guide {
        (height, width)
    } else {
        (width, height)
    };
    let mut text = String::new();
    for (index, file) in files.iter().enumerate() {
        let found = fs::metadata(file).map_err(GuideError::io(file))?.len();
        if found != wanted {
            let problem = format!(
                "{found} bytes, wanted {wanted} for 3 x {height} x {width} float32; correct the size, or run save-bin again"
            );
            return Err(GuideError::file(file, problem));
        }
        let path = spelled(folder, file)?;
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{index} {path} {first} {second}");
    }
    write(out, &text)?;
    Ok(files.len())
}

/// Lists the pictures of a folder (`jpg`, `jpeg`, `JPG`, `JPEG`), a line `INDEX PATH WIDTH HEIGHT`
/// each, with the size of the picture as it is stored (no rotation by EXIF).
///
/// Lines are in ascending order of the bytes of the names. Pictures are decoded, in parallel: one
/// that cannot be read is an error here, not in the middle of a run. Returns the number of lines.
///
/// # Errors
/// [`GuideError::Image`], [`GuideError::File`] for a folder without pictures and a path that a line
/// cannot hold; [`GuideError::Io`].
pub fn jpg_info(folder: &Path, out: &Path, options: InfoOptions) -> Result<usize, GuideError> {
    let files = list(folder, &PICTURES)?;
    let sizes: Vec<_> = files
        .par_iter()
        .map(|file| decode_file(file).map(|image| (image.width(), image.height())))
        .collect();
    let sizes = sizes.into_iter().collect::<Result<Vec<_>, _>>()?;
    let mut text = String::new();
    let all: Vec<(&PathBuf, (usize, usize))> = files.iter().zip(sizes).collect();
    let mut line = |index: usize, file: &Path, size: (usize, usize)| {
        let path = spelled(folder, file)?;
        let _ = writeln!(text, "{index} {path} {} {}", size.0, size.1);
        Ok::<(), GuideError>(())
    };
    if options.as_guide {
        for extension in PICTURES {
            let of = |file: &Path| file.extension().is_some_and(|found| found == extension);
            let group = all.iter().filter(|(file, _)| of(file));
            for (index, (file, size)) in group.enumerate() {
                line(index, file, *size)?;
            }
        }
    } else {
        for (index, (file, size)) in all.iter().enumerate() {
            line(index, file, *size)?;
        }
    }
    write(out, &text)?;
    Ok(files.len())
}

fn list(folder: &Path, extensions: &[&str]) -> Result<Vec<PathBuf>, GuideError> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(GuideError::io(folder))? {
        let path = entry.map_err(GuideError::io(folder))?.path();
        let extension = path.extension().and_then(|extension| extension.to_str());
        if extension.is_some_and(|found| extensions.contains(&found)) && path.is_file() {
            files.push(path);
        }
    }
    files.sort_by(|a, b| {
        let bytes = |path: &PathBuf| path.as_os_str().as_encoded_bytes().to_vec();
        bytes(a).cmp(&bytes(b))
    });
    if files.is_empty() {
        let problem = format!(
            "no file that ends in .{}; give the folder that holds the files themselves",
            extensions.join(", .")
        );
        return Err(GuideError::file(folder, problem));
    }
    Ok(files)
}

/// Spells a path for a line, whose fields are separated by blanks.
fn spelled(folder: &Path, file: &Path) -> Result<String, GuideError> {
    let name = file.file_name().unwrap_or_default();
    let (folder, name) = match (folder.to_str(), name.to_str()) {
        (Some(folder), Some(name)) => (folder, name),
        _ => return Err(GuideError::file(file, "not UTF-8; rename it")),
    };
    let path = format!("{}/{name}", folder.trim_end_matches('/'));
    if path.contains(char::is_whitespace) {
        let problem = "white space in the path, which a line of an .info file cannot hold; give the folder by a path without";
        return Err(GuideError::file(file, problem));
    }
    Ok(path)
}

fn write(out: &Path, text: &str) -> Result<(), GuideError> {
    write_file(out, |file| file.write_all(text.as_bytes())).map_err(GuideError::io(out))?;
    Ok(())
}
