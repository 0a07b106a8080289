//! Passwords on command lines whose flag does not say so: `curl -u user:password`, `sshpass -p password`.
//!
//! Flags that name their value (`--password x`) are assignments.

use super::assignment::{Literal, line_end};
use crate::model::Span;

/// A command that takes a password behind a short flag.
struct Command {
    name: &'static str,
    flags: &'static [&'static str],
    /// Whether the value is glued to the flag, as `mysql -pvalue` has it.
    glued: bool,
    /// Whether the value is `user:password` (or `user%password`).
    pair: Option<u8>,
}

const COMMANDS: &[Command] = &[
    Command { name: "curl", flags: &["-u", "--user", "-U", "--proxy-user"], glued: false, pair: Some(b':') },
    Command { name: "sshpass", flags: &["-p"], glued: false, pair: None },
    Command { name: "mysql", flags: &["-p"], glued: true, pair: None },
    Command { name: "mysqldump", flags: &["-p"], glued: true, pair: None },
    Command { name: "mysqladmin", flags: &["-p"], glued: true, pair: None },
    Command { name: "docker login", flags: &["-p"], glued: false, pair: None },
    Command { name: "podman login", flags: &["-p"], glued: false, pair: None },
    Command { name: "az login", flags: &["-p"], glued: false, pair: None },
    Command { name: "oc login", flags: &["-p"], glued: false, pair: None },
    Command { name: "cf login", flags: &["-p"], glued: false, pair: None },
    Command { name: "redis-cli", flags: &["-a"], glued: false, pair: None },
    Command { name: "ldapsearch", flags: &["-w"], glued: false, pair: None },
    Command { name: "ldapadd", flags: &["-w"], glued: false, pair: None },
    Command { name: "ldapmodify", flags: &["-w"], glued: false, pair: None },
    Command { name: "sqlcmd", flags: &["-P"], glued: false, pair: None },
    Command { name: "plink", flags: &["-pw"], glued: false, pair: None },
    Command { name: "pscp", flags: &["-pw"], glued: false, pair: None },
    Command { name: "psexec", flags: &["-p"], glued: false, pair: None },
    Command { name: "mongo", flags: &["-p"], glued: false, pair: None },
    Command { name: "mongodump", flags: &["-p"], glued: false, pair: None },
    Command { name: "smbclient", flags: &["-U"], glued: false, pair: Some(b'%') },
];

/// The names of the commands: what wakes the reader.
pub(crate) const NAMES: &[&str] = &[
    "curl",
    "sshpass",
    "mysql",
    "docker login",
    "podman login",
    "az login",
    "oc login",
    "cf login",
    "redis-cli",
    "ldapsearch",
    "ldapadd",
    "ldapmodify",
    "sqlcmd",
    "plink",
    "pscp",
    "psexec",
    "mongo",
    "smbclient",
];

/// A longer command line (in bytes) is not read to its end.
const LONGEST: usize = 400;

/// User and password on a command line. The user may be empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Login {
    /// The user, where the same argument names it.
    pub user: Span,
    /// The password.
    pub password: Span,
}

impl Login {
    /// The login on the command line whose command begins at `trigger`.
    pub(crate) fn read(text: &[u8], trigger: Span) -> Option<Self> {
        let bounded = trigger.start == 0 || !text[trigger.start - 1].is_ascii_alphanumeric();
        let length =
            text[trigger.start..].iter().take(24).take_while(|b| !matches!(b, b'\n' | b'"' | b'\'')).count();
        let head = &text[trigger.start..trigger.start + length];
        let command = COMMANDS.iter().find(|c| {
            head.len() > c.name.len()
                && head[..c.name.len()].eq_ignore_ascii_case(c.name.as_bytes())
                && matches!(head[c.name.len()], b' ' | b'.')
        });
        command.filter(|_| bounded)?.login(text, trigger.start)
    }
}

impl Command {
    fn login(&self, text: &[u8], start: usize) -> Option<Login> {
        let mut at = start + self.name.len();
        let limit = text.len().min(start + LONGEST);
        while at < limit {
            let blank =
                at + text[at..limit].iter().position(|b| matches!(b, b' ' | b'\n' | b'\t' | b'|' | b';'))?;
            match text[blank] {
                b'|' | b';' => return None,
                // A command goes on behind a backslash only.
                b'\n' if !text[..blank].trim_ascii_end().ends_with(b"\\") => return None,
                _ => {}
            }
            at = blank + 1;
            let Some(value) = self.flags.iter().find_map(|f| self.behind(&text[..limit], at, f)) else {
                continue;
            };
            if let Some(login) = self.split(text, value) {
                return Some(login);
            }
        }
        None
    }

    /// The value of `flag`, when it stands at `at`.
    fn behind(&self, text: &[u8], at: usize, flag: &str) -> Option<Span> {
        let mut next = text[at..].starts_with(flag.as_bytes()).then(|| at + flag.len())?;
        if !self.glued {
            match text.get(next)? {
                b' ' | b'=' => next += 1,
                // `-uuser:password`
                _ if self.pair.is_some() && flag.len() == 2 => {}
                _ => return None,
            }
        }
        if let Some(literal) = Literal::read(text, next) {
            return Some(literal.value);
        }
        let end = text[next..line_end(text, next)]
            .iter()
            .position(|b| {
                b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b'`' | b'|' | b';' | b')' | b'\\')
            })
            .map_or(line_end(text, next), |i| next + i);
        let plain = end > next && text[next] != b'-' && text[next] != b'$';
        plain.then(|| Span::new(next, end))
    }

    fn split(&self, text: &[u8], value: Span) -> Option<Login> {
        let Some(mark) = self.pair else {
            return Some(Login { user: Span::new(value.start, value.start), password: value });
        };
        let at = value.start + memchr::memchr(mark, value.of(text))?;
        let (user, password) = (Span::new(value.start, at), Span::new(at + 1, value.end));
        (!password.is_empty()).then_some(Login { user, password })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<[&str; 2]> {
        let at = NAMES.iter().filter_map(|n| text.find(n)).min()?;
        let login = Login::read(text.as_bytes(), Span::new(at, at + 2))?;
        Some([login.user, login.password].map(|s| &text[s.start..s.end]))
    }

    #[test]
    fn short_flags_of_known_commands_carry_passwords() {
        for (text, parts) in [
            ("$ curl -s -u joe:vQ2m https://h", ["joe", "vQ2m"]), // leakward:allow
            ("curl --user 'joe:vQ2m' h", ["joe", "vQ2m"]),        // leakward:allow
            ("curl \\\n  -u joe:vQ2m h", ["joe", "vQ2m"]),        // leakward:allow
            ("sshpass -p vQ2m ssh h", ["", "vQ2m"]),              // leakward:allow
            ("mysql -uroot -pvQ2m db", ["", "vQ2m"]),             // leakward:allow
            ("docker login -u a -p \"vQ2m\" r.io", ["", "vQ2m"]), // leakward:allow
            ("smbclient -U joe%vQ2m //h/s", ["joe", "vQ2m"]),     // leakward:allow
        ] {
            assert_eq!(read(text), Some(parts), "{text}");
        }
    }

    #[test]
    fn other_flags_and_other_commands_do_not() {
        for text in [
            "curl -u joe https://h",
            "curl https://h | foo -u a:b",
            "mysql -p db",
            "mysql -u root db",
            "docker login -p $TOKEN",
            "libcurl -u a:b",
            "curl h\n-u a:b",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
