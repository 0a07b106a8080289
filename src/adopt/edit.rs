//! The new text, what else it needs, and the difference for people.

use std::fmt::Write as _;

use super::Language;
use super::language::{Code, Import, Join};
use super::literal::Literal;
use crate::model::{LineIndex, Span};

/// A file with a reference in place of a literal.
#[derive(Debug)]
pub struct Edit {
    /// The whole new text.
    pub after: Vec<u8>,
    /// Replaced ranges of the old text, in order, with what stands there now.
    changes: Vec<(Span, Vec<u8>)>,
}

/// Where the value is kept from now on.
#[derive(Debug, Clone, Copy)]
pub struct Place<'p> {
    /// Name of the variable.
    pub variable: &'p str,
    /// Path in the manager.
    pub path: &'p str,
    /// Field there.
    pub field: Option<&'p str>,
    /// Whether a shell asks the manager itself.
    pub ask: bool,
}

/// Why a literal cannot be replaced with certainty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// No language is known by the file's name.
    #[error("how this kind of file refers to a variable is not known")]
    Language,
    /// The value does not stand there as it is.
    #[error("the value is encoded there, or has changed since it was found")]
    Encoded,
    /// The value goes over several lines.
    #[error("the value goes over several lines")]
    Lines,
    /// No quotes around it on its line.
    #[error("it does not stand in quotes on one line")]
    NoLiteral,
    /// The literal has escapes, templates or a prefix that changes its meaning.
    #[error("the literal has an escape, a template or a prefix")]
    Special,
    /// The compiler must know the value.
    #[error("it is a constant that the compiler must know")]
    Constant,
    /// Text stands around the value, and the language cannot put them together in an expression.
    #[error("other text stands in the same literal")]
    Part,
}

impl Edit {
    /// `text` with a reference to `place` instead of the `secret` at `span`.
    ///
    /// # Errors
    /// See [`EditError`].
    pub fn new(
        language: Option<Language>,
        text: &[u8],
        span: Span,
        secret: &[u8],
        place: Place<'_>,
    ) -> Result<Self, EditError> {
        let language = language.ok_or(EditError::Language)?;
        if text.get(span.start..span.end) != Some(secret) {
            return Err(EditError::Encoded);
        }
        let lines = LineIndex::new(text);
        let number = lines.line_of(span.start);
        if number != lines.line_of(span.end.saturating_sub(1)) {
            return Err(EditError::Lines);
        }
        let line = lines.line(number);
        let mut changes = match language {
            Language::Code(code) => code_changes(code, text, line, span, place.variable)?,
            Language::Shell => vec![shell(text, line, span, place)],
            Language::Hcl => vec![hcl(text, line, span, place.variable)],
            Language::EnvFile => vec![env_file(text, line, span, place)],
            Language::Data => vec![(span, format!("${{{}}}", place.variable).into_bytes())],
        };
        changes.sort_by_key(|(span, _)| *span);
        let mut after = Vec::with_capacity(text.len() + 128);
        let mut kept = 0;
        for (span, new) in &changes {
            after.extend_from_slice(&text[kept..span.start]);
            after.extend_from_slice(new);
            kept = span.end;
        }
        after.extend_from_slice(&text[kept..]);
        Ok(Self { after, changes })
    }

    /// The difference to `before` for people, with every one of `secrets` masked.
    pub fn difference(&self, name: &str, before: &[u8], secrets: &[&[u8]]) -> String {
        let lines = LineIndex::new(before);
        let mut out = format!("--- a/{name}\n+++ b/{name}\n");
        let mut added = 0;
        for (span, new) in &self.changes {
            let number = lines.line_of(span.start);
            let line = lines.line(number);
            let mut whole = before[line.start..span.start].to_vec();
            whole.extend_from_slice(new);
            whole.extend_from_slice(&before[span.end..line.end.max(span.end)]);
            let insertion = span.is_empty();
            let old = if insertion { 0 } else { 1 };
            let fresh: &[u8] = if insertion { new } else { &whole };
            let fresh: Vec<_> = fresh.trim_ascii_end().split(|&b| b == b'\n').collect();
            let _ = writeln!(out, "@@ -{number},{old} +{},{} @@", number + added, fresh.len());
            if !insertion {
                let _ = writeln!(out, "-{}", masked(&before[line.start..line.end], secrets));
            }
            for line in &fresh {
                let _ = writeln!(out, "+{}", masked(line, secrets));
            }
            added += (fresh.len() - old) as u64;
        }
        out
    }
}

/// A name for a variable that holds what `line` assigns at `column`, or what the secret at `path` holds.
pub fn variable_name(line: &[u8], column: usize, path: &str) -> String {
    let before = String::from_utf8_lossy(&line[..column.min(line.len())]).into_owned();
    let assigned = before.trim_end_matches(|c: char| !matches!(c, '=' | ':'));
    let assigned = assigned.trim_end_matches(['=', ':', '>', ' ', '"', '\'', '!']);
    let key: String =
        assigned.chars().rev().take_while(|c| c.is_alphanumeric() || "_-.".contains(*c)).collect();
    let key: String = key.chars().rev().collect();
    let key = key.rsplit('.').next().unwrap_or_default().to_owned();
    let folder = path.rsplit('/').next().unwrap_or(path);
    let words = snake(&key);
    let generic =
        ["PASSWORD", "PASS", "PWD", "SECRET", "TOKEN", "KEY", "API_KEY", ""].contains(&words.as_str());
    let name = match (generic, words.is_empty()) {
        (true, true) => snake(folder),
        (true, false) => format!("{}_{words}", snake(folder)),
        (false, _) => words,
    };
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name }
}

/// `dbPassword`, `db-password` as `DB_PASSWORD`.
fn snake(text: &str) -> String {
    let mut out = String::new();
    let mut lower = false;
    for c in text.chars() {
        if c.is_ascii_uppercase() && lower || !c.is_ascii_alphanumeric() && !out.ends_with('_') {
            out.push('_');
        }
        lower = c.is_ascii_lowercase() || c.is_ascii_digit();
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_uppercase());
        }
    }
    out.trim_matches('_').to_owned()
}

fn code_changes(
    code: &Code,
    text: &[u8],
    line: Span,
    span: Span,
    name: &str,
) -> Result<Vec<(Span, Vec<u8>)>, EditError> {
    let begin = text[line.start..line.end].trim_ascii_start();
    if code.constant.iter().any(|word| begin.starts_with(word.as_bytes())) {
        return Err(EditError::Constant);
    }
    let literal = Literal::around(text, line, span).ok_or(EditError::NoLiteral)?;
    let Literal { whole, quote } = literal;
    let (prefix, suffix) = literal.rest(text, span);
    let inner = &text[whole.start + 1..whole.end - 1];
    let beside = |at: Option<usize>| at.and_then(|at| text.get(at)).copied().unwrap_or(b' ');
    let (left, right) = (beside(whole.start.checked_sub(1)), beside(Some(whole.end)));
    let special = left == quote || right == quote || left.is_ascii_alphanumeric() || b"@$#_".contains(&left);
    let template = code.template().is_some_and(|mark| memchr::memmem::find(inner, mark).is_some());
    if special
        || inner.contains(&b'\\')
        || template && quote != b'\''
        || quote == b'`' && !is_plain(code, inner)
    {
        return Err(EditError::Special);
    }
    let expression = code.expression(name);
    let quoted = |part: &[u8]| [&[quote], part, &[quote]].concat();
    let new = match (prefix.is_empty() && suffix.is_empty(), code.join) {
        (true, _) => expression.into_bytes(),
        (false, Join::Never) => return Err(EditError::Part),
        (false, Join::With(operator)) => {
            let parts = [quoted(prefix), expression.into_bytes(), quoted(suffix)];
            let wanted = [!prefix.is_empty(), true, !suffix.is_empty()];
            let parts: Vec<_> = parts.into_iter().zip(wanted).filter(|(_, w)| *w).map(|(p, _)| p).collect();
            parts.join(operator.as_bytes())
        }
        (false, Join::Format) => {
            let doubled = |part: &[u8]| String::from_utf8_lossy(part).replace('{', "{{").replace('}', "}}");
            format!("format!(\"{}{{}}{}\", {expression})", doubled(prefix), doubled(suffix)).into_bytes()
        }
    };
    let mut changes = vec![(whole, new)];
    changes.extend(code.import.and_then(|import| import.missing(text)));
    Ok(changes)
}

/// Whether backquotes mean nothing more than other quotes here.
fn is_plain(code: &Code, inner: &[u8]) -> bool {
    // In Go and JavaScript they hold text; elsewhere they run commands.
    code.import == Some(Import::GoOs) || code.expression("X").starts_with("process") && !inner.contains(&b'{')
}

impl Import {
    /// The import, where it is not there already.
    fn missing(self, text: &[u8]) -> Option<(Span, Vec<u8>)> {
        let end: &[u8] = if memchr::memmem::find(text, b"\r\n").is_some() { b"\r\n" } else { b"\n" };
        let lines: Vec<(usize, &[u8])> = text
            .split_inclusive(|&b| b == b'\n')
            .scan(0, |at, line| {
                let start = *at;
                *at += line.len();
                Some((start, line.trim_ascii_end()))
            })
            .collect();
        let has = |wanted: &dyn Fn(&[u8]) -> bool| lines.iter().any(|(_, line)| wanted(line));
        match self {
            Self::PythonOs => {
                let imports = |line: &[u8]| {
                    line == b"import os" || line.starts_with(b"import os,") || line.starts_with(b"import os ")
                };
                if has(&imports) {
                    return None;
                }
                Some((python_import_at(&lines), [b"import os", end].concat()))
            }
            Self::GoOs => {
                if has(&|line: &[u8]| line.trim_ascii().ends_with(b"\"os\"")) {
                    return None;
                }
                let package = lines.iter().position(|(_, line)| line.starts_with(b"package "))?;
                let at = lines.get(package + 1).map_or(text.len(), |(start, _)| *start);
                Some((Span::new(at, at), [end, b"import \"os\"", end].concat()))
            }
        }
    }
}

/// Where an import goes: before the first one, but behind those of `__future__`; else behind comments and the docstring.
fn python_import_at(lines: &[(usize, &[u8])]) -> Span {
    let is_import = |line: &[u8]| line.starts_with(b"import ") || line.starts_with(b"from ");
    let first = lines.iter().find(|(_, line)| is_import(line) && !line.starts_with(b"from __future__"));
    if let Some(&(at, _)) = first {
        return Span::new(at, at);
    }
    let mut i = 0;
    while lines
        .get(i)
        .is_some_and(|(_, l)| l.starts_with(b"#") || l.is_empty() || l.starts_with(b"from __future__"))
    {
        i += 1;
    }
    if let Some(quotes) =
        lines.get(i).and_then(|(_, l)| l.get(..3)).filter(|q| *q == b"\"\"\"" || *q == b"'''")
    {
        let closes = |l: &[u8]| memchr::memmem::find(l, quotes).is_some();
        let same = closes(&lines[i].1[3..]);
        i += if same { 1 } else { 2 + lines[i + 1..].iter().position(|(_, l)| closes(l)).unwrap_or(0) };
    }
    let at = lines.get(i).or(lines.last()).map_or(0, |(at, _)| *at);
    Span::new(at, at)
}

fn shell(text: &[u8], line: Span, span: Span, place: Place<'_>) -> (Span, Vec<u8>) {
    let inside = if place.ask {
        let field = place.field.map_or_else(String::new, |field| format!(" --field {field}"));
        format!("$(leakward get {}{field})", place.path)
    } else {
        format!("${{{}:?}}", place.variable)
    };
    match Literal::around(text, line, span) {
        Some(literal) if literal.quote == b'"' => (span, inside.into_bytes()),
        Some(literal) if literal.quote == b'\'' => {
            let (prefix, suffix) = literal.rest(text, span);
            let quoted = |part: &[u8]| if part.is_empty() { Vec::new() } else { [b"'", part, b"'"].concat() };
            (literal.whole, [quoted(prefix), format!("\"{inside}\"").into_bytes(), quoted(suffix)].concat())
        }
        _ => (span, format!("\"{inside}\"").into_bytes()),
    }
}

fn hcl(text: &[u8], line: Span, span: Span, name: &str) -> (Span, Vec<u8>) {
    let variable = format!("var.{}", name.to_ascii_lowercase());
    match Literal::around(text, line, span) {
        Some(literal) if literal.rest(text, span) == (b"", b"") => (literal.whole, variable.into_bytes()),
        _ => (span, format!("${{{variable}}}").into_bytes()),
    }
}

/// The line says where its value comes from; a value with text around it refers to the variable.
fn env_file(text: &[u8], line: Span, span: Span, place: Place<'_>) -> (Span, Vec<u8>) {
    let bytes = &text[line.start..line.end];
    let rest: Vec<u8> = [&text[line.start..span.start], &text[span.end..line.end]].concat();
    let rest = String::from_utf8_lossy(&rest).into_owned();
    let alone = rest.trim().trim_end_matches(['"', '\'']).ends_with('=');
    if !alone {
        return (span, format!("${{{}}}", place.variable).into_bytes());
    }
    let line = Span::new(line.start, line.start + bytes.trim_ascii_end().len());
    let field = place.field.map_or_else(String::new, |field| format!("#{field}"));
    let Place { variable, path, .. } = place;
    (
        line,
        format!("# {variable} is given by: leakward exec --map {variable}={path}{field} -- PROGRAM")
            .into_bytes(),
    )
}

/// `line` with every one of `secrets` masked.
fn masked(line: &[u8], secrets: &[&[u8]]) -> String {
    let mut text = line.to_vec();
    let maskable = |s: &&&[u8]| s.len() > 3 && s.iter().any(|&b| b != b'*');
    for secret in secrets.iter().filter(maskable) {
        while let Some(at) = memchr::memmem::find(&text, secret) {
            text.splice(at..at + secret.len(), *b"********");
        }
    }
    String::from_utf8_lossy(&text).trim_end().to_owned()
}
