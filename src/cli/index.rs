//! `leakward index`: makes and shows the fingerprint index with which hooks find the manager's values without it.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use jiff::{Timestamp, ToSpan as _};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use zeroize::Zeroizing;

use super::Failure;
use super::settings::{SettingsFlags, from_folder};
use crate::audit::AuditLog;
use crate::detect::known::{IndexHeader, OfflineIndex};
use crate::verify::{Exported, ManagerSettings, Verification};

/// make or show the index with which hooks find your manager's values without asking it
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// make a key that signs indexes, and print its public half
    Key {
        /// file that the key is written to; keep it from whoever uses indexes
        #[arg(long, short, value_name = "FILE")]
        output: PathBuf,
    },
    Build(Build),
    /// show what an index says of itself
    Inspect {
        /// the index
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

/// read the manager and write a signed index of the values in force
#[derive(Debug, clap::Args)]
struct Build {
    /// the signing key, made by `leakward index key`
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// file that the index is written to
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// days after which the index is refused
    #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=366))]
    expires: u16,
    /// also take in values that are easy to guess: whoever has the index can guess them
    #[arg(long)]
    include_weak: bool,
    /// memory that one guess costs, in KiB
    #[arg(long, value_name = "KIB", default_value_t = 19_456, value_parser = clap::value_parser!(u32).range(64..=1_048_576))]
    memory: u32,
    /// passes over that memory
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=10))]
    passes: u32,
    #[command(flatten)]
    settings: SettingsFlags,
}

/// Guesses, as a power of ten, below which a value is left out: see docs/verification.md for what they cost.
const STRONG: f64 = 12.0;
/// Characters of a value whose strength is estimated; more only make it stronger.
const ESTIMATED: usize = 64;
/// Least length of a value that hooks look for, in bytes.
const SHORTEST: usize = 8;

impl Args {
    pub(super) fn run(self) -> Result<u8, Failure> {
        match self.command {
            Command::Key { output } => key(&output),
            Command::Build(build) => build.run(),
            Command::Inspect { file } => inspect(&file),
        }
    }
}

impl Build {
    fn run(self) -> Result<u8, Failure> {
        let pkcs8 = Zeroizing::new(fs::read(&self.key).map_err(|e| named(&self.key, e))?);
        let signer = Ed25519KeyPair::from_pkcs8(&pkcs8)
            .map_err(|_| named(&self.key, "not a key that `leakward index key` made"))?;
        let settings = self.settings.load_without_baseline(&from_folder(Path::new(".")))?;
        let managers = ManagerSettings::all(&settings.config.managers, self.settings.trust())?;
        let label = managers.iter().map(|m| m.name.as_str()).collect::<Vec<_>>().join(", ");
        let audit = self.settings.audit(&settings.config)?;
        let (values, gaps) = Verification::exporting(managers).audited(audit.clone()).export()?;
        unbroken(audit.as_deref())?;
        let all = values.len();
        let (values, weak): (Vec<Exported>, Vec<Exported>) = values
            .into_iter()
            .partition(|(_, value)| self.include_weak && value.len() >= SHORTEST || is_strong(value));
        let now = Timestamp::now();
        let expires = now + (i64::from(self.expires) * 24).hours();
        let costs = (self.memory, self.passes);
        let header =
            IndexHeader::new(&label, now.as_second(), expires.as_second(), costs).map_err(Failure::new)?;
        let values: Vec<_> = values.into_iter().map(|(_, value)| value).collect();
        let bytes = OfflineIndex::seal(header, &values, &signer).map_err(Failure::new)?;
        write(&self.output, &bytes, false)?;
        let mut places: Vec<&str> = weak.iter().map(|(place, _)| place.as_str()).collect();
        places.sort_unstable();
        for place in places {
            say(&format!("left out, easy to guess: {place}"));
        }
        say(&format!("{} of {all} values, {} bytes, until {expires:.0}", values.len(), bytes.len()));
        // A value that was not read is one that no hook will find.
        for gap in &gaps {
            Failure::new(format_args!("incomplete: {gap}")).print();
        }
        Ok(if gaps.is_empty() { 0 } else { crate::scan::FAILED })
    }
}

/// Fails where the audit log has a hole.
fn unbroken(audit: Option<&AuditLog>) -> Result<(), Failure> {
    match audit.filter(|log| log.has_failed()) {
        Some(_) => Err(Failure::new("the audit log: a line could not be written")),
        None => Ok(()),
    }
}

/// Makes a signing key.
fn key(output: &Path) -> Result<u8, Failure> {
    let random = |_| Failure::new("the system has no random numbers");
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(random)?;
    let pair = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).map_err(Failure::new)?;
    if output.exists() {
        return Err(named(output, "there is a file already").help("a key that is lost cannot be made again"));
    }
    write(output, pkcs8.as_ref(), true)?;
    say(&hex(pair.public_key().as_ref()));
    Ok(0)
}

fn inspect(file: &Path) -> Result<u8, Failure> {
    let bytes = fs::read(file).map_err(|e| named(file, e))?;
    let (header, _) = OfflineIndex::inspect(&bytes).map_err(|e| named(file, e))?;
    let IndexHeader { label, created, expires, memory, passes, entries, tag_bits, signer, .. } = &header;
    let time =
        |seconds: i64| Timestamp::from_second(seconds).map_or_else(|_| "?".to_owned(), |t| t.to_string());
    let over = if *expires < Timestamp::now().as_second() { " (expired)" } else { "" };
    let label: String = label.chars().filter(|c| !c.is_control()).collect();
    say(&format!("manager   {label}"));
    say(&format!("made      {}", time(*created)));
    say(&format!("expires   {}{over}", time(*expires)));
    say(&format!("values    {entries}"));
    say(&format!("signer    {}", hex(signer)));
    say(&format!("tags      {tag_bits} bits"));
    say(&format!("proofs    Argon2id, {memory} KiB, {passes} passes"));
    Ok(0)
}

/// Whether guessing `value` costs enough that an index may hold it.
fn is_strong(value: &[u8]) -> bool {
    if value.len() < SHORTEST {
        return false;
    }
    // Estimated here, shown to nobody.
    let text = String::from_utf8_lossy(value);
    let start = Zeroizing::new(text.chars().take(ESTIMATED).collect::<String>());
    zxcvbn::zxcvbn(&start, &[]).guesses_log10() >= STRONG
}

/// Writes a file as a whole; `private`: for nobody else.
fn write(path: &Path, bytes: &[u8], private: bool) -> Result<(), Failure> {
    let dir = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".leakward-").suffix(".part");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(if private { 0o600 } else { 0o644 }));
    let mut file = builder.tempfile_in(dir).map_err(|e| named(path, e.kind()))?;
    file.write_all(bytes).map_err(|e| named(path, e.kind()))?;
    file.persist(path).map_err(|e| named(path, e.error.kind()))?;
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn say(line: &str) {
    // A reader that has gone away wants no more.
    let _ = writeln!(anstream::stdout(), "{line}");
}

fn named(path: &Path, cause: impl std::fmt::Display) -> Failure {
    Failure::new(format_args!("{}: {cause}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::is_strong;

    #[test]
    fn what_people_choose_is_weak_and_what_machines_draw_is_strong() {
        for weak in ["summer2024", "Password1!", "letmein123", "qwertyuiop", "aaaaaaaaaaaaaaaa", "short"] {
            assert!(!is_strong(weak.as_bytes()), "{weak}");
        }
        let drawn = blake3::hash(b"drawn").to_hex().to_string();
        assert!(is_strong(&drawn.as_bytes()[..24]) && is_strong(drawn.repeat(100).as_bytes()));
    }
}
