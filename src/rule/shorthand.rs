//! Names for what many patterns have in common.

use super::problem::Problem;

/// Shorthands that a pattern may use, and what they stand for.
///
/// `{{key}}` is the rest of a key behind a provider's name: it says that the value is a credential, as `_API_KEY` in
/// `ACME_API_KEY` does. `{{is}}` is what stands between a key's last letter and its value: the end of a quoted or
/// indexed key, a type, an operator, a call, an opening quote. `{{end}}` is the end of a token: no letter, digit, `_`
/// or `-` follows. `{{uuid}}` is a UUID in lower or upper case.
const SHORTHANDS: &[(&str, &str)] = &[
    (
        "key",
        r"[0-9A-Za-z_.\- ]{0,30}?(?i:api|key|token|secret|passw(?:or)?d|pwd|auth|cred|access|private)[0-9A-Za-z_.\-]{0,24}",
    ),
    (
        "is",
        r#"(?:\\?["'`])?[\])]{0,2}(?:[ \t]{0,4}:?[ \t]{1,4}[A-Za-z][\w.<>]{0,20}[ \t]{1,4}=|[ \t]{0,8}(?:[.:+?|&]{0,3}={1,3}>?|<-|[:,(]|>\s{0,40}|[ \t]))[ \t]{0,8}(?:[A-Za-z_][\w.:]{0,31}\()?(?:[bru]{0,2}\\?["'`])?"#,
    ),
    ("end", r"(?:[^0-9A-Za-z_\-]|\z)"),
    ("uuid", r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}"),
];

/// `pattern` with its shorthands written out.
///
/// # Errors
/// A `{{name}}` that is no shorthand.
pub(crate) fn expand(pattern: &str) -> Result<String, Problem> {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once("{{") {
        // `\{{` is an escaped brace and a repeat's beginning: no shorthand.
        let escaped = before.ends_with('\\') && !before.ends_with("\\\\");
        let name = after.split_once("}}").map(|(name, _)| name);
        match name.filter(|n| !escaped && n.bytes().all(|b| b.is_ascii_lowercase())) {
            Some(name) => {
                let known = SHORTHANDS.iter().find(|(shorthand, _)| *shorthand == name);
                let (_, text) = known.ok_or_else(|| Problem::Shorthand(name.to_owned()))?;
                out.push_str(before);
                out.push_str(text);
                rest = &after[name.len() + 2..];
            }
            None => {
                out.push_str(before);
                out.push_str("{{");
                rest = after;
            }
        }
    }
    out.push_str(rest);
    Ok(out)
}
