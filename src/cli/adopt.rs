//! `leakward adopt`: puts a found value into the secrets manager, and a reference in its place.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use leakward_fetcher::secret::escape_json;
use leakward_fetcher::{FaultKind, Secret, SecretPath, SecretProvider, SecretRef};
use zeroize::Zeroizing;

use super::found::{FoundFlags, Ready};
use super::{Failure, heading};
use crate::adopt::{Edit, Language, Place, variable_name};
use crate::model::{Finding, LineIndex, Managed, State, Verdict};
use crate::source::Base;
use crate::verify::ManagerSettings;

/// put a found value into your secrets manager, and a reference in its place
///
/// Without --apply nothing is changed: the difference is printed, values masked. A value that is in the manager already
/// is not stored again, only referred to. The path must be free: nothing in the manager is overwritten.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// a finding's fingerprint
    #[arg(value_name = "FINDING", help_heading = heading::INPUT)]
    finding: String,
    #[command(flatten)]
    found: FoundFlags,
    /// where the value is put, such as secret/shop/db or prod:secret/shop/db
    #[arg(long, value_name = "PATH", help_heading = heading::MANAGER)]
    path: Option<String>,
    /// field of the value there [default: what the line assigns to; none where the manager keeps plain texts]
    #[arg(long, value_name = "NAME", help_heading = heading::MANAGER)]
    field: Option<String>,
    /// name of the environment variable that the reference reads [default: made from line and path]
    #[arg(long, value_name = "NAME", value_parser = variable, help_heading = heading::REFERENCE)]
    name: Option<String>,
    /// what the reference is, where there is a choice
    #[arg(long, value_enum, value_name = "KIND", default_value_t = Kind::Env, help_heading = heading::REFERENCE)]
    reference: Kind,
    /// store the value and write the file
    #[arg(long)]
    apply: bool,
}

/// What a reference is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    /// a variable of the environment, which `leakward exec` gives
    Env,
    /// in shells: `leakward get` itself
    Get,
}

/// A file whose literal is to be replaced.
struct Literal {
    file: PathBuf,
    name: String,
    text: Vec<u8>,
}

/// Where the value is, or is put.
struct Home<'m> {
    manager: &'m ManagerSettings,
    path: SecretPath,
    field: Option<String>,
    /// Whether it is there already.
    held: bool,
}

impl Args {
    pub(super) fn run(self) -> Result<u8, Failure> {
        if !Ready::is_fingerprint(&self.finding) {
            return Err(Failure::new(format_args!("{}: not a fingerprint", self.finding))
                .help("it is in every report, 32 hexadecimal digits; the first 8 will do"));
        }
        let base = Base::of(std::slice::from_ref(self.found.place()))?;
        let ready = self.found.ready()?;
        let finding = ready.find(&self.finding)?;
        let literal = Literal::read(&base, &finding)?;
        let home = home(&ready, &finding, self.path.as_deref(), self.field.as_deref(), &literal)?;
        let (start, line) = literal.line(&finding);
        let name = self.name.clone();
        let name =
            name.unwrap_or_else(|| variable_name(line, finding.span.start - start, home.path.as_str()));
        let place = Place {
            variable: &name,
            path: home.path.as_str(),
            field: home.field.as_deref(),
            ask: self.reference == Kind::Get,
        };
        let language = Language::of(&literal.name, &literal.text);
        // Looked for in the file, and masked in what is printed.
        let secret = finding.secret.expose();
        let edit = Edit::new(language, &literal.text, finding.span, secret, place).map_err(|e| {
            let line = finding.region.start.line;
            Failure::new(format_args!("{}:{line}: {e}", literal.name)).help(format_args!(
                "refer to {} there by hand; `leakward exec` and `leakward get` read it",
                home.path
            ))
        })?;
        if self.apply {
            home.store(&ready, &finding)?;
            literal.write(&edit)?;
            ready.tell("adoption", &home.manager.name, home.path.as_str(), "the literal was replaced");
        } else if !home.held {
            say(&format!("would store it at {}", home.words()));
        } else {
            say(&format!("it is at {} already", home.words()));
        }
        say(edit.difference(&literal.name, &literal.text, &finding_secrets(&finding)).trim_end());
        if self.reference == Kind::Env {
            let field = home.field.as_ref().map_or_else(String::new, |field| format!("#{field}"));
            say(&format!("run it with: leakward exec --map {name}={}{field} -- PROGRAM", home.path));
        }
        if let Some(note) = language.and_then(Language::note) {
            say(&format!("note: {note}"));
        }
        say("note: the value has leaked all the same: rotate it once its readers follow the manager");
        if !self.apply {
            say("nothing was changed; --apply does it");
        }
        ready.audited(0)
    }
}

/// Where the value of `finding` is, or is to be put.
fn home<'m>(
    ready: &'m Ready,
    finding: &Finding,
    path: Option<&str>,
    field: Option<&str>,
    literal: &Literal,
) -> Result<Home<'m>, Failure> {
    let managers = &ready.managers;
    let verdict = finding.verdict.as_deref();
    if let Some(Managed { manager, path, field, .. }) = verdict.and_then(Verdict::managed) {
        let manager = managers.iter().find(|m| m.name == *manager);
        let manager = manager.ok_or_else(|| Failure::new("the manager that holds it is not configured"))?;
        let path = SecretPath::parse(path).map_err(|e| Failure::new(format_args!("{path}: {e}")))?;
        return Ok(Home { manager, path, field: field.clone(), held: true });
    }
    if verdict.map(Verdict::state) == Some(State::Leased) {
        return Err(Failure::new("it is lent, not kept: read a new one from the manager each time")
            .help("`leakward rotate` ends this one"));
    }
    let path = path.ok_or_else(|| {
        Failure::new("no manager holds it; where should it be put?").help("name a free path with --path")
    })?;
    let named = path
        .split_once(':')
        .and_then(|(name, path)| managers.iter().find(|m| m.name == name).map(|manager| (manager, path)));
    let (manager, path) = match (named, managers.as_slice()) {
        (Some(named), _) => named,
        (None, [one]) => (one, path),
        (None, _) => return Err(Failure::new("which manager is meant?").help("write --path NAME:PATH")),
    };
    let path = SecretPath::parse(path).map_err(|e| Failure::new(format_args!("{path}: {e}")))?;
    let field = match field {
        Some(field) => Some(field.to_owned()),
        // What keeps fields needs one.
        None if manager.vault()?.is_some() => {
            let (start, line) = literal.line(finding);
            let name = variable_name(line, finding.span.start - start, "value").to_ascii_lowercase();
            Some(name.trim_start_matches("value_").to_owned())
        }
        None => None,
    };
    Ok(Home { manager, path, field, held: false })
}

impl Home<'_> {
    fn words(&self) -> String {
        let field = self.field.as_ref().map_or_else(String::new, |field| format!(" ({field})"));
        format!("{}:{}{field}", self.manager.name, self.path)
    }

    /// Stores the value of `finding` unless it is there already, and reads it back.
    fn store(&self, ready: &Ready, finding: &Finding) -> Result<(), Failure> {
        if self.held {
            return Ok(());
        }
        let value = self.value(finding)?;
        super::secrets::enter(async {
            let provider = self.manager.provider().await?;
            let outcome = self.create(provider.as_ref(), &value).await;
            // Ends a login that the provider made; where that fails, the login ends by itself.
            let _ = provider.close().await;
            outcome
        })?;
        ready.tell("adoption", &self.manager.name, self.path.as_str(), "stored");
        say(&format!("stored at {}", self.words()));
        Ok(())
    }

    async fn create(&self, provider: &dyn SecretProvider, value: &Secret) -> Result<(), Failure> {
        let named = |cause: &dyn std::fmt::Display| Failure::new(format_args!("{}: {cause}", self.words()));
        let keeper = provider.keeper().ok_or_else(|| named(&"nothing can be stored there"))?;
        let made = keeper.create(&self.path, value).await.map(drop);
        match made {
            // A run that was cut off may have stored it.
            Ok(()) => {}
            Err(fault) if fault.kind() == FaultKind::Conflict => {}
            Err(fault) => return Err(named(&fault)),
        }
        let held = provider.fetch(&SecretRef::current(self.path.clone())).await.map_err(|e| named(&e))?;
        if same(&held.secret, value) {
            return Ok(());
        }
        Err(named(&"something else is there").help("name another --path; nothing was overwritten"))
    }

    /// The value as the manager keeps it.
    fn value(&self, finding: &Finding) -> Result<Secret, Failure> {
        // The reason to open it: it is to be stored.
        let bytes = finding.secret.expose();
        let Some(field) = &self.field else { return Ok(Secret::copy_of(bytes)) };
        let text = std::str::from_utf8(bytes)
            .map_err(|_| Failure::new("the value is no text, and cannot be a field"))?;
        let mut document = Zeroizing::new(Vec::with_capacity((field.len() + text.len()) * 6 + 16));
        document.push(b'{');
        escape_json(field, &mut document);
        document.push(b':');
        escape_json(text, &mut document);
        document.push(b'}');
        Ok(Secret::copy_of(&document))
    }
}

/// Whether two values are the same, however their JSON is spaced.
fn same(one: &Secret, other: &Secret) -> bool {
    let names = one.field_names();
    let fields = |secret: &Secret| names.iter().map(|n| secret.field(n).ok()).collect::<Vec<_>>();
    one == other || !names.is_empty() && names == other.field_names() && fields(one) == fields(other)
}

impl Literal {
    fn read(base: &Base, finding: &Finding) -> Result<Self, Failure> {
        let name = String::from_utf8_lossy(&finding.origin.path).into_owned();
        if finding.origin.commit().is_some() {
            return Err(Failure::new(format_args!("{name}: it lies in the history, which is not rewritten"))
                .help("rotate it instead"));
        }
        let file = base.dir().join(&name);
        let wrong = |e: std::io::Error| Failure::new(format_args!("{name}: {e}"));
        let file = file.canonicalize().map_err(wrong)?;
        let text = fs::read(&file).map_err(wrong)?;
        Ok(Self { file, name, text })
    }

    /// The line of `finding`, and where it begins.
    fn line(&self, finding: &Finding) -> (usize, &[u8]) {
        let lines = LineIndex::new(&self.text);
        let start = finding.span.start.min(self.text.len());
        let line = lines.line(lines.line_of(start));
        (line.start.min(start), &self.text[line.start..line.end])
    }

    /// Replaces the file as a whole, if it is still what was read.
    fn write(&self, edit: &Edit) -> Result<(), Failure> {
        let wrong = |e: &dyn std::fmt::Display| {
            Failure::new(format_args!("{}: {e}", self.name)).help("the value is stored; run it again")
        };
        if fs::read(&self.file).map_err(|e| wrong(&e))? != self.text {
            return Err(wrong(&"it has changed meanwhile"));
        }
        replace(&self.file, &edit.after).map_err(|e| wrong(&e))
    }
}

/// Replaces the file at `path` by one with the same mode and owner.
fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let meta = fs::metadata(path)?;
    let dir = path.parent().unwrap_or(Path::new("."));
    let mut part = tempfile::Builder::new().prefix(".leakward-").suffix(".part").tempfile_in(dir)?;
    part.write_all(bytes)?;
    fs::set_permissions(part.path(), meta.permissions())?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        // Only the administrator can give files away; whoever else owns it already.
        let _ = std::os::unix::fs::chown(part.path(), Some(meta.uid()), Some(meta.gid()));
    }
    part.as_file().sync_all()?;
    part.persist(path).map_err(|e| e.error)?;
    Ok(())
}

/// Every value that may stand on the lines around `finding`.
fn finding_secrets(finding: &Finding) -> Vec<&[u8]> {
    // Masked, not shown.
    let text = finding.excerpt.text.expose();
    let others = finding.excerpt.others.iter().filter_map(|span| text.get(span.start..span.end));
    std::iter::once(finding.secret.expose()).chain(others).collect()
}

fn variable(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if text.is_empty() || text.starts_with(|c: char| c.is_ascii_digit()) || !text.chars().all(plain) {
        return Err("not a name of letters, digits and underscores".to_owned());
    }
    Ok(text.to_owned())
}

fn say(line: &str) {
    // A reader that has gone away wants no more.
    let _ = writeln!(anstream::stdout(), "{line}");
}
