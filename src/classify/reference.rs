//! Values that point to a secret instead of being one: variables, templates, look-ups, expressions.

/// Text in front of a path or name in some store of secrets.
const STORES: &[&str] = &[
    "vault:",
    "vault/",
    "arn:aws",
    "ssm:",
    "ssm/",
    "op://",
    "ref+",
    "projects/",
    "/run/secrets/",
    "/var/run/secrets",
    "secretsmanager:",
    "secret/data/",
    "gcpsm:",
    "gcp-sm:",
    "awssm:",
    "azurekeyvault",
    "keyvault:",
    "keychain:",
    "env:",
    "env.",
    "env[",
    "process.env",
    "os.environ",
    "os.getenv",
    "system.getenv",
    "file:",
    "!vault",
    "!ref",
    "!sub",
    "!getatt",
    "!secret",
    "!env",
    "secretkeyref",
    "valuefrom",
    "@microsoft.keyvault",
    "credhub:",
    "((",
    "resolve:",
    "{{resolve:",
    "sops:",
    "doppler:",
    "akv:",
    "kms:",
    "$env:",
    "file(",
    "getenv(",
    "env(",
    "var.",
    "local.",
    "data.",
    "module.",
    "secrets.",
    "inputs.",
    "self.",
    "this.",
    "config.",
    "settings.",
    "params.",
    "opts.",
    "options.",
    "args.",
    "props.",
    "request.",
    "req.",
    "@@",
    "jasypt",
    "bitwarden:",
    "keepass:",
];

/// Whether `value` names a place where the secret is kept, or text with holes that are filled in later.
pub(super) fn points_elsewhere(value: &[u8]) -> bool {
    let lead = value.trim_ascii_start();
    let first = lead.first().map(u8::to_ascii_lowercase);
    let begins = |s: &str| lead.get(..s.len()).is_some_and(|l| l.eq_ignore_ascii_case(s.as_bytes()));
    STORES.iter().any(|s| s.as_bytes().first().copied() == first && begins(s))
        || has_hole(value)
        || is_variable(lead)
}

/// `${x}`, `$(x)`, `{{ x }}`, `#{x}`, `<%= x %>`, `%(x)s`, `%{x}`, `@{x}`, `{x}`, `%s`.
fn has_hole(value: &[u8]) -> bool {
    value.windows(2).enumerate().any(|(i, pair)| match pair {
        b"${" | b"$(" | b"#{" | b"<%" | b"%{" | b"@{" | b"@(" | b"{%" | b"{$" | b"{+" | b"\\(" | b"%(" => {
            let close = match pair[pair.len() - 1] {
                b'(' => b')',
                b'%' => b'%',
                _ => b'}',
            };
            value[i + 2..].contains(&close)
        }
        [b'{', b] if b.is_ascii_alphabetic() || *b == b'_' => is_braced_name(&value[i + 1..]),
        // A reader may end inside a template, where a bracket or blank closes the value.
        [b'{', b'{'] => value[i + 2..].split_first().is_some_and(|(first, rest)| {
            first.is_ascii_alphabetic() || matches!(first, b' ' | b'.' | b'_') || rest.contains(&b'}')
        }),
        [b'{', b'}'] => true,
        [b'{', b] if b.is_ascii_digit() => value.get(i + 2) == Some(&b'}'),
        _ => false,
    }) || is_format(value)
}

fn is_braced_name(rest: &[u8]) -> bool {
    let length = rest
        .iter()
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-' | b'[' | b']'))
        .count();
    let closed = matches!(rest.get(length..), Some([b'}' | b':', ..] | [b'!', b'r' | b's', b'}', ..]));
    closed && !rest[..length].contains(&b'=')
}

/// `%s`, `%v:%d`: verbs of a format with hardly any text between.
fn is_format(value: &[u8]) -> bool {
    let verbs = value
        .windows(2)
        .filter(|p| {
            p[0] == b'%' && matches!(p[1], b's' | b'd' | b'v' | b'q' | b'x' | b'i' | b'@' | b'p' | b'w')
        })
        .count();
    verbs > 0 && value.len() <= verbs * 2 + 10
}

/// `$NAME`, `%NAME%`, `@name`, `:name`, `&name`.
fn is_variable(value: &[u8]) -> bool {
    let name = |s: &[u8]| {
        !s.is_empty()
            && s.iter().all(|b| {
                b.is_ascii_alphanumeric()
                    || matches!(b, b'_' | b'.' | b'>' | b'-' | b'[' | b']' | b'"' | b'\'')
            })
            && (s[0].is_ascii_alphabetic() || s[0] == b'_')
    };
    match value {
        // A crypt hash begins with `$` and a digit; a password may begin with any of these, but not be a name in all.
        [b'$', rest @ ..] => name(rest) && !rest.contains(&b'$'),
        [b'%', inner @ .., b'%'] => name(inner),
        [b':', rest @ ..] => rest.iter().all(|b| b.is_ascii_lowercase() || *b == b'_'),
        [b'&' | b'*', rest @ ..] => {
            rest.len() > 1 && rest.iter().all(|b| b.is_ascii_alphabetic() || *b == b'_')
        }
        _ => false,
    }
}

/// Whether bare text is an expression of a programming language rather than a value.
pub(super) fn is_expression(value: &[u8]) -> bool {
    if is_constant(value) {
        return true;
    }
    let name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$');
    let Some(first) = value.first() else { return true };
    if matches!(
        first,
        b'(' | b'[' | b'{' | b'!' | b'|' | b'=' | b'>' | b'?' | b',' | b')' | b'}' | b']' | b':'
    ) {
        return true;
    }
    if is_type(value) {
        return true;
    }
    if value.windows(2).any(|p| matches!(p, b"->" | b"=>" | b"::" | b"()" | b"&&" | b"||" | b"?.")) {
        return true;
    }
    // `6.hours`
    let number = value.iter().take_while(|b| b.is_ascii_digit()).count();
    if number > 0
        && value.get(number) == Some(&b'.')
        && value[number + 1..].iter().all(u8::is_ascii_lowercase)
    {
        return true;
    }
    // `1*tchar`, `16*size`
    if number > 0 && matches!(value.get(number..), Some([b'*', next, ..]) if next.is_ascii_alphabetic()) {
        return true;
    }
    // `name(`, `name[`, `a.b.c`: words joined by access.
    let head = value.iter().take_while(|&&b| name(b)).count();
    let called = head > 0 && matches!(value.get(head), Some(b'(' | b'[' | b'{'));
    let digits = value.iter().filter(|b| b.is_ascii_digit()).count();
    let path = value.contains(&b'.')
        && digits * 5 < value.len()
        && value.split(|&b| b == b'.').all(|part| {
            part.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_')
                && part.iter().all(|&b| name(b) || matches!(b, b'(' | b')' | b'[' | b']' | b'"' | b'\''))
        });
    called || path
}

/// `Arc<dyn Lock>`, `HashMap<String, Vec<u8>>`: a type with parameters, which a reader may have cut at a blank.
fn is_type(value: &[u8]) -> bool {
    let head = value.iter().take_while(|b| b.is_ascii_alphabetic() || matches!(b, b':' | b'_')).count();
    let Some((b'<', parameters)) = value[head..].split_first() else { return false };
    let belongs = |b: &u8| b.is_ascii_alphanumeric() || b"<>, :_'&".contains(b);
    let count = |bracket| value.iter().filter(|&&b| b == bracket).count();
    let closed = count(b'<') == count(b'>') && parameters.iter().all(belongs);
    head > 1 && (closed || matches!(parameters, b"dyn" | b"impl" | b"&'static"))
}

/// Words that stand for a value of a type: `None`, `true`, `string`.
pub(super) fn is_constant(value: &[u8]) -> bool {
    const WORDS: &[&str] = &[
        "none",
        "null",
        "nil",
        "true",
        "false",
        "undefined",
        "nullptr",
        "void",
        "string",
        "str",
        "int",
        "usize",
        "isize",
        "bool",
        "boolean",
        "bytes",
        "byte",
        "char",
        "text",
        "object",
        "any",
        "number",
        "float",
        "double",
        "long",
        "optional",
        "required",
        "self",
        "this",
        "new",
        "await",
        "async",
        "function",
        "func",
        "fn",
        "lambda",
        "return",
        "if",
        "else",
        "let",
        "const",
        "var",
        "yes",
        "no",
        "on",
        "off",
        "n/a",
        "na",
        "nan",
        "default",
        "empty",
        "unset",
        "varchar",
        "binary",
        "blob",
        "integer",
        "array",
        "list",
        "map",
        "dict",
        "tuple",
        "set",
        "static",
        "public",
        "private",
        "raise",
        "throw",
        "not",
        "typeof",
        "sizeof",
        "unknown",
        "password!",
        "file",
        "input",
        "enabled",
        "disabled",
    ];
    value.len() <= 9 && WORDS.iter().any(|w| value.eq_ignore_ascii_case(w.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_templates_and_stores_point_elsewhere() {
        for value in [
            "${DB_PASSWORD}",
            "$PASSWORD",
            "{{ vault.x }}",
            "#{pw}",
            "<%= pw %>",
            "%PASSWORD%",
            "%s",
            "{password}",
            "vault:secret/x",
            "arn:aws:secretsmanager:eu:1:x",
            "op://a/b/c",
            "os.environ['X']",
            "/run/secrets/pw",
            "((credhub_pw))",
            "Basic {b64}",
            "%(pw)s",
            "prefix-${VAR}",
            "prefix-{{b62(32",
            "{0}",
            "!vault |",
        ] {
            assert!(points_elsewhere(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn passwords_with_punctuation_do_not() {
        for value in
            ["P@$$w0rd!!", "$2y$10$abc", "a{99b", "Tr0ub4dor&3", "100%sure-of-it-yes", "{Ad!9", "it's$ok"]
        {
            assert!(!points_elsewhere(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn expressions_are_told_from_bare_values() {
        for value in [
            "Arc<dyn Lock>",
            "getPassword()",
            "user.password",
            "opts[\"pw\"]",
            "None",
            "a::b",
            "x->y",
            "(a",
            "f(x",
            "1*tchar",
        ] {
            assert!(is_expression(value.as_bytes()), "{value}");
        }
        for value in ["vQ2m9xkT", "hunter2", "a.b9.7c1.22", "s3cr3t!"] {
            assert!(!is_expression(value.as_bytes()), "{value}");
        }
    }
}
