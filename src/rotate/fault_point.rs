//! Where a test may end the process, as a crash or `kill -9` would. Not in release builds.

/// Ends the process at once if it was told to at `point`.
pub(super) fn reach(point: &str) {
    #[cfg(debug_assertions)]
    if std::env::var("LEAKWARD_TEST_DIE_AT").is_ok_and(|wanted| wanted == point) {
        std::process::abort();
    }
    #[cfg(not(debug_assertions))]
    let _ = point;
}
