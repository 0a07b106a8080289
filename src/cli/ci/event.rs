//! What a GitHub event asks to be scanned. Pure: the environment and the payload come in, a plan goes out.

use serde_json::Value;

/// What to scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Plan {
    /// The files of the checkout.
    Worktree,
    /// Every commit reachable from `head` and not from `base`; object ids in hex.
    Range {
        /// What was there before.
        base: String,
        /// What is new.
        head: String,
    },
    /// A ref that is new to the server: every commit reachable from `head` and from no other ref of the remote.
    NewRef {
        /// What is new.
        head: String,
    },
    /// The whole history.
    History,
    /// Nothing: a ref was deleted.
    Nothing,
}

/// The `mode` input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Mode {
    /// By event: the commits of a pull request, merge group or push; else the whole history.
    Auto,
    /// The files of the checkout.
    Worktree,
    /// The commits that the event brings; an error for events that bring none.
    Range,
    /// The whole history.
    History,
}

/// A GitHub event.
#[derive(Debug)]
pub(super) struct Event {
    /// `GITHUB_EVENT_NAME`.
    pub(super) name: String,
    /// The payload at `GITHUB_EVENT_PATH`.
    pub(super) payload: Value,
}

impl Event {
    /// The plan for `mode`.
    ///
    /// # Errors
    /// A sentence that says what the payload lacks or why the mode does not fit the event.
    pub(super) fn plan(&self, mode: Mode) -> Result<Plan, String> {
        match mode {
            Mode::Worktree => Ok(Plan::Worktree),
            Mode::History => Ok(Plan::History),
            Mode::Range => self.commits()?.ok_or_else(|| {
                format!("the event `{}` brings no commits, so there is no range to scan", self.name)
            }),
            Mode::Auto => Ok(self.commits()?.unwrap_or(Plan::History)),
        }
    }

    /// Whether a pull request comes from another repository, whose token may not upload reports.
    pub(super) fn is_from_fork(&self) -> bool {
        let repository = |side: &str| self.text(&format!("/pull_request/{side}/repo/full_name"));
        self.payload.pointer("/pull_request").is_some_and(|p| !p.is_null())
            && repository("head") != repository("base")
    }

    /// The repository's default branch, when its name is one that a ref can have.
    pub(super) fn default_branch(&self) -> Option<&str> {
        let name = self.text("/repository/default_branch")?;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-');
        (!name.starts_with('-') && !name.contains("..") && name.chars().all(plain)).then_some(name)
    }

    /// The commits that the event brings; `None` for events without any.
    fn commits(&self) -> Result<Option<Plan>, String> {
        let range = |base: &str, head: &str| {
            Ok(Some(Plan::Range { base: self.object_id(base)?, head: self.object_id(head)? }))
        };
        match self.name.as_str() {
            "pull_request" | "pull_request_target" | "pull_request_review" => {
                range("/pull_request/base/sha", "/pull_request/head/sha")
            }
            "merge_group" => range("/merge_group/base_sha", "/merge_group/head_sha"),
            "push" => self.push().map(Some),
            _ => Ok(None),
        }
    }

    fn push(&self) -> Result<Plan, String> {
        let (base, head) = (self.object_id("/before")?, self.object_id("/after")?);
        let is_zero = |id: &str| id.bytes().all(|b| b == b'0');
        Ok(match (is_zero(&base), is_zero(&head)) {
            (_, true) => Plan::Nothing,
            (true, false) => Plan::NewRef { head },
            (false, false) => Plan::Range { base, head },
        })
    }

    fn object_id(&self, pointer: &str) -> Result<String, String> {
        let id = self.text(pointer).unwrap_or_default();
        let whole = matches!(id.len(), 40 | 64) && id.bytes().all(|b| b.is_ascii_hexdigit());
        if whole {
            Ok(id.to_owned())
        } else {
            Err(format!("the payload of the event `{}` has no object id at {pointer}", self.name))
        }
    }

    fn text(&self, pointer: &str) -> Option<&str> {
        self.payload.pointer(pointer).and_then(Value::as_str)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(name: &str, payload: Value) -> Event {
        Event { name: name.to_owned(), payload }
    }

    fn id(digit: char) -> String {
        digit.to_string().repeat(40)
    }

    fn range() -> Plan {
        Plan::Range { base: id('a'), head: id('b') }
    }

    #[test]
    fn a_pull_request_asks_for_its_commits() {
        let payload = json!({"pull_request": {"base": {"sha": id('a')}, "head": {"sha": id('b')}}});
        assert_eq!(event("pull_request", payload).plan(Mode::Auto), Ok(range()));
    }

    #[test]
    fn a_merge_group_asks_for_its_commits() {
        let payload = json!({"merge_group": {"base_sha": id('a'), "head_sha": id('b')}});
        assert_eq!(event("merge_group", payload).plan(Mode::Range), Ok(range()));
    }

    #[test]
    fn a_push_asks_for_what_it_adds() {
        let push = |before: char, after: char| {
            event("push", json!({"before": id(before), "after": id(after)})).plan(Mode::Auto)
        };
        assert_eq!(push('a', 'b'), Ok(range()));
        assert_eq!(push('0', 'b'), Ok(Plan::NewRef { head: id('b') }));
        assert_eq!(push('a', '0'), Ok(Plan::Nothing));
    }

    #[test]
    fn a_schedule_asks_for_the_whole_history_and_has_no_range() {
        let schedule = event("schedule", json!({}));
        assert_eq!(schedule.plan(Mode::Auto), Ok(Plan::History));
        assert!(schedule.plan(Mode::Range).unwrap_err().contains("schedule"));
    }

    #[test]
    fn a_payload_with_a_crafted_id_is_refused() {
        let crafted = json!({"before": "--upload-pack=touch x", "after": id('b')});
        assert!(event("push", crafted).plan(Mode::Auto).unwrap_err().contains("/before"));
    }

    #[test]
    fn a_fork_is_told_by_its_repository() {
        let from = |head: &str| {
            let side = |name: &str| json!({"repo": {"full_name": name}});
            event("pull_request", json!({"pull_request": {"head": side(head), "base": side("a/b")}}))
        };
        assert!(from("c/b").is_from_fork());
        assert!(!from("a/b").is_from_fork());
        assert!(!event("push", json!({})).is_from_fork());
    }
}
