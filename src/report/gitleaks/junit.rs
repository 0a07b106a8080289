//! The JUnit XML of gitleaks (8.30, observed): a failed test case for each finding, its JSON as text.

use std::io;

use super::{Entry, json};

/// The whole document. It ends without a line end.
pub(super) fn junit(entries: &[Entry<'_>]) -> io::Result<String> {
    let count = entries.len();
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n\
         \t<testsuite failures=\"{count}\" name=\"gitleaks\" tests=\"{count}\" time=\"\">"
    );
    for entry in entries {
        let at =
            if entry.commit.is_empty() { String::new() } else { format!(", at commit {}", entry.commit) };
        let said = escaped(&format!(
            "{} has detected a secret in file {}, line {}{at}.",
            entry.rule_id, entry.file, entry.start_line
        ));
        let (kind, file) = (escaped(entry.description), escaped(&entry.file));
        let body = escaped(&json(entry, b"\t")?);
        text += &format!(
            "\n\t\t<testcase classname=\"{kind}\" file=\"{file}\" name=\"{said}\" time=\"\">\n\
             \t\t\t<failure message=\"{said}\" type=\"{kind}\">{body}</failure>\n\t\t</testcase>"
        );
    }
    text +=
        if entries.is_empty() { "</testsuite>\n</testsuites>" } else { "\n\t</testsuite>\n</testsuites>" };
    Ok(text)
}

/// `text` as Go escapes it in attributes and text alike; what XML cannot hold becomes U+FFFD.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => out += "&#34;",
            '\'' => out += "&#39;",
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '\t' => out += "&#x9;",
            '\n' => out += "&#xA;",
            '\r' => out += "&#xD;",
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c if c < ' ' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{escaped, junit};

    #[test]
    fn nothing_found_is_an_empty_suite() {
        assert!(junit(&[]).unwrap().ends_with("tests=\"0\" time=\"\"></testsuite>\n</testsuites>"));
    }

    #[test]
    fn what_xml_cannot_hold_is_replaced() {
        assert_eq!(escaped("a<b\u{1}\"\n"), "a&lt;b\u{fffd}&#34;&#xA;");
    }
}
