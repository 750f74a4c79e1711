//! Files that appear whole or not at all, and the hashes of what went through.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// Spells bytes in lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes a file under a temporary name beside it and renames it when complete.
///
/// Returns the SHA-256 of what was written, in hexadecimal. After a failure nothing is left.
pub(crate) fn write_file(
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<String> {
    let partial = partial_of(path);
    let written = write_whole(&partial, fill).and_then(|hash| {
        fs::rename(&partial, path)?;
        Ok(hash)
    });
    if written.is_err() {
        // The first failure is the one to report; a leftover is overwritten by the next run.
        drop(fs::remove_file(&partial));
    }
    written
}

fn write_whole(
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<String> {
    let mut writer = HashingWriter {
        inner: BufWriter::new(File::create(path)?),
        hash: Sha256::new(),
    };
    fill(&mut writer)?;
    writer.flush()?;
    writer.inner.get_ref().sync_all()?;
    Ok(hex(&writer.hash.finalize()))
}

struct HashingWriter {
    inner: BufWriter<File>,
    hash: Sha256,
}

impl Write for HashingWriter {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(buffer)?;
        self.hash.update(&buffer[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Returns the name beside `path` that a file or folder has until it is whole.
pub(crate) fn partial_of(path: &Path) -> PathBuf {
    let mut name = path.file_name().map_or_else(OsString::new, OsString::from);
    name.push(".partial");
    path.with_file_name(name)
}

/// Hashes what is read through it, so that a large file is read once.
pub(crate) struct HashingReader<R> {
    inner: R,
    hash: Sha256,
}

impl<R: Read> HashingReader<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self {
            inner,
            hash: Sha256::new(),
        }
    }

    /// Returns the SHA-256 of everything read so far, in hexadecimal.
    pub(crate) fn finish(self) -> String {
        hex(&self.hash.finalize())
    }
}

impl<R: Read> Read for HashingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.hash.update(&buffer[..count]);
        Ok(count)
    }
}
