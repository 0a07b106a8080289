//! Tokens whose checksums hold, made anew: none stands in the repository.

/// A GitHub token; another `seed`, another token.
pub(crate) fn github(seed: &str) -> String {
    leakward::checksum::example::render(r#"{{github("ghp_")}}"#, seed).unwrap()
}
