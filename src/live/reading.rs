//! What an answer means.

use super::client::Reply;
use crate::rule::{Answer, LiveCheck};

/// What an answer means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It is accepted; what the answer tells of it.
    Active(Vec<String>),
    /// It is refused.
    Inactive,
    /// Neither: why.
    Unclear(String),
}

/// Characters of one told thing that are kept.
const LONGEST: usize = 80;

/// What `reply` to the question of `check` means. `sent` are the values that it must not tell again.
pub(super) fn meaning(check: &LiveCheck, reply: &Reply, sent: &[&str]) -> Meaning {
    let body: Vec<u8> = reply.body.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
    let says = |answers: &[Answer]| answers.iter().any(|answer| fits(answer, reply.status, &body));
    // What is said of the one case by a text goes before what is said of the other by a mere status.
    let narrow = |answers: &[Answer]| {
        answers.iter().any(|answer| answer.body.is_some() && fits(answer, reply.status, &body))
    };
    let refused = narrow(&check.inactive) || (says(&check.inactive) && !narrow(&check.active));
    if refused && check.elsewhere {
        Meaning::Unclear("refuses it, but it may have been made by another server".to_owned())
    } else if refused {
        Meaning::Inactive
    } else if says(&check.active) {
        Meaning::Active(told(check, reply, sent))
    } else {
        Meaning::Unclear(format!("answered {}", reply.status))
    }
}

fn fits(answer: &Answer, status: u16, body: &[u8]) -> bool {
    let holds = |text: &str| {
        let text: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
        memchr::memmem::find(body, &text).is_some()
    };
    answer.status == status && answer.body.as_deref().is_none_or(holds)
}

fn told(check: &LiveCheck, reply: &Reply, sent: &[&str]) -> Vec<String> {
    let json: Option<serde_json::Value> = serde_json::from_slice(&reply.body).ok();
    let read = |place: &str| match place.strip_prefix("header:") {
        Some(name) => reply.header(name).map(str::to_owned),
        None => match json.as_ref()?.pointer(place)? {
            serde_json::Value::String(text) => Some(text.clone()),
            value @ (serde_json::Value::Number(_) | serde_json::Value::Bool(_)) => Some(value.to_string()),
            _ => None,
        },
    };
    let one = |name: &str, place: &str| {
        let text = read(place).filter(|text| !text.trim().is_empty())?;
        // A server that repeats what it was sent must not make a report show it.
        if sent.iter().any(|value| text.contains(value) || value.contains(text.trim())) {
            return None;
        }
        Some(format!("{name} {}", text.trim().chars().take(LONGEST).collect::<String>()))
    };
    check.tells.iter().filter_map(|tell| one(&tell.name, &tell.text)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::testing;
    use crate::rule::Named;

    fn check() -> LiveCheck {
        let answer = |status, body: Option<&'static str>| Answer { status, body: body.map(Into::into) };
        LiveCheck {
            active: vec![answer(200, None), answer(403, Some("missing scope"))].into(),
            inactive: vec![answer(401, None), answer(403, None), answer(200, Some("\"ok\": false"))].into(),
            tells: vec![
                Named { name: "account".into(), text: "/user/name".into() },
                Named { name: "scopes".into(), text: "header:X-Scopes".into() },
            ]
            .into(),
            ..testing::check()
        }
    }

    fn reply(status: u16, body: &str) -> Reply {
        Reply {
            status,
            headers: vec![("x-scopes".to_owned(), "repo, user".to_owned())],
            body: zeroize::Zeroizing::new(body.as_bytes().to_vec()),
        }
    }

    #[test]
    fn an_answer_is_read_by_status_and_text() {
        let read = |status, body| meaning(&check(), &reply(status, body), &["value"]);
        assert_eq!(
            read(200, r#"{"user": {"name": "ann"}}"#),
            Meaning::Active(vec!["account ann".to_owned(), "scopes repo, user".to_owned()])
        );
        assert_eq!(read(200, "{\"ok\":false}"), Meaning::Inactive);
        assert!(matches!(read(403, "missing  scope"), Meaning::Active(_)));
        assert_eq!(read(403, "no"), Meaning::Inactive);
        assert_eq!(read(401, ""), Meaning::Inactive);
        for status in [302, 404, 429, 500] {
            assert_eq!(read(status, ""), Meaning::Unclear(format!("answered {status}")));
        }
    }

    #[test]
    fn being_refused_by_one_of_several_makers_proves_nothing() {
        let check = LiveCheck { elsewhere: true, ..check() };
        assert!(
            matches!(meaning(&check, &reply(401, ""), &[]), Meaning::Unclear(why) if why.contains("another"))
        );
        assert!(matches!(meaning(&check, &reply(200, ""), &[]), Meaning::Active(_)));
    }

    #[test]
    fn what_was_sent_is_not_told_again() {
        let body = r#"{"user": {"name": "you sent value, thanks"}}"#;
        let read = meaning(&check(), &reply(200, body), &["value"]);
        assert_eq!(read, Meaning::Active(vec!["scopes repo, user".to_owned()]));
    }
}
