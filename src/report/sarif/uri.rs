//! Paths as URIs.

use std::path::Path;

use bstr::ByteSlice;

/// The URI of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum File {
    /// A path below the root.
    Below(String),
    /// Whole.
    Elsewhere(String),
}

/// The URI of `path` behind `prefix`, in `root`. A path that leaves the root becomes whole where the root is known.
pub(super) fn file(prefix: &[u8], path: &[u8], root: Option<&Path>) -> File {
    if path.starts_with(b"/") {
        return File::Elsewhere(format!("file://{}", encoded(path)));
    }
    let whole = [prefix, path].concat();
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in whole.split_str("/") {
        match part {
            b"" | b"." => {}
            b".." if parts.last().is_some_and(|p| *p != b"..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let climbs = parts.iter().take_while(|p| **p == b"..").count();
    let rest = encoded(&parts[climbs..].join(&b'/'));
    if climbs == 0 {
        return File::Below(rest);
    }
    match root.and_then(|r| r.ancestors().nth(climbs)) {
        Some(above) => File::Elsewhere(format!("{}{rest}", folder(above))),
        None => File::Below(format!("{}{rest}", "../".repeat(climbs))),
    }
}

/// The URI of a folder, which is absolute; ends with `/`.
pub(super) fn folder(path: &Path) -> String {
    let path = path.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/");
    let slash = if path.starts_with('/') { "" } else { "/" };
    let end = if path.ends_with('/') { "" } else { "/" };
    format!("file://{slash}{}{end}", encoded(path.as_bytes()))
}

/// `path` with every byte percent-encoded but unreserved characters and `/`.
fn encoded(path: &[u8]) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/".contains(&b);
    path.iter().map(|&b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn below(path: &[u8]) -> String {
        match file(b"", path, None) {
            File::Below(uri) => uri,
            File::Elsewhere(uri) => panic!("{uri} is elsewhere"),
        }
    }

    #[test]
    fn odd_names_are_encoded() {
        assert_eq!(below("a b#c%d\\e?/ü:f.py".as_bytes()), "a%20b%23c%25d%5Ce%3F/%C3%BC%3Af.py");
        assert_eq!(below(b"x\xff\n"), "x%FF%0A");
        assert_eq!(below(b"./a//b"), "a/b");
    }

    #[test]
    fn a_path_is_told_from_the_repository_s_root() {
        assert_eq!(file(b"sub/", b"a.py", None), File::Below("sub/a.py".into()));
        assert_eq!(file(b"sub/", b"../a.py", None), File::Below("a.py".into()));
    }

    #[test]
    fn a_path_outside_the_root_is_whole() {
        let root = Path::new("/srv/app");
        assert_eq!(file(b"", b"../x y", Some(root)), File::Elsewhere("file:///srv/x%20y".into()));
        assert_eq!(file(b"", b"/etc/x", Some(root)), File::Elsewhere("file:///etc/x".into()));
        assert_eq!(file(b"", b"../x", None), File::Below("../x".into()));
    }

    #[test]
    fn folders_end_with_a_slash() {
        assert_eq!(folder(Path::new("/srv/my app")), "file:///srv/my%20app/");
        assert_eq!(folder(Path::new("/")), "file:///");
    }
}
