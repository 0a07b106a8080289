//! PDF: the text of its pages, its notes, fields and properties, and the files attached to it.
//!
//! Pictures of text are pictures. A page is a member: `report.pdf!page 3`.

mod cmap;
mod font;
mod page;

use std::collections::HashMap;
use std::io::{self, Read as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use bstr::{BString, ByteSlice as _};
use flate2::read::ZlibDecoder;
use hayro_syntax::object::{Dict, Name, Object, ObjectIdentifier, Stream, String as Text};
use hayro_syntax::{Filter, LoadPdfError, Pdf};

use super::input::Input;
use super::unpacker::{HELD, Halt, Unpacker};
use font::Font;
use page::PageText;

/// Longest stream, in bytes, that is undone by the one method whose bounds cannot be tried cheaply.
const LZW_HELD: usize = 256 << 10;

/// Scans the text of a PDF.
pub(super) fn pdf(unpacker: &mut Unpacker<'_>, path: &BString, input: Input<'_>) -> Result<(), Halt> {
    let bytes = match input.held(HELD) {
        Ok(bytes) => bytes,
        Err(cause) => return unpacker.unread(path, &cause),
    };
    if let Err(why) = check(&bytes, unpacker.left()) {
        unpacker.gap(path, why);
        return Ok(());
    }
    // The bytes are anyone's: a fault that they bring to light in the reader must not end the scan.
    let texts = catch_unwind(AssertUnwindSafe(|| Reader::new(unpacker.left()).texts(bytes)));
    let texts = match texts {
        Ok(Ok(texts)) => texts,
        Ok(Err(why)) => {
            unpacker.gap(path, why);
            return Ok(());
        }
        Err(_) => return unpacker.unread(path, &io::Error::other("the PDF in it cannot be read")),
    };
    for (name, text) in texts.members {
        unpacker.member(path, name.as_bytes(), &mut text.as_slice())?;
    }
    if texts.spent {
        unpacker.gap(path, "its pages draw on more than may be unpacked; the rest was not scanned");
    }
    Ok(())
}

/// Whether what is compressed in the PDF `bytes` stays within `most` bytes; tried before any of it is held.
fn check(bytes: &[u8], most: u64) -> Result<(), String> {
    let too_much = || format!("it unpacks to more than {most} bytes");
    let mut total = 0;
    for at in memchr::memmem::find_iter(bytes, b"stream") {
        let begin = at + b"stream".len();
        if bytes[..at].ends_with(b"end") {
            continue;
        }
        let packed = bytes[begin..].trim_start_with(|c| matches!(c, '\r' | '\n'));
        let dict = &bytes[at.saturating_sub(400)..at];
        let dict = &dict[dict.rfind(b"obj").unwrap_or(0)..];
        let length = memchr::memmem::find(packed, b"endstream").unwrap_or(packed.len());
        if dict.contains_str("LZW") && length > LZW_HELD {
            return Err(too_much());
        }
        if !matches!(packed, [0x78, ..]) {
            continue;
        }
        let mut inflated = ZlibDecoder::new(packed).take(most - total + 1);
        let mut head = [0; 2];
        let nested =
            inflated.read_exact(&mut head).is_ok() && head[0] == 0x78 && dict.find_iter("Decode").count() > 1;
        // What is damaged is told where it is read.
        total += 2 + io::copy(&mut inflated, &mut io::sink()).unwrap_or(0);
        if total > most || nested && length > LZW_HELD {
            return Err(too_much());
        }
    }
    Ok(())
}

/// What a PDF holds: names and texts of members.
#[derive(Default)]
struct Texts {
    members: Vec<(String, Vec<u8>)>,
    /// Not everything was read, as the pages draw on more than they may.
    spent: bool,
}

/// Reads a PDF.
struct Reader {
    /// Bytes that may still be drawn on, each time that they are.
    left: u64,
    fonts: HashMap<ObjectIdentifier, Rc<Font>>,
}

impl Reader {
    fn new(left: u64) -> Self {
        Self { left, fonts: HashMap::new() }
    }

    fn texts(&mut self, bytes: Vec<u8>) -> Result<Texts, &'static str> {
        let pdf = Pdf::new(bytes).map_err(|cause| match cause {
            LoadPdfError::Decryption(_) => "it is encrypted",
            LoadPdfError::Invalid => "the PDF in it cannot be read",
        })?;
        let mut texts = Texts::default();
        for (number, page) in pdf.pages().iter().enumerate() {
            let mut text = PageText::default();
            let content = page.page_stream().unwrap_or_default();
            texts.spent |= !self.spend(content.len()) || !text.read(self, content, page.resources(), 0);
            texts.members.push((format!("page {}", number + 1), text.close()));
        }
        self.objects(&pdf, &mut texts);
        Ok(texts)
    }

    /// What stands outside of pages: fields, notes, properties, attached files.
    fn objects(&mut self, pdf: &Pdf, texts: &mut Texts) {
        let mut fields = Vec::new();
        for (number, object) in pdf.objects().into_iter().enumerate() {
            match object {
                Object::Dict(dict) => note_strings(&dict, &mut fields),
                Object::Stream(stream) => {
                    note_strings(stream.dict(), &mut fields);
                    let kind = stream.dict().get::<Name<'_>>("Type");
                    let kind = match kind.as_deref() {
                        Some(b"EmbeddedFile") => "attached",
                        Some(b"Metadata") => "metadata",
                        _ => continue,
                    };
                    match self.decoded(&stream) {
                        Some(content) => texts.members.push((format!("{kind} {number}"), content)),
                        None => texts.spent = true,
                    }
                }
                _ => {}
            }
        }
        if !fields.is_empty() {
            texts.members.push(("fields".to_owned(), fields));
        }
    }

    /// Takes `bytes` out of what may be drawn on. Returns whether there was enough.
    fn spend(&mut self, bytes: usize) -> bool {
        let enough = self.left > bytes as u64;
        self.left = self.left.saturating_sub(bytes as u64);
        enough
    }

    /// The content of `stream`; `None` when it cannot be undone or is too much.
    fn decoded(&mut self, stream: &Stream<'_>) -> Option<Vec<u8>> {
        let packed =
            stream.filters().iter().filter(|f| matches!(f, Filter::FlateDecode | Filter::LzwDecode)).count();
        if packed > 1 && stream.raw_data().len() > LZW_HELD {
            return None;
        }
        let content = stream.decoded_data().ok()?;
        self.spend(content.len()).then(|| content.into_owned())
    }

    fn font(&mut self, dict: &Dict<'_>) -> Rc<Font> {
        if let Some(known) = dict.obj_id().and_then(|id| self.fonts.get(&id)) {
            return Rc::clone(known);
        }
        let unicode = dict.get::<Stream<'_>>("ToUnicode").and_then(|stream| self.decoded(&stream));
        let font = Rc::new(Font::new(dict, unicode.as_deref()));
        if let Some(id) = dict.obj_id() {
            self.fonts.insert(id, Rc::clone(&font));
        }
        font
    }
}

/// Adds to `lines` the strings of `dict` that people write: `Key: text`.
fn note_strings(dict: &Dict<'_>, lines: &mut Vec<u8>) {
    const KEYS: [&str; 11] =
        ["V", "DV", "Contents", "Title", "Author", "Subject", "Keywords", "Creator", "URI", "JS", "UF"];
    for key in KEYS {
        let Some(text) = dict.get::<Text<'_>>(key) else { continue };
        let name = dict.get::<Text<'_>>("T").filter(|_| key == "V").map_or(key.into(), |t| string(&t));
        lines.extend_from_slice(format!("{name}: {}\n", string(&text)).as_bytes());
    }
}

/// A string of a dictionary: UTF-16 where it begins with its mark, else a byte a letter.
fn string(bytes: &[u8]) -> String {
    match bytes {
        [0xfe, 0xff, rest @ ..] => {
            let units: Vec<u16> = rest.chunks_exact(2).map(|c| u16::from_be_bytes([c[0], c[1]])).collect();
            String::from_utf16_lossy(&units)
        }
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => bytes.iter().map(|&b| char::from(b)).collect(),
    }
}
