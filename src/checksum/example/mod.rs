//! Writes out the examples of rules: `{{github("ghp_")}}` becomes a token with a checksum that holds.
//!
//! So no token stands in the repository, and near misses are as near as can be. The same seed gives the same text.
//! A `{{…}}` that is no call, such as a template's `{{ value }}`, stays as it is.

mod generator;
mod random;

use random::Random;

/// What is wrong with an example. The rule's author must fix it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExampleError {
    /// No generator has this name.
    #[error("no generator is called {0}")]
    Unknown(String),
    /// The arguments are not those of the generator.
    #[error("{name} takes {wanted}")]
    Arguments {
        /// The generator.
        name: String,
        /// What it takes, in words.
        wanted: &'static str,
    },
    /// A call is not closed, or its arguments cannot be read.
    #[error("a call that begins {0:?} cannot be read")]
    Syntax(String),
}

/// `template` with every call replaced by what it generates from `seed`.
///
/// # Errors
/// The first call that cannot be read or made.
pub fn render(template: &str, seed: &str) -> Result<String, ExampleError> {
    let mut random = Random::new(seed);
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        out.push_str(before);
        if name(after).is_some_and(|name| after[name.len()..].starts_with('(')) {
            let mut reader = Reader { rest: after, random: &mut random };
            out.push_str(&reader.value()?);
            let closed = reader.rest.strip_prefix("}}");
            rest = closed.ok_or_else(|| ExampleError::Syntax(after.chars().take(20).collect()))?;
        } else {
            out.push_str("{{");
            rest = after;
        }
    }
    out.push_str(rest);
    Ok(out)
}

/// The generator's name at the front of `text`.
fn name(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'))?;
    (end > 0).then(|| &text[..end])
}

/// Reads and evaluates calls: `name(argument, …)`, an argument being a quoted text, a bare word or a call.
struct Reader<'t, 'r> {
    rest: &'t str,
    random: &'r mut Random,
}

impl Reader<'_, '_> {
    fn value(&mut self) -> Result<String, ExampleError> {
        if let Some(after) = self.rest.strip_prefix('"') {
            let (text, after) = after.split_once('"').ok_or_else(|| self.syntax())?;
            self.rest = after;
            return Ok(text.to_owned());
        }
        if let Some(name) = name(self.rest)
            && let Some(after) = self.rest[name.len()..].strip_prefix('(')
        {
            self.rest = after;
            return self.call(name.to_owned());
        }
        let end = self.rest.find(|c: char| !(c.is_ascii_alphanumeric() || "_.-+/=:".contains(c)));
        let (word, after) = self.rest.split_at(end.filter(|&end| end > 0).ok_or_else(|| self.syntax())?);
        self.rest = after;
        Ok(word.to_owned())
    }

    fn call(&mut self, name: String) -> Result<String, ExampleError> {
        let mut arguments = Vec::new();
        loop {
            self.rest = self.rest.trim_start();
            if let Some(after) = self.rest.strip_prefix(')') {
                self.rest = after;
                break;
            }
            arguments.push(self.value()?);
            self.rest = self.rest.trim_start();
            match self.rest.strip_prefix(',') {
                Some(after) => self.rest = after,
                None if self.rest.starts_with(')') => {}
                None => return Err(self.syntax()),
            }
        }
        generator::generate(&name, &arguments, self.random)
    }

    fn syntax(&self) -> ExampleError {
        ExampleError::Syntax(self.rest.chars().take(20).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::{ExampleError, render};

    #[test]
    fn the_same_seed_gives_the_same_text() {
        let text = render("a={{hex(8)}} b={{hex(8)}}", "x").unwrap();
        assert_eq!(render("a={{hex(8)}} b={{hex(8)}}", "x").unwrap(), text);
        assert_ne!(render("a={{hex(8)}} b={{hex(8)}}", "y").unwrap(), text);
        assert_ne!(text[2..10], text[13..21], "two calls differ");
    }

    #[test]
    fn calls_nest() {
        assert_eq!(render(r#"{{base64("user:", repeat(ab, 2))}}"#, "x").unwrap(), "dXNlcjphYmFi");
    }

    #[test]
    fn what_is_no_call_stays() {
        let text = "{{ .Values.x }} {{x}} {{}} ${{ secrets.X }} {{";
        assert_eq!(render(text, "x").unwrap(), text);
    }

    #[test]
    fn errors_name_the_call() {
        assert_eq!(render("{{hax(3)}}", "x"), Err(ExampleError::Unknown("hax".into())));
        assert!(matches!(render("{{hex(x)}}", "x"), Err(ExampleError::Arguments { .. })));
        assert!(matches!(render("{{hex()}}", "x"), Err(ExampleError::Arguments { .. })));
        assert!(matches!(render("{{hex(3}}", "x"), Err(ExampleError::Syntax(_))));
    }
}
