//! Records: values by column, and the columns that a statement declares.

/// The values of `record` that hold text, by column; `None` of the others.
pub(super) fn values(record: &[u8], encoding: u8) -> Vec<Option<Vec<u8>>> {
    fields(record).into_iter().map(|(kind, bytes)| text(kind, bytes, encoding)).collect()
}

/// The whole number in column `index` of `record`.
pub(super) fn number(record: &[u8], index: usize) -> Option<i64> {
    match fields(record).get(index)? {
        (8, _) => Some(0),
        (9, _) => Some(1),
        (1..=6, bytes) => {
            let sign = if bytes.first()? & 0x80 == 0 { 0 } else { -1 };
            Some(bytes.iter().fold(sign, |n, &b| n << 8 | i64::from(b)))
        }
        _ => None,
    }
}

/// Kind and bytes of each value, as far as they lie in `record`.
fn fields(record: &[u8]) -> Vec<(u64, &[u8])> {
    let mut fields = Vec::new();
    let Some((head, mut at)) = varint(record, 0) else { return fields };
    let head = usize::try_from(head).unwrap_or(usize::MAX).min(record.len());
    let mut value = head;
    while at < head {
        let Some((kind, next)) = varint(record, at) else { break };
        at = next;
        let length = match kind {
            0 | 8 | 9 => 0,
            1..=4 => kind,
            5 => 6,
            6 | 7 => 8,
            _ => kind.saturating_sub(12) / 2,
        };
        let Some(bytes) = usize::try_from(length).ok().and_then(|n| record.get(value..value.checked_add(n)?))
        else {
            break;
        };
        value += bytes.len();
        fields.push((kind, bytes));
    }
    fields
}

/// The text of a value: one of the kind for text, or bytes that are text.
fn text(kind: u64, bytes: &[u8], encoding: u8) -> Option<Vec<u8>> {
    let is_text = kind >= 13 && kind % 2 == 1;
    if kind < 12 || bytes.is_empty() {
        return None;
    }
    if !is_text {
        return std::str::from_utf8(bytes).is_ok().then(|| bytes.to_vec());
    }
    let wide = |unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.chunks_exact(2).map(|c| unit([c[0], c[1]])).collect();
        String::from_utf16_lossy(&units).into_bytes()
    };
    Some(match encoding {
        2 => wide(u16::from_le_bytes),
        3 => wide(u16::from_be_bytes),
        _ => bytes.to_vec(),
    })
}

/// The number of variable length at `at`, and where it ends.
pub(super) fn varint(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let mut number = 0;
    for (i, &b) in bytes.get(at..)?.iter().take(9).enumerate() {
        if i == 8 {
            return Some((number << 8 | u64::from(b), at + 9));
        }
        number = number << 7 | u64::from(b & 0x7f);
        if b & 0x80 == 0 {
            return Some((number, at + i + 1));
        }
    }
    None
}

/// The names of the columns that the statement `create` declares.
pub(super) fn columns(create: &str) -> Vec<String> {
    let Some(open) = create.find('(') else { return Vec::new() };
    let mut columns = Vec::new();
    let (mut depth, mut part, mut quote) = (0, String::new(), None);
    for c in create[open + 1..].chars() {
        match (c, quote) {
            (c, Some(close)) => {
                if c == close {
                    quote = None;
                }
                part.push(c);
            }
            ('"' | '`' | '\'', None) => {
                quote = Some(c);
                part.push(c);
            }
            ('[', None) => {
                quote = Some(']');
                part.push(c);
            }
            ('(', None) => depth += 1,
            (')', None) if depth > 0 => depth -= 1,
            (',', None) if depth == 0 => columns.extend(column(&std::mem::take(&mut part))),
            (')', None) => break,
            (c, None) if depth == 0 => part.push(c),
            _ => {}
        }
    }
    columns.extend(column(&part));
    columns
}

/// The name that a declaration begins with; `None` of a constraint.
fn column(declaration: &str) -> Option<String> {
    const CONSTRAINTS: [&str; 5] = ["primary", "unique", "check", "foreign", "constraint"];
    let text = declaration.trim();
    let close = match text.chars().next()? {
        c @ ('"' | '`' | '\'') => Some(c),
        '[' => Some(']'),
        _ => None,
    };
    if let Some(close) = close {
        return text[1..].split(close).next().map(str::to_owned);
    }
    let name = text.split_whitespace().next()?;
    (!CONSTRAINTS.iter().any(|c| name.eq_ignore_ascii_case(c))).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_read_from_the_statement() {
        let create = "CREATE TABLE \"u\" (id INTEGER PRIMARY KEY, [user name] TEXT, \"api,key\" VARCHAR(20) DEFAULT ('a,b'), \
                      PRIMARY KEY (id), UNIQUE(x))";
        assert_eq!(columns(create), ["id", "user name", "api,key"]);
        assert!(columns("CREATE VIEW").is_empty());
    }

    #[test]
    fn values_of_a_record_are_told_apart() {
        let record = b"\x05\x00\x01\x17\x10\x2ahello\xff\xfe";
        assert_eq!(values(record, 1), [None, None, Some(b"hello".to_vec()), None]);
        assert_eq!(number(record, 1), Some(42));
        let wide = b"\x02\x15h\0i\0";
        assert_eq!(values(wide, 2), [Some(b"hi".to_vec())]);
    }

    #[test]
    fn numbers_take_one_to_nine_bytes() {
        assert_eq!(varint(b"\x7f", 0), Some((127, 1)));
        assert_eq!(varint(b"\x81\x00", 0), Some((128, 2)));
        assert_eq!(varint(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff", 0), Some((u64::MAX, 9)));
        assert_eq!(varint(b"\x80", 0), None);
    }

    #[test]
    fn a_record_that_is_cut_gives_what_is_whole() {
        assert_eq!(values(b"\x03\x17\x17helloab", 1), [Some(b"hello".to_vec())]);
        assert!(values(b"", 1).is_empty() && values(b"\xff", 1).is_empty());
    }
}
