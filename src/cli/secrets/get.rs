//! `leakward get`: one secret, printed.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use clap::ValueEnum;
use leakward_fetcher::client::ReadOptions;
use leakward_fetcher::secret::{FieldError, Json, JsonKind, escape_json};
use leakward_fetcher::{ReadError, Reading, Secret, SecretRef, Version, VersionSelector};
use zeroize::Zeroizing;

use super::super::{Failure, heading};
use super::trouble::{field_failure, is_absence, read_failure};
use super::wanted::Wanted;
use super::{ManagerFlags, enter, span};

/// Exit code: there is no such secret, version or field.
const ABSENT: u8 = 1;

/// prints a secret from the secrets manager
///
/// Exit code: 0 printed, 1 there is no such secret, version or field, 2 it could not be read.
#[derive(Debug, clap::Args)]
pub(in super::super) struct Args {
    /// the secret's path, with #FIELD for one field of it; Vault's /data/ is not needed
    #[arg(value_name = "PATH[#FIELD]")]
    wanted: Wanted,
    /// print one field of a secret that has several; a.b for nested ones
    #[arg(long, value_name = "NAME", help_heading = heading::OUTPUT)]
    field: Option<String>,
    /// how to print it
    #[arg(long, value_enum, default_value = "raw", help_heading = heading::OUTPUT)]
    format: Format,
    /// version to print: the manager's own name of it, or previous
    #[arg(long, value_name = "VERSION", help_heading = heading::MANAGER)]
    version: Option<String>,
    /// version that carries this label (AWS staging label, Google alias)
    #[arg(long, value_name = "LABEL", conflicts_with = "version", help_heading = heading::MANAGER)]
    stage: Option<String>,
    /// longest time to wait
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = span, help_heading = heading::MANAGER)]
    timeout: Duration,
    #[command(flatten)]
    manager: ManagerFlags,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// the value as it is, with a line's end only on a terminal
    Raw,
    /// JSON: an object as it is, any other value as a string
    Json,
    /// export lines for a shell
    Env,
    /// lines of a .env file
    Dotenv,
}

impl Args {
    pub(in super::super) fn run(mut self) -> Result<u8, Failure> {
        if let Some(field) = self.field.take()
            && self.wanted.field.replace(field).is_some()
        {
            return Err(Failure::new("the field is named twice").help("use either #FIELD or --field"));
        }
        enter(self.print())
    }

    async fn print(self) -> Result<u8, Failure> {
        let client = self.manager.client(Some(self.wanted.path.as_str())).await?;
        let secret = SecretRef::new(self.wanted.path.clone(), self.selector());
        let options = ReadOptions { budget: Some(self.timeout), refuse_stale: true };
        let reading = match client.read_with(&secret, options).await {
            Ok(reading) => reading,
            Err(error) => {
                // A manager that did not answer in time is not waited for once more.
                if !matches!(error, ReadError::Deadline { .. }) {
                    client.shutdown().await;
                }
                let failure = read_failure(&error);
                if is_absence(&error) {
                    failure.print();
                    return Ok(ABSENT);
                }
                return Err(failure);
            }
        };
        let code = self.write(&reading)?;
        match reading.lease() {
            // Its end would be the end of what was just printed.
            Some(lease) => {
                let seconds = lease.duration.as_secs();
                let _ = writeln!(anstream::stderr(), "note: lent for {seconds} s; nobody renews it");
            }
            None => drop(client.shutdown().await),
        }
        Ok(code)
    }

    fn selector(&self) -> VersionSelector {
        match (&self.version, &self.stage) {
            (Some(version), _) if version == "previous" => VersionSelector::Previous,
            (Some(version), _) => VersionSelector::Exact(Version::new(version)),
            (None, Some(stage)) => VersionSelector::Stage(stage.as_str().into()),
            (None, None) => VersionSelector::Current,
        }
    }

    fn write(&self, reading: &Reading) -> Result<u8, Failure> {
        let path = &self.wanted.path;
        if let Some(field) = &self.wanted.field
            && let Err(error) = reading.field(field)
        {
            field_failure(path, reading, &error).print();
            return Ok(if matches!(error, FieldError::NoField(_)) { ABSENT } else { crate::scan::FAILED });
        }
        let secret = self.wanted.part(reading)?;
        let name = self.wanted.field.as_deref().or_else(|| path.segments().last()).unwrap_or_default();
        let text = self.format.text(name, &secret).map_err(|e| Failure::new(format_args!("{path}: {e}")))?;
        let mut out = std::io::stdout().lock();
        let end: &[u8] = if out.is_terminal() && !text.ends_with(b"\n") { b"\n" } else { b"" };
        let written = out.write_all(&text).and_then(|()| out.write_all(end)).and_then(|()| out.flush());
        written.map_err(|e| Failure::new(format_args!("standard output: {e}")))?;
        Ok(0)
    }
}

impl Format {
    /// `secret` in this format; `name` is what it is called where the format needs a name.
    fn text(self, name: &str, secret: &Secret) -> Result<Zeroizing<Vec<u8>>, String> {
        // The reason to open it: printing it is what the command is for.
        let bytes = secret.expose();
        if self == Self::Raw {
            return Ok(Zeroizing::new(bytes.to_vec()));
        }
        let text = secret.expose_text().map_err(|_| "the value is not text; print it with --format raw")?;
        let json = Json::parse(bytes).ok();
        // Room for every byte escaped, so that the value is not moved and left behind.
        let mut out = Zeroizing::new(Vec::with_capacity(bytes.len() * 6 + 64));
        match (self, json) {
            (Self::Json, Some(json)) if json.kind() != JsonKind::Number && json.kind() != JsonKind::Bool => {
                out.extend_from_slice(json.raw());
            }
            (Self::Json, _) => escape_json(text, &mut out),
            (_, Some(json)) if json.kind() == JsonKind::Object => {
                out.reserve(json.entries().count() * 128);
                let mut names = Vec::new();
                for field in secret.field_names() {
                    let variable = variable(&field);
                    // A field that is null is no variable.
                    let Ok(value) = secret.field(&field) else { continue };
                    self.assign(&variable, &value, &mut out)?;
                    names.push(variable);
                }
                names.sort();
                if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
                    return Err(format!("two fields would both be {}; name one with --field", twice[0]));
                }
            }
            _ => self.assign(&variable(name), secret, &mut out)?,
        }
        if self == Self::Json {
            out.push(b'\n');
        }
        Ok(out)
    }

    fn assign(self, variable: &str, value: &Secret, out: &mut Vec<u8>) -> Result<(), String> {
        // The reason to open it: see above.
        let text = value.expose_text().map_err(|_| format!("{variable}: the value is not text"))?;
        if text.contains('\0') {
            return Err(format!("{variable}: the value holds a null byte, which no environment can"));
        }
        let (before, quote): (&str, u8) = match self {
            Self::Env => ("export ", b'\''),
            _ => ("", b'"'),
        };
        out.extend_from_slice(before.as_bytes());
        out.extend_from_slice(variable.as_bytes());
        out.extend_from_slice(&[b'=', quote]);
        for byte in text.bytes() {
            match (self, byte) {
                (Self::Env, b'\'') => out.extend_from_slice(b"'\\''"),
                (Self::Dotenv, b'"' | b'\\' | b'$' | b'`') => out.extend_from_slice(&[b'\\', byte]),
                (Self::Dotenv, b'\n') => out.extend_from_slice(b"\\n"),
                (Self::Dotenv, b'\r') => out.extend_from_slice(b"\\r"),
                _ => out.push(byte),
            }
        }
        out.extend_from_slice(&[quote, b'\n']);
        Ok(())
    }
}

/// `name` as a variable is named: upper case, all but letters and digits as `_`.
fn variable(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    let first = name.chars().next().is_none_or(|c| c.is_ascii_digit());
    first.then_some('_').into_iter().chain(name.chars().map(plain)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(format: Format, value: &str) -> Result<String, String> {
        let text = format.text("api-key", &Secret::copy_of(value.as_bytes()))?;
        Ok(String::from_utf8(text.to_vec()).unwrap())
    }

    #[test]
    fn each_format_quotes_in_its_own_way() {
        let value = r#"{"user":"o'neil","pass word":"a\"$b\n","none":null}"#;
        let env = "export USER='o'\\''neil'\nexport PASS_WORD='a\"$b\n'\n"; // leakward:allow
        assert_eq!(text(Format::Env, value).unwrap(), env);
        assert_eq!(text(Format::Dotenv, value).unwrap(), "USER=\"o'neil\"\nPASS_WORD=\"a\\\"\\$b\\n\"\n"); // leakward:allow
        assert_eq!(text(Format::Json, value).unwrap(), format!("{value}\n"));
        assert_eq!(text(Format::Raw, value).unwrap(), value);
    }

    #[test]
    fn a_plain_value_is_named_after_its_path() {
        assert_eq!(text(Format::Env, "x").unwrap(), "export API_KEY='x'\n");
        assert_eq!(text(Format::Json, "x\"").unwrap(), "\"x\\\"\"\n");
        assert_eq!(text(Format::Json, "00123").unwrap(), "\"00123\"\n");
        assert_eq!(text(Format::Json, "123").unwrap(), "\"123\"\n");
    }

    #[test]
    fn what_no_environment_can_hold_is_refused() {
        assert!(text(Format::Env, "a\0b").unwrap_err().contains("null byte"));
        assert!(text(Format::Env, r#"{"a-b":"1","a.b":"2"}"#).unwrap_err().contains("both be A_B"));
    }
}
