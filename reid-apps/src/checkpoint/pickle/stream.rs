use super::PickleError;

/// The bytes of a pickle, read from the front.
#[derive(Debug, Clone)]
pub(super) struct Stream<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Where the instruction began.
    pub(super) start: usize,
}

impl<'a> Stream<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            start: 0,
        }
    }

    pub(super) fn position(&self) -> usize {
        self.at
    }

    pub(super) fn error(&self, detail: impl Into<String>) -> PickleError {
        PickleError {
            at: self.start,
            detail: detail.into(),
        }
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], PickleError> {
        let end = self.at.checked_add(count);
        let taken = end.and_then(|end| self.bytes.get(self.at..end));
        let taken = taken.ok_or_else(|| {
            self.error(format!(
                "found {} bytes, wanted {count}; the file is cut short or damaged",
                self.bytes.len() - self.at
            ))
        })?;
        self.at += count;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], PickleError> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N)?);
        Ok(out)
    }

    pub(super) fn byte(&mut self) -> Result<u8, PickleError> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Result<u16, PickleError> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, PickleError> {
        self.array().map(u32::from_le_bytes)
    }

    /// A length of eight bytes; one that no memory has is larger than the rest of any stream.
    pub(super) fn length(&mut self) -> Result<usize, PickleError> {
        let length = self.array().map(u64::from_le_bytes)?;
        Ok(usize::try_from(length).unwrap_or(usize::MAX))
    }

    pub(super) fn text(&mut self, count: usize) -> Result<&'a str, PickleError> {
        let bytes = self.take(count)?;
        std::str::from_utf8(bytes)
            .map_err(|_| self.error("found text that is not UTF-8, wanted names in UTF-8"))
    }

    /// A line, without its end.
    pub(super) fn line(&mut self) -> Result<&'a str, PickleError> {
        let rest = &self.bytes[self.at..];
        // Names of modules are short; a search to the end of a large file would be for nothing.
        let window = &rest[..rest.len().min(1024)];
        let end = window.iter().position(|&b| b == b'\n');
        let end = end.ok_or_else(|| self.error("found no end of the line within 1024 bytes"))?;
        let text = self.text(end)?;
        self.at += 1;
        Ok(text)
    }
}
