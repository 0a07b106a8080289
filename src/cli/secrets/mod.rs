//! What the commands that read secrets share: which manager is asked, for how long, and what its failures mean.
//!
//! The commands are synchronous to the outside; each enters one small runtime of its own thread.

#[cfg(unix)]
pub(super) mod agent;
#[cfg(unix)]
pub(super) mod exec;
pub(super) mod get;
pub(super) mod policy;
#[cfg(unix)]
pub(super) mod render;
#[cfg(unix)]
mod told;
mod trouble;
mod wanted;

use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use leakward_fetcher::Builder;
use leakward_fetcher::client::{Manager, Mapping, SecretsManager};

use super::{Failure, heading};
use trouble::{mapping_failure, surroundings_failure};

/// The variable that names a mapping file where no flag does.
const MAP_VARIABLE: &str = "LEAKWARD_MAP";

/// Flags that say where secrets come from.
#[derive(Debug, clap::Args)]
pub(super) struct ManagerFlags {
    /// mapping file that says where each name lives
    ///
    /// Without it the variable LEAKWARD_MAP names one, and without that the usual variables (VAULT_ADDR or BAO_ADDR,
    /// AWS_REGION, AZURE_KEYVAULT_URL, GOOGLE_CLOUD_PROJECT; the first that is set) say which manager is asked.
    #[arg(long, value_name = "FILE", help_heading = heading::MANAGER)]
    map_file: Option<PathBuf>,
    /// manager to ask when no mapping file says it
    #[arg(long, value_enum, value_name = "KIND", conflicts_with = "map_file", help_heading = heading::MANAGER)]
    manager: Option<Kind>,
}

/// Kinds of managers by the names that the command line uses.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// Vault or OpenBao
    Vault,
    /// AWS Secrets Manager
    Aws,
    /// Azure Key Vault
    Azure,
    /// Google Secret Manager
    Gcp,
    /// this process's environment
    Env,
}

impl ManagerFlags {
    /// A client's builder; `path`, if there is only one, may tell the manager by its form.
    async fn builder(&self, path: Option<&str>) -> Result<Builder, Failure> {
        let variable = || std::env::var_os(MAP_VARIABLE).filter(|v| !v.is_empty() && self.manager.is_none());
        if let Some(file) = self.map_file.clone().or_else(|| variable().map(PathBuf::from)) {
            let mapping = Mapping::from_file(&file).map_err(|e| mapping_failure(&file, &e))?;
            return mapping.builder().await.map_err(|e| mapping_failure(&file, &e));
        }
        let manager = match self.manager {
            Some(kind) => Ok(kind.manager()),
            None => Manager::find(path, &|name| std::env::var(name).ok()),
        };
        let provider = match manager {
            Ok(manager) => manager.provider().await,
            Err(error) => Err(error),
        };
        let provider = provider.map_err(|error| surroundings_failure(&error))?;
        Ok(SecretsManager::builder().shared_provider(&[""], provider))
    }

    /// A client. Call it inside a runtime.
    async fn client(&self, path: Option<&str>) -> Result<SecretsManager, Failure> {
        self.builder(path).await?.build().map_err(Failure::new)
    }
}

impl Kind {
    const fn manager(self) -> Manager {
        match self {
            Self::Vault => Manager::Vault,
            Self::Aws => Manager::Aws,
            Self::Azure => Manager::Azure,
            Self::Gcp => Manager::Google,
            Self::Env => Manager::Environment,
        }
    }
}

/// Runs `work` in a runtime of this thread.
pub(super) fn enter<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    // Best effort: where it is refused, values are read all the same.
    let _ = leakward_fetcher::wipe::keep_out_of_dumps();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(format_args!("no runtime: {error}")))?;
    let outcome = runtime.block_on(work);
    // What still runs (a name look-up in a thread) is not waited for.
    runtime.shutdown_background();
    outcome
}

/// `90s`, `5m`, `1h30m`, or plain seconds.
fn span(text: &str) -> Result<Duration, String> {
    let wrong = || "not a time like 500ms, 10s, 5m or 2h".to_owned();
    if let Some(number) = text.strip_suffix("ms") {
        return number.parse().map(Duration::from_millis).map_err(|_| wrong());
    }
    if let Ok(seconds) = text.parse() {
        return Ok(Duration::from_secs(seconds));
    }
    leakward_fetcher::clock::parse_span(text).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units_or_are_seconds() {
        assert_eq!(span("10"), Ok(Duration::from_secs(10)));
        assert_eq!(span("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(span("1h30m"), Ok(Duration::from_secs(5400)));
        assert!(span("soon").is_err() && span("-1").is_err() && span("").is_err());
    }
}
