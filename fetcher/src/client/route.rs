//! Which provider a path belongs to, under which name, and by which policy.

use std::sync::Arc;

use crate::cache::Policy;
use crate::secret::{PathError, SecretPath};

/// All routes and policies of one client.
#[derive(Default)]
pub(crate) struct Routes {
    routes: Vec<Route>,
    policies: Vec<(String, Arc<Policy>)>,
    default: Arc<Policy>,
}

/// Paths that belong to one provider.
pub(crate) struct Route {
    prefix: String,
    /// What the provider calls `prefix`, if anything else.
    remote: Option<String>,
    /// The one field of the value that counts.
    pub(crate) field: Option<Arc<str>>,
    pub(crate) seat: usize,
}

impl Routes {
    pub(crate) fn add(&mut self, prefix: &str, seat: usize, remote: Option<&str>, field: Option<&str>) {
        let trimmed = |path: &str| path.trim_matches('/').to_owned();
        let (remote, field) = (remote.map(trimmed), field.map(Arc::from));
        self.routes.push(Route { prefix: trimmed(prefix), remote, field, seat });
    }

    pub(crate) fn add_policy(&mut self, prefix: &str, policy: Policy) {
        self.policies.push((prefix.trim_matches('/').to_owned(), Arc::new(policy)));
    }

    pub(crate) fn default_policy(&mut self, policy: Policy) {
        self.default = Arc::new(policy);
    }

    /// The route and the policy of `path`: of those that fit, the most specific of each.
    pub(crate) fn find(&self, path: &SecretPath) -> Option<(&Route, Arc<Policy>)> {
        let path = path.as_str();
        let routes = self.routes.iter().filter(|route| within(&route.prefix, path));
        let route = routes.max_by_key(|route| rank(&route.prefix))?;
        let policies = self.policies.iter().filter(|(prefix, _)| within(prefix, path));
        let policy = policies.max_by_key(|(prefix, _)| rank(prefix));
        Some((route, policy.map_or(&self.default, |(_, policy)| policy).clone()))
    }
}

impl Route {
    /// What the provider calls `path`.
    pub(crate) fn remote(&self, path: &SecretPath) -> Result<SecretPath, PathError> {
        let Some(remote) = &self.remote else { return Ok(path.clone()) };
        let rest: Vec<_> = path.segments().skip(segments(&self.prefix).count()).collect();
        SecretPath::parse(&[std::slice::from_ref(&remote.as_str()), &rest[..]].concat().join("/"))
    }
}

/// Whether `path` begins with all segments of `prefix`, where `*` is any one; nothing is in front of every path.
pub(crate) fn within(prefix: &str, path: &str) -> bool {
    let mut path = path.split('/');
    segments(prefix).all(|wanted| path.next().is_some_and(|segment| wanted == "*" || wanted == segment))
}

fn segments(prefix: &str) -> impl Iterator<Item = &str> {
    prefix.split('/').filter(|segment| !segment.is_empty())
}

/// The more segments, and the more of them named, the more specific.
fn rank(prefix: &str) -> (usize, usize) {
    (segments(prefix).count(), segments(prefix).filter(|segment| *segment != "*").count())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> SecretPath {
        SecretPath::parse(text).unwrap()
    }

    #[test]
    fn whole_segments_fit_and_a_star_is_any_one() {
        assert!(within("", "a") && within("a", "a") && within("a", "a/b") && within("*/db", "team/db/x"));
        assert!(!within("a", "ab") && !within("a/b", "a") && !within("*/db", "db"));
    }

    #[test]
    fn the_most_specific_route_counts_and_renames() {
        let mut routes = Routes::default();
        routes.add("", 0, None, None);
        routes.add("db", 1, Some("database/creds"), None);
        routes.add("db/main", 2, Some("secret/db"), Some("password"));
        routes.add("*/main", 3, None, None);
        let found = |name: &str| {
            let (route, _) = routes.find(&path(name)).unwrap();
            (
                route.seat,
                route.remote(&path(name)).unwrap().to_string(),
                route.field.as_deref().unwrap_or("-").to_owned(),
            )
        };
        assert_eq!(found("other"), (0, "other".into(), "-".into()));
        assert_eq!(found("db/app/x"), (1, "database/creds/app/x".into(), "-".into()));
        assert_eq!(found("db/main"), (2, "secret/db".into(), "password".into()));
        assert_eq!(found("web/main"), (3, "web/main".into(), "-".into()));
    }
}
