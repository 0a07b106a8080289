//! The manager's or provider's verdict, in words and as JSON. Names of paths come from outside, and are made safe to print.

use serde::Serialize;

use super::plain::plain;
use super::time;
use crate::model::{Answered, Lent, Managed, Verdict};

/// A verdict as JSON shows it; its shape is in docs/report.schema.json.
#[derive(Debug, Serialize)]
pub(super) struct VerdictEntry<'v> {
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<&'v str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    manager: Option<&'v str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'v str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'v str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'v str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<&'v str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<&'v str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotate_within: Option<&'v str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    overdue: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    form: Option<&'v str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    also: &'v [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    notes: &'v [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'v str>,
}

/// `verdict` for JSON.
pub(super) fn entry(verdict: &Verdict) -> VerdictEntry<'_> {
    let mut entry = VerdictEntry {
        state: verdict.state().as_str(),
        host: None,
        manager: None,
        path: None,
        field: None,
        version: None,
        created: None,
        owner: None,
        class: None,
        rotate_within: None,
        overdue: None,
        form: None,
        also: &[],
        notes: &[],
        expires: None,
        reason: None,
    };
    if let Some(managed) = verdict.managed() {
        entry.manager = Some(&managed.manager);
        entry.path = Some(&managed.path);
        entry.field = managed.field.as_deref();
        entry.version = Some(managed.version.as_str()).filter(|v| !v.is_empty());
        entry.created = managed.created.map(time::rfc3339);
        entry.owner = managed.owner.as_deref();
        entry.class = managed.class.as_deref();
        entry.rotate_within = managed.rotate_within.as_deref();
        entry.overdue = managed.rotate_within.is_some().then_some(managed.overdue);
        entry.form = managed.form.as_deref();
        entry.also = &managed.also;
        entry.notes = &managed.notes;
    }
    match verdict {
        Verdict::Leased(lent) => {
            entry.manager = Some(&lent.manager);
            entry.path = Some(&lent.path);
            entry.notes = &lent.notes;
            entry.expires = lent.expires.map(time::rfc3339);
        }
        Verdict::Active(answered) | Verdict::Inactive(answered) => {
            entry.host = Some(&answered.host);
            entry.notes = &answered.notes;
        }
        Verdict::Unchecked(reason) => entry.reason = Some(reason),
        _ => {}
    }
    entry
}

/// `verdict` in one line, safe to print.
pub(super) fn words(verdict: &Verdict) -> String {
    let text = match verdict {
        Verdict::Current(managed) => format!("current: {}", place(managed)),
        Verdict::Previous(managed) => format!("previous: {}; no longer in force", place(managed)),
        Verdict::Destroyed(managed) => format!("destroyed: {}; opens nothing any more", place(managed)),
        Verdict::Leased(Lent { manager, path, left, notes, expires: _ }) => {
            let left =
                left.map_or_else(|| "without an end".to_owned(), |s| format!("for another {}", span(s)));
            let notes: String = notes.iter().map(|note| format!(", {note}")).collect();
            format!("leased: {manager}:{path}, {left}{notes}")
        }
        Verdict::Active(Answered { host, notes }) => {
            let notes: String = notes.iter().map(|note| format!(", {note}")).collect();
            format!("active: {host} accepts it{notes}")
        }
        Verdict::Inactive(Answered { host, notes: _ }) => format!("inactive: {host} refuses it"),
        Verdict::Unmanaged => "unmanaged: your secrets manager does not hold it".to_owned(),
        Verdict::Unchecked(why) => format!("unchecked: {why}"),
    };
    plain(text.as_bytes())
}

fn place(managed: &Managed) -> String {
    let Managed {
        manager,
        path,
        field,
        version,
        age_days,
        owner,
        class,
        rotate_within,
        overdue,
        form,
        notes,
        also,
        ..
    } = managed;
    let mut text = format!("{manager}:{path}");
    let mut add = |part: String| text += &part;
    if let Some(field) = field {
        add(format!(" ({field})"));
    }
    if !version.is_empty() {
        add(format!(", version {version}"));
    }
    if let Some(days) = age_days {
        add(format!(", {days} {} old", if *days == 1 { "day" } else { "days" }));
    }
    if let (true, Some(limit)) = (*overdue, rotate_within) {
        add(format!(", should be rotated every {limit}"));
    }
    if let Some(owner) = owner {
        add(format!(", owner {owner}"));
    }
    if let Some(class) = class {
        add(format!(", class {class}"));
    }
    if let Some(form) = form {
        add(format!(", written as {form}"));
    }
    for note in notes {
        add(format!(", {note}"));
    }
    if !also.is_empty() {
        add(format!("; the same value stands at {}", also.join(", ")));
    }
    text
}

fn span(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn managed() -> Managed {
        Managed {
            manager: "prod".into(),
            path: "secret/db".into(),
            field: Some("password".into()),
            version: "3".into(),
            created: Some(1_700_000_000),
            age_days: Some(42),
            owner: Some("payments".into()),
            rotate_within: Some("30d".into()),
            overdue: true,
            form: Some("base64".into()),
            also: vec!["prod:secret/old (pw)".into()],
            ..Managed::default()
        }
    }

    #[test]
    fn a_verdict_names_place_version_age_and_owner() {
        assert_eq!(
            words(&Verdict::Current(managed())),
            "current: prod:secret/db (password), version 3, 42 days old, should be rotated every 30d, owner payments, \
             written as base64; the same value stands at prod:secret/old (pw)"
        );
        let json = serde_json::to_value(entry(&Verdict::Current(managed()))).unwrap();
        assert_eq!(
            (&json["state"], &json["version"], &json["overdue"]),
            (&"current".into(), &"3".into(), &true.into())
        );
        assert_eq!(json["created"], "2023-11-14T22:13:20Z");
        assert!(json.get("class").is_none() && json.get("age_days").is_none());
    }

    #[test]
    fn a_path_cannot_steer_the_terminal() {
        let path = "a\u{1b}[2J".to_owned();
        assert!(!words(&Verdict::Current(Managed { path, ..managed() })).contains('\u{1b}'));
    }

    #[test]
    fn what_is_lent_or_unknown_is_told_in_words() {
        let lent = |left| {
            words(&Verdict::Leased(Lent {
                manager: "v".into(),
                path: "db/creds/a".into(),
                left,
                ..Lent::default()
            }))
        };
        assert_eq!(lent(Some(90)), "leased: v:db/creds/a, for another 90 s");
        assert_eq!(lent(None), "leased: v:db/creds/a, without an end");
        assert_eq!(words(&Verdict::Unchecked("v: no answer".into())), "unchecked: v: no answer");
    }
}
