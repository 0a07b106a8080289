//! `leakward policy`: the least that a mapping's secrets need, and a judgement of an existing policy.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use leakward_fetcher::client::{Home, Mapping};
use leakward_fetcher::policy::{
    Account, Need, NeedError, Scope, aws_policy, azure_policy, google_policy, judge_aws, judge_azure,
    judge_google, judge_vault, needs, vault_policy,
};

use super::super::Failure;
use super::trouble::mapping_failure;

/// Exit code: the policy gives more or less than is needed.
const WRONG: u8 = 1;

/// prints the least-privilege policy for a mapping file, or judges an existing one
///
/// Exit code: 0 printed, or nothing wrong with the policy; 1 it gives more or less than is needed; 2 failed.
#[derive(Debug, clap::Args)]
pub(in super::super) struct Args {
    /// mapping file that names the secrets
    #[arg(value_name = "MAPPING")]
    mapping: PathBuf,
    /// manager to print the policy for [default: the only one in the mapping]
    #[arg(long = "for", value_enum, value_name = "KIND")]
    scope: Option<Target>,
    /// policy to judge instead of printing one
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
    /// Vault mount whose key/value engine keeps no versions
    #[arg(long, value_name = "MOUNT")]
    kv1: Vec<String>,
    /// AWS account number, or Azure subscription
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    /// AWS region, or Azure resource group
    #[arg(long, value_name = "NAME")]
    region: Option<String>,
    /// who gets the right in Google's policy, such as serviceAccount:app@project.iam.gserviceaccount.com
    #[arg(long, value_name = "MEMBER")]
    member: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Target {
    /// a policy of Vault or OpenBao
    Vault,
    /// an IAM policy
    Aws,
    /// a role definition
    Azure,
    /// a binding for each secret
    Gcp,
}

impl Target {
    const fn scope(self) -> Scope {
        match self {
            Self::Vault => Scope::Vault,
            Self::Aws => Scope::Aws,
            Self::Azure => Scope::Azure,
            Self::Gcp => Scope::Google,
        }
    }
}

impl Args {
    pub(in super::super) fn run(self) -> Result<u8, Failure> {
        let mapping = Mapping::from_file(&self.mapping).map_err(|e| mapping_failure(&self.mapping, &e))?;
        let scope = match self.scope {
            Some(target) => target.scope(),
            None => self.only(&mapping)?,
        };
        let need = needs(&mapping, scope, &self.account()).map_err(|error| need_failure(&error))?;
        match &self.check {
            Some(file) => judge(file, &need),
            None => self.print(&need).map(|()| 0),
        }
    }

    /// The only manager that the mapping's secrets live in.
    fn only(&self, mapping: &Mapping) -> Result<Scope, Failure> {
        let scope = |home| match home {
            Home::Vault { .. } => Some(Scope::Vault),
            Home::Aws => Some(Scope::Aws),
            Home::Azure { .. } => Some(Scope::Azure),
            Home::Google { .. } => Some(Scope::Google),
            _ => None,
        };
        let mut scopes: Vec<Scope> = mapping.places().filter_map(|place| scope(place.home)).collect();
        scopes.sort();
        scopes.dedup();
        let file = self.mapping.display();
        match scopes[..] {
            [scope] => Ok(scope),
            [] => Err(Failure::new(format_args!("{file}: names no secret in a manager that has policies"))),
            _ => Err(Failure::new(format_args!("{file}: names secrets of several managers"))
                .help("choose one with --for")),
        }
    }

    fn account(&self) -> Account {
        let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let mut account = Account::default();
        account.account.clone_from(&self.account);
        account.region = self.region.clone().or_else(|| match self.scope {
            Some(Target::Azure) => None,
            _ => set("AWS_REGION").or_else(|| set("AWS_DEFAULT_REGION")),
        });
        account.kv1 = self.kv1.iter().map(|mount| mount.trim_matches('/').to_owned()).collect();
        account
    }

    fn print(&self, need: &Need) -> Result<(), Failure> {
        let text = match need {
            Need::Vault(paths) => vault_policy(paths),
            Need::Aws(names) => aws_policy(names),
            Need::Azure(names) => azure_policy(names),
            Need::Google(names) => {
                let member = self.member.as_deref().ok_or_else(|| {
                    Failure::new("nobody is named to get the right").help("name one with --member")
                })?;
                google_policy(names, member)
            }
            _ => return Err(Failure::new("there are no policies for this manager")),
        };
        let mut out = std::io::stdout().lock();
        let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        written.map_err(|error| Failure::new(format_args!("standard output: {error}")))
    }
}

fn judge(file: &Path, need: &Need) -> Result<u8, Failure> {
    let wrong = |error: &dyn std::fmt::Display| Failure::new(format_args!("{}: {error}", file.display()));
    let text = fs::read_to_string(file).map_err(|error| wrong(&error))?;
    let complaints = match need {
        Need::Vault(paths) => judge_vault(&text, paths),
        Need::Aws(names) => judge_aws(&text, names),
        Need::Azure(names) => judge_azure(&text, names),
        Need::Google(names) => judge_google(&text, names),
        _ => Ok(Vec::new()),
    };
    let complaints = complaints.map_err(|error| wrong(&error))?;
    let mut out = std::io::stdout().lock();
    for complaint in &complaints {
        writeln!(out, "{}: {complaint}", file.display())
            .map_err(|error| Failure::new(format_args!("standard output: {error}")))?;
    }
    Ok(if complaints.is_empty() { 0 } else { WRONG })
}

fn need_failure(error: &NeedError) -> Failure {
    let failure = Failure::new(error);
    match error {
        NeedError::Missing { .. } => {
            failure.help("give --account and --region, or full names in the mapping")
        }
        _ => failure,
    }
}
