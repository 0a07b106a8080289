//! Path patterns, as `.gitignore` reads them.

use bstr::{BStr, ByteSlice};
use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// A set of path patterns with the meaning of `.gitignore` lines: `/` inside or at the start ties a pattern to the
/// root, otherwise it fits a name in any folder; `name/` fits folders; `!` takes back; a folder stands for
/// everything below it. The last pattern that fits decides.
#[derive(Debug, Clone)]
pub struct PathGlobs {
    matcher: Gitignore,
    patterns: Vec<String>,
}

/// A pattern is not a valid glob. Its author must fix it.
#[derive(Debug, thiserror::Error)]
#[error("path pattern {pattern:?}: {cause}")]
pub struct PathGlobsError {
    /// The pattern.
    pub pattern: String,
    /// What is wrong with it.
    pub cause: String,
}

impl PathGlobs {
    /// The set of `patterns`, in order.
    ///
    /// # Errors
    /// The first pattern that is not a valid glob.
    pub fn new(patterns: &[String]) -> Result<Self, PathGlobsError> {
        let mut builder = GitignoreBuilder::new("");
        // git takes `a[` for a literal; here it is a slip of the pen.
        builder.allow_unclosed_class(false);
        for pattern in patterns {
            let wrong = |cause: String| PathGlobsError { pattern: pattern.clone(), cause };
            if pattern.trim().is_empty() || pattern.starts_with('#') {
                return Err(wrong("it fits nothing".into()));
            }
            builder.add_line(None, pattern).map_err(|e| wrong(e.to_string()))?;
        }
        let matcher = builder
            .build()
            .map_err(|e| PathGlobsError { pattern: patterns.join(", "), cause: e.to_string() })?;
        Ok(Self { matcher, patterns: patterns.to_vec() })
    }

    /// Whether the set fits `path` or a folder above it. `path` is relative to the root, separated by `/`.
    pub fn contains(&self, path: &BStr, is_dir: bool) -> bool {
        if self.patterns.is_empty() {
            return false;
        }
        // A path outside the root may be absolute or climb; no pattern is meant for it.
        let relative = path.trim_start_with(|c| c == '/');
        self.matcher.matched_path_or_any_parents(relative.to_path_lossy(), is_dir).is_ignore()
    }

    /// The patterns, as given.
    pub fn patterns(&self) -> &[String] {
        &self.patterns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(patterns: &[&str], path: &str) -> bool {
        let patterns: Vec<String> = patterns.iter().map(|p| (*p).to_owned()).collect();
        PathGlobs::new(&patterns).unwrap().contains(path.into(), false)
    }

    #[test]
    fn patterns_read_as_in_gitignore() {
        assert!(fits(&["third_party/**"], "third_party/a/b.c"));
        assert!(fits(&["third_party"], "src/third_party/b.c"));
        assert!(fits(&["/third_party/"], "third_party/b.c"));
        assert!(!fits(&["/third_party/"], "src/third_party/b.c"));
        assert!(fits(&["*.pem"], "a/b/c.pem"));
        assert!(!fits(&["a/*.pem"], "a/b/c.pem"));
        assert!(fits(&["a/**/*.pem"], "a/b/c.pem"));
        assert!(!fits(&["*.pem", "!keep.pem"], "a/keep.pem"));
        assert!(!fits(&[], "a"));
    }

    #[test]
    fn odd_paths_do_no_harm() {
        assert!(fits(&["tests/"], "/tests/a"));
        assert!(!fits(&["tests"], "../x"));
        assert!(!fits(&["tests"], ""));
        assert!(fits(&["a.zip!in"], "a.zip!in"));
        assert!(PathGlobs::new(&["*.x".into()]).unwrap().contains(b"a\xff.x".as_bstr(), false));
    }

    #[test]
    fn a_wrong_pattern_is_named() {
        let err = PathGlobs::new(&["ok".into(), "a[".into()]).unwrap_err();
        assert_eq!(err.pattern, "a[");
        assert!(PathGlobs::new(&["  ".into()]).is_err());
    }
}
