//! Values that name their issuer by shape alone and fail that issuer's checksum: mistyped, cut or made up.
//!
//! A rule drops such a value; this tells the readers of generic credentials, so that none comes back under another
//! name. Kinds that share their shape with any random text (Azure DevOps' old tokens) are not listed: what fails
//! that checksum may well be somebody's password.

use super::Outcome::Failed;
use super::{azure, entra, gitlab};

/// Prefixes of GitLab's tokens that exist in the routable form.
const GITLAB: [&[u8]; 8] =
    [b"glpat-", b"gldt-", b"glrt-", b"glrtr-", b"glptt-", b"glft-", b"glcbt-", b"gloas-"];

/// Whether `value` is certainly no valid credential of the issuer that its shape names.
pub(crate) fn is_refused(value: &[u8]) -> bool {
    let gitlab =
        GITLAB.iter().any(|p| value.starts_with(p)) && memchr::memmem::find(value, b".01.").is_some();
    let entra = (37..=40).contains(&value.len()) && value.get(3..6) == Some(b"8Q~");
    gitlab && gitlab::check(value).outcome == Failed
        || entra && entra::check(value).outcome == Failed
        // An unknown signature makes this check neither pass nor fail.
        || azure::check(value).outcome == Failed
}

#[cfg(test)]
mod tests {
    use super::is_refused;
    use crate::checksum::example::render;

    #[test]
    fn a_failed_checksum_of_an_unmistakable_shape_is_refused() {
        for recipe in ["gitlab(\"glpat-\")", "entra()", "azure_key(storage)", "azure_key(functions)"] {
            let token = |recipe: &str| render(&format!("{{{{{recipe}}}}}"), "refused").unwrap();
            assert!(!is_refused(token(recipe).as_bytes()), "{recipe}");
            assert!(is_refused(token(&format!("bad({recipe})")).as_bytes()), "{recipe}");
        }
    }

    #[test]
    fn ordinary_values_are_not() {
        for value in ["vQ2m9xkT", "glpat-classic-one", "a.01.b", ""] {
            assert!(!is_refused(value.as_bytes()), "{value}");
        }
    }
}
