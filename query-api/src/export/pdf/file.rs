//! The file structure of PDF (ISO 32000-1, 7.5): numbered objects as they come, and at the end where each begins.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::ZlibEncoder;

/// The number of an object.
pub(super) type Id = usize;

/// Writes objects.
pub(super) struct File<W: Write> {
    to: W,
    at: u64,
    /// Where each object begins; 0 while it is not written. The first is object 1.
    begins: Vec<u64>,
}

impl<W: Write> File<W> {
    pub(super) fn open(to: W) -> io::Result<Self> {
        let mut file = Self { to, at: 0, begins: Vec::new() };
        // Bytes above 127 show programs that the file is binary.
        file.put(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")?;
        Ok(file)
    }

    /// A number for an object that may be named before it is written.
    pub(super) fn reserve(&mut self) -> Id {
        self.begins.push(0);
        self.begins.len()
    }

    pub(super) fn object(&mut self, id: Id, body: &str) -> io::Result<()> {
        self.begin(id)?;
        self.put(body.as_bytes())?;
        self.put(b"\nendobj\n")
    }

    /// A compressed stream; `entries` are those of its dictionary besides length and filter.
    pub(super) fn stream(&mut self, id: Id, entries: &str, content: &[u8]) -> io::Result<()> {
        let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
        packed.write_all(content)?;
        let packed = packed.finish()?;
        self.begin(id)?;
        let head = format!("<< {entries} /Filter /FlateDecode /Length {} >>\nstream\n", packed.len());
        self.put(head.as_bytes())?;
        self.put(&packed)?;
        self.put(b"\nendstream\nendobj\n")
    }

    /// The cross-reference table and the trailer.
    pub(super) fn finish(mut self, catalog: Id, info: Id) -> io::Result<W> {
        let table_at = self.at;
        let size = self.begins.len() + 1;
        self.put(format!("xref\n0 {size}\n0000000000 65535 f \n").as_bytes())?;
        for begins in std::mem::take(&mut self.begins) {
            self.put(format!("{begins:010} 00000 n \n").as_bytes())?;
        }
        let trailer = format!("trailer\n<< /Size {size} /Root {catalog} 0 R /Info {info} 0 R >>");
        self.put(format!("{trailer}\nstartxref\n{table_at}\n%%EOF\n").as_bytes())?;
        Ok(self.to)
    }

    fn begin(&mut self, id: Id) -> io::Result<()> {
        if let Some(begins) = self.begins.get_mut(id - 1) {
            *begins = self.at;
        }
        self.put(format!("{id} 0 obj\n").as_bytes())
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.at += bytes.len() as u64;
        self.to.write_all(bytes)
    }
}

/// A text string (ISO 32000-1, 7.9.2.2): UTF-16 with its byte order mark, in hexadecimal.
pub(super) fn text_string(text: &str) -> String {
    let digits: String = text.encode_utf16().map(|unit| format!("{unit:04X}")).collect();
    format!("<FEFF{digits}>")
}
