//! The step summary: Markdown made of our own JSON report. Everything from files is escaped.

use std::fmt::Write as _;

use serde_json::Value;

/// Largest summary in bytes. GitHub drops one above 1,024 kB whole. Source: its documentation of job summaries.
const LIMIT: usize = 900_000;

/// The summary of `report`; `note` says what a person must know about the choice of what was scanned.
pub(super) fn markdown(report: &Value, note: Option<&str>) -> String {
    let text = |pointer: &str| report.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let number = |pointer: &str| report.pointer(pointer).and_then(Value::as_u64).unwrap_or_default();
    let list = |pointer: &str| report.pointer(pointer).and_then(Value::as_array).cloned().unwrap_or_default();
    let found = number("/summary/findings");
    let gaps = list("/summary/gaps");
    let mut out = String::new();
    let title = match (found, gaps.len()) {
        (0, 0) => "No secrets found".to_owned(),
        (0, _) => "The scan is incomplete".to_owned(),
        (1, _) => "1 secret found".to_owned(),
        (n, _) => format!("{n} secrets found"),
    };
    let _ = writeln!(out, "### Leakward: {title}\n");
    let scanned = (number("/summary/scanned/files"), number("/summary/scanned/commits"));
    let commits = if scanned.1 > 0 { format!(", {} commits", scanned.1) } else { String::new() };
    let _ = writeln!(out, "Scanned: {} ({} files{commits}).\n", escape(text("/summary/subject")), scanned.0);
    for note in note.into_iter().map(str::to_owned).chain(strings(&list("/summary/notes"))) {
        let _ = writeln!(out, "> {}\n", escape(&note));
    }
    if !gaps.is_empty() {
        let _ = writeln!(out, "**Not scanned** ({}):\n", gaps.len());
        for gap in gaps.iter().take(50) {
            let part = |name: &str| escape(gap.get(name).and_then(Value::as_str).unwrap_or_default());
            let _ = writeln!(out, "- {}: {}", part("what"), part("why"));
        }
        out.push('\n');
    }
    table(&mut out, &list("/findings"));
    out
}

fn table(out: &mut String, findings: &[Value]) {
    if findings.is_empty() {
        return;
    }
    out.push_str("| severity | rule | place | secret | revoke |\n|---|---|---|---|---|\n");
    for (i, finding) in findings.iter().enumerate() {
        let text =
            |pointer: &str| escape(finding.pointer(pointer).and_then(Value::as_str).unwrap_or_default());
        let line = finding.pointer("/start/line").and_then(Value::as_u64).unwrap_or_default();
        let commit = text("/commit/id");
        let at = if commit.is_empty() {
            String::new()
        } else {
            format!(" in {}", &commit[..commit.len().min(10)])
        };
        let (severity, title, path) = (text("/severity"), text("/title"), text("/path"));
        let row = format!(
            "| {severity} | {title} | {path}:{line}{at} | {} | {} |\n",
            text("/secret"),
            text("/revoke")
        );
        if out.len() + row.len() > LIMIT {
            let _ = writeln!(out, "\n… and {} more: see the report.", findings.len() - i);
            return;
        }
        out.push_str(&row);
    }
    out.push('\n');
}

fn strings(values: &[Value]) -> Vec<String> {
    values.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Takes the meaning that Markdown and HTML give to characters from them.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '|' | '*' | '_' | '`' | '[' | ']' | '!' | '\\' | '~' | '#' | '@' => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn report(path: &str, findings: usize) -> Value {
        let finding = json!({"severity": "high", "title": "Acme key", "path": path, "start": {"line": 3, "column": 1},
            "secret": "ac****", "revoke": "https://acme.example", "commit": {"id": "0123456789abcdef"}});
        json!({"findings": vec![finding; findings], "summary": {"findings": findings, "subject": "commits a..b",
            "scanned": {"files": 2, "commits": 1}, "gaps": [], "notes": ["the range edits .leakward.toml"]}})
    }

    #[test]
    fn a_finding_is_a_row() {
        let text = markdown(&report("src/a.py", 1), None);
        assert!(text.starts_with("### Leakward: 1 secret found\n"));
        assert!(text.contains(
            "| high | Acme key | src/a.py:3 in 0123456789 | ac&#42;&#42;&#42;&#42; | https://acme.example |"
        ));
        assert!(text.contains("> the range edits .leakward.toml"));
    }

    #[test]
    fn a_path_cannot_break_out_of_its_cell() {
        let text = markdown(&report("a|b\n<img src=x>`", 1), None);
        assert!(text.contains("a&#124;b &lt;img src=x&gt;&#96;:3"));
    }

    #[test]
    fn a_summary_is_cut_before_the_service_drops_it() {
        let text = markdown(&report(&"x".repeat(2000), 1000), None);
        assert!(text.len() < LIMIT + 1000);
        assert!(text.contains("more: see the report."));
    }

    #[test]
    fn an_incomplete_scan_is_never_called_clean() {
        let mut broken = report("a", 0);
        broken["summary"]["gaps"] = json!([{"what": "b.txt", "why": "permission denied"}]);
        let text = markdown(&broken, Some("a note"));
        assert!(text.starts_with("### Leakward: The scan is incomplete"));
        assert!(text.contains("- b.txt: permission denied") && text.contains("> a note"));
    }
}
