//! What is left out, and how much work is done at once.

use std::num::NonZeroUsize;

use super::heading;

/// Flags that limit a scan of files or of a git repository.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = heading::INPUT)]
pub(super) struct LimitFlags {
    /// leave out paths that match a .gitignore pattern (repeatable)
    #[arg(long, value_name = "GLOB")]
    pub(super) exclude: Vec<String>,
    /// leave out files above this size, such as 500kB or 2GiB [default: 100MB]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(super) max_file_size: Option<u64>,
    /// threads to use [default: one per core]
    #[arg(long, value_name = "N")]
    pub(super) threads: Option<NonZeroUsize>,
}

impl LimitFlags {
    /// Threads to use.
    pub(super) fn threads(&self) -> NonZeroUsize {
        self.threads.unwrap_or_else(cores)
    }
}

fn cores() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// Reads a size in bytes, such as `100`, `500kB` (thousands) or `2GiB` (powers of 1024).
pub(super) fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1_000,
        "m" | "mb" => 1_000_000,
        "g" | "gb" => 1_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        _ => return Err("the unit is none of kB, MB, GB, KiB, MiB, GiB".to_owned()),
    };
    let number: u64 = digits.trim_end().parse().map_err(|_| "not a number of bytes".to_owned())?;
    number.checked_mul(unit).ok_or_else(|| "more than any file can hold".to_owned())
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_have_units() {
        let sizes = ["7", "100MB", "2 KiB", "1g", "0"].map(|text| size(text).unwrap());
        assert_eq!(sizes, [7, 100_000_000, 2048, 1_000_000_000, 0]);
        for wrong in ["", "MB", "-1", "1.5MB", "3 stones", "99999999999GB"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }
}
