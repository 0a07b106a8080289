//! What a rotation would do, in words.

use leakward_fetcher::SecretPath;
use leakward_fetcher::provider::Means;

use super::{RotateError, Rotation, document};

/// What a rotation would do. Made without changing anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// What is rotated: `prod:secret/db (password), version 3`.
    pub subject: String,
    /// Each step, in order.
    pub steps: Vec<String>,
    /// What the login must be allowed to do, in the manager's words.
    pub rights: Vec<String>,
    /// What a person should know before.
    pub warnings: Vec<String>,
}

impl Rotation<'_> {
    /// What would be done. Reads, and changes nothing.
    ///
    /// # Errors
    /// The manager does not answer, or nothing can be rotated there.
    pub async fn plan(&self) -> Result<Plan, RotateError> {
        let keeper = self.keeper()?;
        let means = self.means(keeper).await?;
        let mut plan =
            Plan { subject: self.name(), steps: Vec::new(), rights: Vec::new(), warnings: Vec::new() };
        match means {
            Means::Value { staged_at } => self.plan_value(&mut plan, staged_at.as_deref()).await?,
            Means::Turn { call, read_at } => self.plan_turn(&mut plan, &call, read_at.as_ref()),
            Means::End { call } => {
                plan.steps.push(format!("end every lease that was given there: {call}"));
                plan.rights.push(format!("sudo and update on {call}"));
                plan.warnings
                    .push("what works with any of these credentials stops working at once".to_owned());
            }
            _ => return Err(RotateError::ReadOnly(self.name())),
        }
        Ok(plan)
    }

    async fn plan_value(&self, plan: &mut Plan, staged_at: Option<&str>) -> Result<(), RotateError> {
        let held = self.current(&self.path).await?;
        let field = document::field(&self.name(), &held.secret, self.options.field.as_deref())?;
        if let Some(field) = &field {
            plan.subject += &format!(" ({field})");
        }
        plan.subject += &format!(", version {}", held.version.as_str());
        let made = self.options.generator.words();
        plan.steps.push(match staged_at {
            Some(place) => format!("put a new value, {made}, at {place}, where nobody reads it"),
            None => format!("make a new value, {made}"),
        });
        let hook = self.options.hook.is_some();
        if hook {
            plan.steps
                .push("hook: prepare, verify; when one fails, rollback, and nothing has changed".to_owned());
        }
        plan.steps.push("put it in force, if no other version is by then".to_owned());
        if hook {
            plan.steps.push("hook: commit; when it fails, the old value is put back".to_owned());
            plan.steps.push("hook: drain, retire".to_owned());
        } else if !self.options.without_hook {
            plan.warnings.push(
                "the manager only keeps this value: without --hook nothing tells what it opens, so --apply refuses"
                    .to_owned(),
            );
        }
        if self.options.destroy_old {
            plan.steps.push(format!("destroy version {}", held.version.as_str()));
            plan.warnings.push(
                "a destroyed version cannot be compared: later runs call its value unmanaged".to_owned(),
            );
        }
        plan.steps.push("check that the old value is not in force any more".to_owned());
        plan.rights.push(format!("read and update {}", self.path));
        if let Some(place) = staged_at {
            plan.rights.push(format!("create, read and delete {place}"));
        }
        Ok(())
    }

    fn plan_turn(&self, plan: &mut Plan, call: &str, read_at: Option<&SecretPath>) {
        plan.steps.push(format!("tell the manager to rotate it: {call}"));
        plan.rights.push(format!("update on {call}"));
        match read_at {
            Some(path) => {
                if self.options.hook.is_some() {
                    plan.steps.push("hook: prepare, verify, commit, drain, retire".to_owned());
                }
                plan.steps.push(format!("check that {path} holds another value"));
                plan.rights.push(format!("read {path}"));
            }
            None => plan.warnings.push(
                "nobody can read the new value, nor could the old one be put back; hooks are not run"
                    .to_owned(),
            ),
        }
        plan.warnings.push("the manager makes the new value itself: it cannot be undone".to_owned());
    }
}
