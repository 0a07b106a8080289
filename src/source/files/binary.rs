//! Whether a file's content is text.

/// Bytes of a file's head that decide.
pub(super) const HEAD: usize = 64 << 10;

/// Whether content that begins with `head` is binary. A few stray NULs leave a text a text.
pub(super) fn is_binary(head: &[u8]) -> bool {
    let head = &head[..head.len().min(8 << 10)];
    let utf16 = head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff");
    let nuls = memchr::memchr_iter(0, head).count();
    !utf16 && nuls > 0 && nuls * 20 > head.len()
}
