//! SQLite: the rows of every table, `column: value` on lines, and the pages that no table uses any more.
//!
//! Text as it lies in the file would not do: a record's values stand next to each other without a border, and long
//! ones are spread over pages. Format: <https://sqlite.org/fileformat2.html>.

mod record;

use bstr::BString;

use super::input::Input;
use super::unpacker::{HELD, Halt, Unpacker};
use record::{columns, number, values, varint};

/// Bytes in front of the first page's tree.
const HEAD: usize = 100;
/// Longest record that is put together from several pages, in bytes.
const LONGEST: usize = 64 << 20;

/// Scans the rows of a database.
pub(super) fn sqlite(unpacker: &mut Unpacker<'_>, path: &BString, input: Input<'_>) -> Result<(), Halt> {
    let bytes = match input.held(HELD) {
        Ok(bytes) => bytes,
        Err(cause) => return unpacker.unread(path, &cause),
    };
    let Some(mut database) = Database::new(&bytes) else {
        unpacker.gap(path, "the database in it cannot be read");
        return Ok(());
    };
    let mut schema = Vec::new();
    database.records(1, &mut |record| schema.push(record));
    for entry in schema {
        let Some(table) = Table::of(&database, &entry) else { continue };
        let mut text = Vec::new();
        let encoding = database.encoding;
        database.records(table.root, &mut |record| {
            for (i, value) in values(&record, encoding).into_iter().enumerate() {
                let Some(value) = value else { continue };
                let name = table.columns.get(i).map_or("value", String::as_str);
                text.extend_from_slice(name.as_bytes());
                text.extend_from_slice(b": ");
                text.extend_from_slice(&value);
                text.push(b'\n');
            }
        });
        unpacker.member(path, table.name.as_bytes(), &mut text.as_slice())?;
    }
    if database.is_cut {
        unpacker.gap(path, "the database in it is cut short or damaged; the rest was not scanned");
    }
    let free = database.unused();
    if free.is_empty() { Ok(()) } else { unpacker.member(path, b"free pages", &mut free.as_slice()) }
}

/// A table that the schema names.
struct Table {
    name: String,
    root: u32,
    columns: Vec<String>,
}

impl Table {
    /// The table that the schema's `record` describes: type, name, name of the table, first page, statement.
    fn of(database: &Database<'_>, record: &[u8]) -> Option<Self> {
        let row = values(record, database.encoding);
        let text = |i: usize| Some(String::from_utf8_lossy(row.get(i)?.as_ref()?).into_owned());
        let root = number(record, 3)?;
        (text(0)? == "table").then_some(())?;
        Some(Self { name: text(1)?, root: u32::try_from(root).ok()?, columns: columns(&text(4)?) })
    }
}

/// A database in memory.
struct Database<'d> {
    bytes: &'d [u8],
    page_size: usize,
    /// Bytes of a page that hold content.
    usable: usize,
    /// 1: UTF-8, 2: UTF-16 with the low byte first, 3: with the high byte first.
    encoding: u8,
    /// By page: something leads there. A page is read once, whatever leads to it.
    used: Vec<bool>,
    is_cut: bool,
}

impl<'d> Database<'d> {
    fn new(bytes: &'d [u8]) -> Option<Self> {
        let page_size = match u16::from_be_bytes([*bytes.get(16)?, *bytes.get(17)?]) {
            1 => 1 << 16,
            size => usize::from(size),
        };
        let usable = page_size.checked_sub(usize::from(*bytes.get(20)?))?;
        let sound =
            page_size >= 512 && page_size.is_power_of_two() && usable >= 480 && bytes.len() >= page_size;
        let used = vec![false; bytes.len().div_ceil(page_size.max(1))];
        sound.then_some(Self { bytes, page_size, usable, encoding: *bytes.get(59)?, used, is_cut: false })
    }

    /// Page `number`, counted from 1, unless it was read before.
    fn page(&mut self, number: u32) -> Option<&'d [u8]> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        let bytes = self.bytes;
        let page = bytes.get(index * self.page_size..(index + 1) * self.page_size);
        if page.is_none() {
            self.is_cut = true;
        }
        (!std::mem::replace(self.used.get_mut(index)?, true)).then_some(page?)
    }

    /// Calls `found` with each record of the tree whose first page is `root`.
    fn records(&mut self, root: u32, found: &mut dyn FnMut(Vec<u8>)) {
        let mut pages = vec![root];
        while let Some(number) = pages.pop() {
            let Some(page) = self.page(number) else { continue };
            let head = if number == 1 { HEAD } else { 0 };
            let kind = page[head];
            let (is_leaf, is_table) = (matches!(kind, 0x0d | 0x0a), matches!(kind, 0x0d | 0x05));
            if !is_leaf && !matches!(kind, 0x05 | 0x02) {
                continue;
            }
            let pointers = head + if is_leaf { 8 } else { 12 };
            let count = usize::from(u16::from_be_bytes([page[head + 3], page[head + 4]]));
            let first_child = pages.len();
            for i in 0..count {
                let Some(&[high, low]) = page.get(pointers + 2 * i..pointers + 2 * i + 2) else { break };
                let mut at = usize::from(u16::from_be_bytes([high, low]));
                if !is_leaf {
                    pages.extend(page_number(page, at));
                    at += 4;
                }
                if is_leaf || !is_table {
                    found_some(self.record(page, at, is_table), found);
                }
            }
            if !is_leaf {
                pages.extend(page_number(page, head + 8));
                pages[first_child..].reverse();
            }
        }
    }

    /// The record of the cell at `at` of `page`, put together from the pages it is spread over.
    fn record(&mut self, page: &[u8], at: usize, is_table: bool) -> Option<Vec<u8>> {
        let (length, mut at) = varint(page, at)?;
        if is_table {
            at = varint(page, at)?.1;
        }
        let length = usize::try_from(length).ok().filter(|&n| n <= LONGEST)?;
        let local = self.local(length, is_table);
        let mut record = page.get(at..at + local)?.to_vec();
        let mut next = if local < length { page_number(page, at + local) } else { None };
        while let Some(number) = next.filter(|_| record.len() < length) {
            let more = self.page(number)?;
            let part = (length - record.len()).min(self.usable - 4);
            record.extend_from_slice(&more[4..4 + part]);
            next = page_number(more, 0);
        }
        Some(record)
    }

    /// How much of a record of `length` bytes lies in its cell.
    fn local(&self, length: usize, is_table: bool) -> usize {
        let usable = self.usable;
        let most = if is_table { usable - 35 } else { (usable - 12) * 64 / 255 - 23 };
        let least = (usable - 12) * 32 / 255 - 23;
        if length <= most {
            return length;
        }
        let kept = least + (length - least) % (usable - 4);
        if kept <= most { kept } else { least }
    }

    /// The pages that nothing leads to: what was deleted often lies there still.
    fn unused(&self) -> Vec<u8> {
        let pages = self.bytes.chunks(self.page_size).zip(&self.used);
        pages.filter(|(_, used)| !**used).flat_map(|(page, _)| page.iter().copied()).collect()
    }
}

/// The number of a page at `at`; 0 is none.
fn page_number(page: &[u8], at: usize) -> Option<u32> {
    let number = page.get(at..at + 4)?;
    Some(u32::from_be_bytes([number[0], number[1], number[2], number[3]])).filter(|&n| n > 0)
}

fn found_some(record: Option<Vec<u8>>, found: &mut dyn FnMut(Vec<u8>)) {
    if let Some(record) = record {
        found(record);
    }
}
