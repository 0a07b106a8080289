//! "Did you mean": the known word that is nearest to an unknown one.

/// The word of `known` nearest to `word`, when it is near enough to be meant.
pub fn nearest<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let score = |k: &str| strsim::jaro_winkler(&word.to_ascii_lowercase(), k);
    let best = known.map(|k| (score(k), k)).max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 > ENOUGH).then_some(best.1)
}

/// Likeness (0.0 to 1.0) above which a word may be meant; below, suggestions puzzle more than they help.
const ENOUGH: f64 = 0.8;

/// `did you mean …?`, when something is near.
pub(super) fn did_you_mean<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> Option<String> {
    nearest(word, known).map(|k| format!("did you mean {k}?"))
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_nearest_word_is_found_and_strangers_are_not() {
        let known = || ["exclude", "baseline", "max_file_size"].into_iter();
        assert_eq!(nearest("exlude", known()), Some("exclude"));
        assert_eq!(nearest("max-file-size", known()), Some("max_file_size"));
        assert_eq!(nearest("Baseline", known()), Some("baseline"));
        assert_eq!(nearest("zzz", known()), None);
    }
}
