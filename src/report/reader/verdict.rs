//! A verdict read back from our own reports.

use serde_json::Value;

use super::draft::seconds;
use crate::model::{Answered, Lent, Managed, Verdict};

/// The verdict that `value` tells, if it tells one.
pub(super) fn read(value: &Value) -> Option<Box<Verdict>> {
    let state = value["state"].as_str()?;
    let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let option = |key: &str| value[key].as_str().map(str::to_owned);
    let list = |key: &str| texts(&value[key]);
    let time = |key: &str| value[key].as_str().map(seconds);
    let managed = || Managed {
        manager: text("manager"),
        path: text("path"),
        field: option("field"),
        version: text("version"),
        created: time("created"),
        // Told anew by each run.
        age_days: None,
        owner: option("owner"),
        class: option("class"),
        rotate_within: option("rotate_within"),
        overdue: value["overdue"].as_bool().unwrap_or(false),
        form: option("form"),
        notes: list("notes"),
        also: list("also"),
    };
    let answered = || Answered { host: text("host"), notes: list("notes") };
    Some(Box::new(match state {
        "current" => Verdict::Current(managed()),
        "previous" => Verdict::Previous(managed()),
        "destroyed" => Verdict::Destroyed(managed()),
        "leased" => Verdict::Leased(Lent {
            manager: text("manager"),
            path: text("path"),
            expires: time("expires"),
            left: None,
            notes: list("notes"),
        }),
        "active" => Verdict::Active(answered()),
        "inactive" => Verdict::Inactive(answered()),
        "unmanaged" => Verdict::Unmanaged,
        "unchecked" => Verdict::Unchecked(text("reason")),
        _ => return None,
    }))
}

/// The texts of a list.
pub(super) fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}
