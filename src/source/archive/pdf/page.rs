//! The text of a page, in the order in which it is drawn.

use std::rc::Rc;

use hayro_syntax::content::UntypedIter;
use hayro_syntax::object::{Array, Dict, Name, Object, Stream};
use hayro_syntax::page::Resources;

use super::Reader;
use super::font::Font;

/// Drawings in drawings that are followed; a drawing may draw itself.
const MAX_DEPTH: usize = 8;
/// A move back of this much, in thousandths of the letter's size, is a blank between words.
const BLANK: f64 = -180.0;

/// The text of a page so far.
#[derive(Default)]
pub(super) struct PageText {
    lines: String,
    /// The line so far, a blank wherever the pen was moved along it.
    spaced: String,
    /// The same without those blanks: some programs move the pen for each letter.
    joined: String,
    /// Pieces that the line was shown in.
    pieces: usize,
    font: Option<Rc<Font>>,
    /// Height at which the pen was put down last.
    height: f64,
}

impl PageText {
    /// Reads the operations `content`. `false`: they draw on more than they may.
    pub(super) fn read(
        &mut self,
        reader: &mut Reader,
        content: &[u8],
        resources: &Resources<'_>,
        depth: usize,
    ) -> bool {
        let mut operations = UntypedIter::new(content);
        let mut whole = true;
        while let Some(operation) = operations.next() {
            let operands: Vec<Object<'_>> = operation.operands().cloned().collect();
            match (&**operation.operator, operands.as_slice()) {
                (b"Tf", [Object::Name(name), ..]) => {
                    self.font = resources.get_font(name).map(|dict| reader.font(&dict));
                }
                (b"Tj", [.., Object::String(text)]) => self.show(text),
                (b"'" | b"\"", [.., Object::String(text)]) => {
                    self.end_line();
                    self.show(text);
                }
                (b"TJ", [.., Object::Array(pieces)]) => self.show_pieces(pieces),
                (b"Td" | b"TD", [.., Object::Number(_), Object::Number(y)]) => {
                    self.move_pen(y.as_f64() != 0.0)
                }
                (b"T*", _) => self.end_line(),
                // Where the page itself is moved, another line begins.
                (b"cm", [.., Object::Number(x), Object::Number(y)])
                    if x.as_f64() != 0.0 || y.as_f64() != 0.0 =>
                {
                    self.end_line();
                }
                (b"Tm", [.., Object::Number(y)]) => {
                    let moved = (y.as_f64() - self.height).abs() > 0.01;
                    self.height = y.as_f64();
                    self.move_pen(moved);
                }
                (b"Do", [.., Object::Name(name)]) => whole &= self.draw(reader, name, resources, depth),
                _ => {}
            }
        }
        whole
    }

    /// Reads the drawing called `name`.
    fn draw(
        &mut self,
        reader: &mut Reader,
        name: &Name<'_>,
        resources: &Resources<'_>,
        depth: usize,
    ) -> bool {
        let Some(drawing) = resources.get_x_object(name).filter(is_form) else { return true };
        if depth == MAX_DEPTH {
            return false;
        }
        let Some(content) = reader.decoded(&drawing) else { return false };
        let own = drawing.dict().get::<Dict<'_>>("Resources").map(Resources::new);
        self.end_line();
        self.read(reader, &content, own.as_ref().unwrap_or(resources), depth + 1)
    }

    fn show(&mut self, bytes: &[u8]) {
        let from = self.spaced.len();
        match &self.font {
            Some(font) => font.text(bytes, &mut self.spaced),
            None => self.spaced.extend(bytes.iter().map(|&b| char::from(b))),
        }
        self.joined.push_str(&self.spaced[from..]);
        self.pieces += 1;
    }

    fn show_pieces(&mut self, pieces: &Array<'_>) {
        for piece in pieces.iter::<Object<'_>>() {
            match piece {
                Object::String(text) => self.show(&text),
                Object::Number(by) if by.as_f64() < BLANK => {
                    self.spaced.push(' ');
                    self.joined.push(' ');
                }
                _ => {}
            }
        }
    }

    fn move_pen(&mut self, to_other_line: bool) {
        if to_other_line {
            self.end_line();
        } else if !self.spaced.is_empty() && !self.spaced.ends_with(' ') {
            self.spaced.push(' ');
        }
    }

    fn end_line(&mut self) {
        let pieces = std::mem::take(&mut self.pieces);
        let mut add = |line: &str| {
            self.lines.push_str(line);
            self.lines.push('\n');
        };
        if !self.spaced.trim().is_empty() {
            add(self.spaced.trim());
            let by_letter = pieces >= 4 && self.joined.len() < pieces * 3;
            if by_letter && self.joined != self.spaced.trim() {
                add(&self.joined);
            }
        }
        self.spaced.clear();
        self.joined.clear();
    }

    /// All of it.
    pub(super) fn close(mut self) -> Vec<u8> {
        self.end_line();
        self.lines.into_bytes()
    }
}

fn is_form(drawing: &Stream<'_>) -> bool {
    drawing.dict().get::<Name<'_>>("Subtype").is_some_and(|s| &*s == b"Form")
}
