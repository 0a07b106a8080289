//! `[managers.NAME]` of the configuration: which manager, which paths, how gently.
//!
//! ```toml
//! [managers.prod]
//! provider = "vault"                       # or aws, azure, gcp, file, environment
//! address = "https://vault.corp.example:8200"
//! paths = ["secret/prod/**", "database/static-creds/*"]
//! concurrency = 8                          # reads at once
//! rate = 200                               # reads per second at most
//! versions = 10                            # earlier versions of a path that are read at most
//! accounts = ["123456789012"]              # our accounts: key ids name theirs
//! ```
//!
//! What else an entry holds (login, namespace, certificates) is the fetcher's mapping.

use std::num::NonZeroUsize;
use std::sync::Arc;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use leakward_fetcher::SecretProvider;
use leakward_fetcher::client::Mapping;
use leakward_fetcher::provider::vault::{VaultConfig, VaultConfigError, VaultProvider};

use super::{Trust, VerifyError};

/// One manager, and how it is read.
#[derive(Debug, Clone)]
pub struct ManagerSettings {
    /// Its name in the configuration.
    pub name: String,
    /// Which paths are read; empty: all that may be listed.
    pub paths: Vec<PathPattern>,
    /// Reads at once.
    pub concurrency: NonZeroUsize,
    /// Reads per second at most.
    pub rate: Option<f64>,
    /// Earlier versions that are read of each path.
    pub versions: u64,
    /// Ids of our accounts at a cloud.
    pub accounts: Vec<String>,
    /// Which provider reads it.
    pub(super) kind: String,
    source: Source,
}

/// A pattern of paths.
#[derive(Debug, Clone)]
pub struct PathPattern {
    /// The folder in front of the first wild card; the whole path where there is none.
    pub(super) stem: String,
    /// `None`: `stem` is the one path.
    pub(super) glob: Option<GlobSet>,
}

#[derive(Debug, Clone)]
enum Source {
    /// The usual variables.
    Environment,
    Mapping(Mapping),
}

/// Reads at once, unless the configuration says otherwise: as many connections as the client keeps open.
const CONCURRENCY: usize = 8;
/// Earlier versions that are read of each path, unless something says otherwise. Source: a key/value engine keeps ten in
/// all unless it is told to keep more.
const VERSIONS: u64 = 10;

impl ManagerSettings {
    /// Every manager of the configuration's table `managers`; where it is empty, the Vault or OpenBao of the usual
    /// environment variables.
    ///
    /// # Errors
    /// See [`VerifyError`].
    pub fn all(managers: &toml::Table, trust: Trust) -> Result<Vec<Self>, VerifyError> {
        if managers.is_empty() {
            return Self::environment().map(|one| vec![one]);
        }
        managers.iter().map(|(name, entry)| Self::entry(name, entry, trust)).collect()
    }

    /// The manager of the usual environment variables.
    fn environment() -> Result<Self, VerifyError> {
        VaultConfig::from_env().map_err(|e: VaultConfigError| VerifyError::None(e.to_string()))?;
        Ok(Self {
            name: "vault".to_owned(),
            paths: Vec::new(),
            concurrency: usual_concurrency(),
            rate: None,
            versions: VERSIONS,
            accounts: Vec::new(),
            kind: "vault".to_owned(),
            source: Source::Environment,
        })
    }

    fn entry(name: &str, entry: &toml::Value, trust: Trust) -> Result<Self, VerifyError> {
        let wrong = |cause: String| VerifyError::Settings { name: name.to_owned(), cause };
        let mut table = entry.as_table().cloned().ok_or_else(|| wrong("not a table".to_owned()))?;
        let kind = table.remove("provider").ok_or_else(|| wrong("provider is missing".to_owned()))?;
        if trust == Trust::Found {
            check_address(name, kind.as_str().unwrap_or_default(), &table)?;
        }
        let paths = match table.remove("paths") {
            None => Vec::new(),
            Some(paths) => patterns(&paths).map_err(wrong)?,
        };
        let whole = |table: &mut toml::Table, key: &str| -> Result<Option<u64>, VerifyError> {
            let Some(value) = table.remove(key) else { return Ok(None) };
            let number = value.as_integer().and_then(|n| u64::try_from(n).ok());
            number.map(Some).ok_or_else(|| wrong(format!("{key} is not a whole number")))
        };
        let concurrency = whole(&mut table, "concurrency")?.map_or(Some(usual_concurrency()), |n| {
            usize::try_from(n).ok().and_then(NonZeroUsize::new).filter(|n| n.get() <= 256)
        });
        let concurrency = concurrency.ok_or_else(|| wrong("concurrency is not between 1 and 256".into()))?;
        let rate = whole(&mut table, "rate")?.map(|n| n as f64);
        if rate == Some(0.0) {
            return Err(wrong("a rate of 0 would read nothing".to_owned()));
        }
        let versions = whole(&mut table, "versions")?.unwrap_or(VERSIONS);
        let accounts = match table.remove("accounts") {
            None => Vec::new(),
            Some(list) => texts(&list, "accounts").map_err(wrong)?,
        };
        table.insert("kind".to_owned(), kind.clone());
        let mut providers = toml::Table::new();
        providers.insert(name.to_owned(), table.into());
        let mut file = toml::Table::new();
        file.insert("providers".to_owned(), providers.into());
        // The parser's own words may quote the text; its first line says what is wrong.
        let mapping = Mapping::parse(&file.to_string()).map_err(|e| {
            let text = e.to_string();
            wrong(text.lines().last().unwrap_or_default().to_owned())
        })?;
        let (name, source) = (name.to_owned(), Source::Mapping(mapping));
        let kind = kind.as_str().unwrap_or_default().to_owned();
        Ok(Self { name, paths, concurrency, rate, versions, accounts, kind, source })
    }

    /// As many earlier versions are read of each path.
    #[must_use]
    pub fn reading(self, versions: Option<u64>) -> Self {
        Self { versions: versions.unwrap_or(self.versions), ..self }
    }

    /// The provider, made anew.
    ///
    /// # Errors
    /// It cannot be made.
    pub async fn provider(&self) -> Result<Arc<dyn SecretProvider>, VerifyError> {
        match &self.source {
            Source::Environment => Ok(Arc::new(self.of_environment()?)),
            Source::Mapping(mapping) => mapping.provider(&self.name).await.map_err(|e| self.wrong(&e)),
        }
    }

    /// The provider, if it is Vault or OpenBao: what it can do beyond fetching is asked of it by name.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn vault(&self) -> Result<Option<VaultProvider>, VerifyError> {
        match &self.source {
            Source::Environment => self.of_environment().map(Some),
            Source::Mapping(mapping) => mapping.vault(&self.name).map_err(|e| self.wrong(&e)),
        }
    }

    fn of_environment(&self) -> Result<VaultProvider, VerifyError> {
        let config = VaultConfig::from_env().map_err(|e| VerifyError::None(e.to_string()))?;
        VaultProvider::new(config).map_err(|e| self.wrong(&e))
    }

    fn wrong(&self, cause: &dyn std::fmt::Display) -> VerifyError {
        VerifyError::Settings { name: self.name.clone(), cause: cause.to_string() }
    }
}

impl PathPattern {
    fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim_matches('/');
        let Some(wild) = text.find(['*', '?', '[', '{']) else {
            return Ok(Self { stem: text.to_owned(), glob: None });
        };
        let stem = text[..wild].rfind('/').map_or("", |slash| &text[..slash]).to_owned();
        let glob = GlobBuilder::new(text).literal_separator(true).build();
        let glob = glob.map_err(|e| format!("path pattern {text:?}: {}", e.kind()))?;
        let set = GlobSetBuilder::new().add(glob).build().map_err(|e| e.to_string())?;
        Ok(Self { stem, glob: Some(set) })
    }

    /// Whether `path` is meant.
    pub(super) fn admits(&self, path: &str) -> bool {
        self.glob.as_ref().map_or(self.stem == path, |glob| glob.is_match(path))
    }
}

fn usual_concurrency() -> NonZeroUsize {
    NonZeroUsize::new(CONCURRENCY).unwrap_or(NonZeroUsize::MIN)
}

fn patterns(value: &toml::Value) -> Result<Vec<PathPattern>, String> {
    let list = texts(value, "paths")?;
    if list.is_empty() {
        return Err("an empty list of paths would read nothing".to_owned());
    }
    list.iter().map(|text| PathPattern::parse(text)).collect()
}

/// The list of texts that `key` holds.
fn texts(value: &toml::Value, key: &str) -> Result<Vec<String>, String> {
    let list = value.as_array().ok_or_else(|| format!("{key} is not a list"))?;
    let text =
        |v: &toml::Value| v.as_str().map(str::to_owned).ok_or_else(|| format!("{key} holds what is no text"));
    list.iter().map(text).collect()
}

/// Refuses addresses that only the scanned files name: the credentials of whoever runs the scan would go there.
fn check_address(name: &str, kind: &str, table: &toml::Table) -> Result<(), VerifyError> {
    let untrusted =
        |address: &str| VerifyError::Untrusted { name: name.to_owned(), address: address.to_owned() };
    let named = |key: &str| table.get(key).and_then(toml::Value::as_str);
    let ours =
        ["BAO_ADDR", "VAULT_ADDR"].iter().find_map(|v| std::env::var(v).ok().filter(|v| !v.is_empty()));
    for key in ["address", "endpoint"] {
        let Some(address) = named(key) else { continue };
        let same = |ours: &str| ours.trim_end_matches('/') == address.trim_end_matches('/');
        if kind != "vault" || !ours.as_deref().is_some_and(same) {
            return Err(untrusted(address));
        }
    }
    // Which files of this machine are sent to log in, or compared, is not for scanned files to say.
    for key in ["root", "ca_file", "client_cert", "client_key", "login"] {
        if table.contains_key(key) {
            return Err(untrusted(key));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, trust: Trust) -> Result<Vec<ManagerSettings>, VerifyError> {
        ManagerSettings::all(&toml::from_str(text).unwrap(), trust)
    }

    #[test]
    fn an_entry_is_read_with_its_defaults() {
        let text = "[prod]\nprovider = 'vault'\naddress = 'https://v:1'\npaths = ['secret/prod/**', 'kv/one']\nrate = 50";
        let [prod] = &read(text, Trust::Named).unwrap()[..] else { panic!() };
        assert_eq!((prod.name.as_str(), prod.concurrency.get(), prod.rate), ("prod", 8, Some(50.0)));
        assert!(prod.paths[0].admits("secret/prod/a/b") && !prod.paths[0].admits("secret/dev/a"));
        assert_eq!(prod.paths[0].stem, "secret/prod");
        assert!(prod.paths[1].admits("kv/one") && prod.paths[1].glob.is_none());
    }

    #[test]
    fn mistakes_are_named() {
        for (text, part) in [
            ("a = 1", "not a table"),
            ("[a]\naddress = 'https://v'", "provider is missing"),
            ("[a]\nprovider = 'vault'\npaths = []", "would read nothing"),
            ("[a]\nprovider = 'vault'\npaths = ['x[']", "path pattern"),
            ("[a]\nprovider = 'vault'\nconcurrency = 0", "between 1 and 256"),
            ("[a]\nprovider = 'vault'\nrate = 0", "would read nothing"),
            ("[a]\nprovider = 'vaul'", "vaul"),
        ] {
            let error = read(text, Trust::Named).unwrap_err().to_string();
            assert!(error.starts_with("managers.a: ") && error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn scanned_files_cannot_send_credentials_elsewhere() {
        for text in [
            "[a]\nprovider = 'vault'\naddress = 'https://evil.example'",
            "[a]\nprovider = 'aws'\nendpoint = 'https://evil.example'",
            "[a]\nprovider = 'file'\nroot = '/etc'",
        ] {
            assert!(matches!(read(text, Trust::Found), Err(VerifyError::Untrusted { .. })), "{text}");
            assert!(read(text, Trust::Named).is_ok(), "{text}");
        }
    }
}
