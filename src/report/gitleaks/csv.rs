//! The CSV of gitleaks (8.30, observed): nothing at all where nothing was found, tags with blanks between.

use super::Entry;

const HEAD: &str = "RuleID,Commit,File,SymlinkFile,Secret,Match,StartLine,EndLine,StartColumn,EndColumn,\
                    Author,Message,Date,Email,Fingerprint,Tags";

/// The whole table.
pub(super) fn csv(entries: &[Entry<'_>]) -> String {
    if entries.is_empty() {
        return String::new();
    }
    let mut text = format!("{HEAD}\n");
    for entry in entries {
        let number = |n: u64| n.to_string();
        let fields = [
            entry.rule_id,
            entry.commit,
            &entry.file,
            entry.symlink_file,
            &entry.secret,
            &entry.matched,
            &number(entry.start_line),
            &number(entry.end_line),
            &number(entry.start_column),
            &number(entry.end_column),
            &entry.author,
            &entry.message,
            &entry.date,
            &entry.email,
            &entry.fingerprint,
            &entry.tags.join(" "),
        ];
        text += &fields.map(quoted).join(",");
        text.push('\n');
    }
    text
}

/// `field` in quotes where Go's writer sets them.
fn quoted(field: &str) -> String {
    let needs =
        field == r"\." || field.starts_with(char::is_whitespace) || field.contains([',', '"', '\r', '\n']);
    if needs { format!("\"{}\"", field.replace('"', "\"\"")) } else { field.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn quotes_stand_where_go_sets_them() {
        for plain in ["", "a b", "a ", "=1", "'"] {
            assert_eq!(quoted(plain), plain);
        }
        assert_eq!(quoted(" a"), "\" a\"");
        assert_eq!(quoted("a\"b,c"), "\"a\"\"b,c\"");
        assert_eq!(quoted("a\nb"), "\"a\nb\"");
    }
}
