//! Archives of trees, the same bytes from the same files.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::{Compression, GzBuilder};
use tar::{EntryType, Header, HeaderMode};
use tempfile::NamedTempFile;

use crate::layout::{Content, Entry};
use crate::{Error, Result};

/// Seconds since 1970 that every file of an archive carries.
pub(crate) type Time = u64;

/// An archive in memory, compressed by gzip.
pub(crate) struct Archive {
    inner: tar::Builder<flate2::write::GzEncoder<Vec<u8>>>,
    folders: BTreeSet<String>,
    time: Time,
}

impl Archive {
    pub(crate) fn new(time: Time) -> Self {
        let gzip = GzBuilder::new().write(Vec::new(), Compression::default());
        let mut inner = tar::Builder::new(gzip);
        inner.mode(HeaderMode::Deterministic);
        Self {
            inner,
            folders: BTreeSet::new(),
            time,
        }
    }

    fn header(&self, kind: EntryType, mode: u32, size: u64) -> Header {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_size(size);
        header.set_mtime(self.time);
        // Numbers and names: dpkg warns where the names are missing.
        header.set_uid(0);
        header.set_gid(0);
        // Both names are shorter than their fields.
        let _ = header.set_username("root");
        let _ = header.set_groupname("root");
        header
    }

    /// Adds the folders that a path is in, unless they are there.
    fn folders_of(&mut self, path: &str) -> std::io::Result<()> {
        for (end, _) in path.match_indices('/') {
            let folder = &path[..=end];
            if self.folders.insert(folder.to_owned()) {
                let mut header = self.header(EntryType::Directory, 0o755, 0);
                self.inner
                    .append_data(&mut header, folder, std::io::empty())?;
            }
        }
        Ok(())
    }

    /// Adds a file.
    pub(crate) fn file(&mut self, path: &str, bytes: &[u8]) -> std::io::Result<()> {
        self.folders_of(path)?;
        let mut header = self.header(EntryType::Regular, 0o644, bytes.len() as u64);
        self.inner.append_data(&mut header, path, bytes)
    }

    /// Adds an entry, its path behind `before`.
    pub(crate) fn entry(&mut self, before: &str, entry: &Entry) -> Result<()> {
        let path = format!("{before}{}", entry.path);
        let failed = Error::file("pack", Path::new(&path));
        let put = match &entry.content {
            Content::Link(target) => self.folders_of(&path).and_then(|()| {
                let mut header = self.header(EntryType::Symlink, 0o777, 0);
                self.inner.append_link(&mut header, &path, target)
            }),
            content => self.file(&path, &content.bytes()?),
        };
        put.map_err(failed)
    }

    pub(crate) fn finish(self) -> std::io::Result<Vec<u8>> {
        self.inner.into_inner()?.finish()
    }
}

/// Writes a file that appears whole or not at all.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(Error::file("make the folder", folder))?;
    let put = || -> std::io::Result<()> {
        use std::os::unix::fs::PermissionsExt;
        let mut file = NamedTempFile::new_in(folder)?;
        file.write_all(bytes)?;
        let mode = std::fs::Permissions::from_mode(0o644);
        file.as_file().set_permissions(mode)?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    put().map_err(Error::file("write", path))
}

/// Writes `NAME.tar.gz` into a folder, with everything below a folder `NAME`, and returns its path.
///
/// # Errors
/// If a file cannot be read or the archive not be written.
pub fn tarball(entries: &[Entry], name: &str, out: &Path, time: u64) -> Result<PathBuf> {
    let path = out.join(format!("{name}.tar.gz"));
    let mut archive = Archive::new(time);
    for entry in entries {
        archive.entry(&format!("{name}/"), entry)?;
    }
    let bytes = archive.finish().map_err(Error::file("pack", &path))?;
    write(&path, &bytes)?;
    Ok(path)
}
