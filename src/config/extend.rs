//! `rules.extend`: files with more rules, which may name further ones.

use std::collections::HashSet;

use super::ConfigError;
use super::error::line_of;

/// A file with rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleFile {
    /// Its path, relative to the configuration's root, `/` between parts.
    pub path: String,
    /// Its text for [`crate::rule`]'s loader: the `extend` list is blanked, line numbers are the file's.
    pub text: String,
}

/// The files that `extend` (of the configuration called `name`) leads to, each once, a file after those that it
/// names itself. `read` gets paths relative to the configuration's root and answers with content or cause.
///
/// # Errors
/// A file that cannot be read or is no TOML, and files that name each other in a circle.
pub fn rule_files(
    name: &str,
    extend: &[String],
    read: &dyn Fn(&str) -> Result<Vec<u8>, String>,
) -> Result<Vec<RuleFile>, ConfigError> {
    let mut walk = Walk { read, done: HashSet::new(), files: Vec::new() };
    let mut trail = vec![name.to_owned()];
    for path in extend {
        walk.enter(&mut trail, name, path)?;
    }
    Ok(walk.files)
}

struct Walk<'r> {
    read: &'r dyn Fn(&str) -> Result<Vec<u8>, String>,
    done: HashSet<String>,
    files: Vec<RuleFile>,
}

impl Walk<'_> {
    /// Takes in the file that the last of `trail` calls `named`.
    fn enter(&mut self, trail: &mut Vec<String>, from: &str, named: &str) -> Result<(), ConfigError> {
        let path = beside(from, named);
        if let Some(i) = trail.iter().position(|t| *t == path) {
            let circle = [&trail[i..], std::slice::from_ref(&path)].concat();
            let cause = format!("extend goes in a circle: {}", circle.join(" → "));
            return Err(ConfigError::new(
                from,
                None,
                cause,
                Some(format!("take {named} out of one of them")),
            ));
        }
        if !self.done.insert(path.clone()) {
            return Ok(());
        }
        let bytes = (self.read)(&path)
            .map_err(|cause| ConfigError::new(from, None, format!("extend: {path}: {cause}"), None))?;
        let text = String::from_utf8(bytes).map_err(|_| ConfigError::new(&path, None, "not UTF-8", None))?;
        let (text, further) = without_extend(&path, text)?;
        trail.push(path.clone());
        for named in further {
            self.enter(trail, &path, &named)?;
        }
        trail.pop();
        self.files.push(RuleFile { path, text });
        Ok(())
    }
}

/// `text` with its `extend` list blanked, and the list.
fn without_extend(path: &str, mut text: String) -> Result<(String, Vec<String>), ConfigError> {
    let table = toml::de::DeTable::parse(&text).map_err(|e| ConfigError::of_parser(path, &text, &e))?;
    let Some((key, value)) = table.get_ref().get_key_value("extend") else {
        drop(table);
        return Ok((text, Vec::new()));
    };
    let wrong = || {
        let line = Some(line_of(&text, &key.span()));
        ConfigError::new(path, line, "extend: not a list of paths", None)
    };
    let items = value.get_ref().as_array().ok_or_else(wrong)?.iter();
    let named = items.map(|v| v.get_ref().as_str().map(str::to_owned)).collect::<Option<Vec<_>>>();
    let (named, span) = (named.ok_or_else(wrong)?, key.span().start..value.span().end);
    drop(table);
    let blank: String = text[span.clone()].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
    text.replace_range(span, &blank);
    Ok((text, named))
}

/// The path that a file at `from` means by `named`: relative to its folder, `.` and `..` resolved by name.
fn beside(from: &str, named: &str) -> String {
    if named.starts_with('/') {
        return named.to_owned();
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in named.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|p| *p != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs `rule_files` over files given as (path, text), extending the first.
    fn run(files: &[(&str, &str)]) -> Result<Vec<RuleFile>, ConfigError> {
        let read = |path: &str| {
            let found = files.iter().find(|(p, _)| *p == path);
            found.map(|(_, t)| t.as_bytes().to_vec()).ok_or_else(|| "no such file".to_owned())
        };
        rule_files(".leakward.toml", &[files[0].0.to_owned()], &read)
    }

    #[test]
    fn a_file_comes_after_those_it_names() {
        let files = run(&[
            ("sec/a.toml", "extend = [\n \"b.toml\",\n \"../c.toml\"]\n[[rule]]\n"),
            ("sec/b.toml", "extend = ['../c.toml']"),
            ("c.toml", "# c"),
        ]);
        let files = files.unwrap();
        assert_eq!(
            files.iter().map(|f| &f.path[..]).collect::<Vec<_>>(),
            ["c.toml", "sec/b.toml", "sec/a.toml"]
        );
        assert_eq!(files[2].text.trim(), "[[rule]]");
        assert_eq!(files[2].text.lines().count(), 4, "line numbers stay");
    }

    #[test]
    fn a_circle_is_named() {
        let circle = [("a.toml", "extend = ['sub/../b.toml']"), ("b.toml", "extend = ['./a.toml']")];
        let error = run(&circle).unwrap_err();
        assert_eq!(error.to_string(), "b.toml: extend goes in a circle: a.toml → b.toml → a.toml");
        assert!(run(&[("a.toml", "extend = ['a.toml']")]).is_err());
        assert!(
            run(&[("a.toml", "extend = ['.leakward.toml']")]).unwrap_err().to_string().contains("circle")
        );
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let missing = run(&[("a.toml", "extend = ['b.toml']")]).unwrap_err();
        assert_eq!(missing.to_string(), "a.toml: extend: b.toml: no such file");
        let wrong = run(&[("a.toml", "\n\nextend = 3")]).unwrap_err();
        assert_eq!(wrong.to_string(), "a.toml: line 3: extend: not a list of paths");
        assert!(run(&[("a.toml", "[[")]).unwrap_err().to_string().starts_with("a.toml: line 1: "));
    }

    #[test]
    fn paths_are_resolved_by_name() {
        assert_eq!(beside("a/b.toml", "../../x.toml"), "../x.toml");
        assert_eq!(beside("b.toml", "./x//y.toml"), "x/y.toml");
        assert_eq!(beside("a/b.toml", "/etc/x.toml"), "/etc/x.toml");
    }
}
