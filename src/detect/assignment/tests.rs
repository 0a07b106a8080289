//! What the reader of assignments reads, by language. Values are invented.

use super::Reading;
use crate::classify::Syntax;
use crate::model::Span;

/// The value that belongs to the first trigger in `text`, with its syntax.
fn read(text: &str) -> Option<(String, Syntax)> {
    let lower = text.to_ascii_lowercase();
    let triggers = ["pass", "pwd", "secret", "token", "key", "auth"];
    let (at, len) = triggers.iter().filter_map(|t| lower.find(t).map(|i| (i, t.len()))).min()?;
    let reading = Reading::of_credential(text.as_bytes(), Span::new(at, at + len))?;
    // A test compares the value itself.
    let value = reading.joined.as_ref().map_or(reading.value.of(text.as_bytes()), |s| s.expose());
    assert!(reading.matched.contains(reading.value) && reading.matched.contains(reading.key), "{text}");
    Some((String::from_utf8(value.to_vec()).unwrap(), reading.syntax))
}

/// A value that no test spells out twice.
const V: &str = "kT9x-vQ2m";

#[track_caller]
fn reads(templates: &[&str], syntax: Syntax) {
    for template in templates {
        let text = template.replace("VALUE", V);
        assert_eq!(read(&text), Some((V.to_owned(), syntax)), "{text}");
    }
}

#[test]
fn literals_behind_operators_of_twenty_languages_are_read() {
    reads(
        &[
            "password = \"VALUE\"",
            "String dbPassword = \"VALUE\";",
            "let password: &str = \"VALUE\";",
            "const char password[] = \"VALUE\";",
            "val password: String = \"VALUE\"",
            "password := \"VALUE\"",
            "var password string = \"VALUE\"",
            "$password = 'VALUE';",
            "'password' => 'VALUE',",
            ":password => 'VALUE'",
            "password: 'VALUE',",
            "\"password\": \"VALUE\"",
            "config[\"password\"] = \"VALUE\"",
            "password <- \"VALUE\"",
            "@password ||= \"VALUE\"",
            "connect(password=\"VALUE\")",
            "my %h = (password => \"VALUE\");",
            "password -> \"VALUE\"",
            "Dim password As String = \"VALUE\"",
            "password =\n        \"VALUE\"",
            "<add name=\"password\" value=\"VALUE\"/>",
            "{\"name\": \"password\", \"value\": \"VALUE\"}",
            "<db password=\"VALUE\"/>",
            "#define PASSWORD_TOKEN = \"VALUE\"",
        ],
        Syntax::Quoted,
    );
}

#[test]
fn lines_of_configuration_are_read() {
    reads(
        &[
            "password=VALUE",
            "export DB_PASSWORD=VALUE",
            "  password: VALUE",
            "- password: VALUE",
            "DB_PASSWORD: VALUE # why",
            "ENV DB_PASSWORD=VALUE",
            "spring.datasource.password=VALUE",
            "- name: DB_PASSWORD\n  value: VALUE",
            "$env:DB_PASSWORD = VALUE",
            "x-auth-token: VALUE",
        ],
        Syntax::Line,
    );
}

#[test]
fn parts_of_longer_texts_are_read() {
    reads(
        &[
            "users: [ {user: svc, password: VALUE} ]",
            "\"Server=a;User=b;Password=VALUE;\"",
            "docker run -e MYSQL_ROOT_PASSWORD=VALUE \\",
            "http://h/x?password=VALUE&y=1",
            "RUN PASSWORD=VALUE ./configure",
        ],
        Syntax::Inline,
    );
}

#[test]
fn calls_and_defaults_are_read() {
    reads(&["f.setPassword(\"VALUE\");", ".withPassword( 'VALUE' )", "passwords(\"VALUE\")"], Syntax::Call);
    reads(
        &[
            "p.put(\"password\", \"VALUE\")",
            "[\"--password\", \"VALUE\"]",
            "environ.get('PASSWORD', 'VALUE')",
        ],
        Syntax::Argument,
    );
    reads(
        &[
            "password = os.getenv(\"P\", \"VALUE\")",
            "password: process.env.P || 'VALUE'",
            "${DB_PASSWORD:-VALUE}",
            "env('PASSWORD') ?: 'VALUE'",
        ],
        Syntax::Default,
    );
    reads(&["password = new SecureString(\"VALUE\")", "password := []byte(\"VALUE\")"], Syntax::Quoted);
    reads(&["password = encrypt(\"VALUE\")"], Syntax::Wrapped);
}

#[test]
fn markup_flags_and_statements_are_read() {
    reads(
        &["<Password>VALUE</Password>", "<a:password x=\"1\" name=\"token\">VALUE</a:password>"],
        Syntax::Markup,
    );
    reads(&["x --password VALUE -y", "x --password=VALUE", "goveralls -repotoken VALUE"], Syntax::Flag);
    reads(&["password \"VALUE\"", "CREATE ROLE x PASSWORD 'VALUE'", "requirepass VALUE"], Syntax::Statement);
}

#[test]
fn text_in_text_is_read() {
    reads(
        &[
            "\"{\\\"password\\\":\\\"VALUE\\\"}\"",
            "'{\"access_token\":\"VALUE\",'",
            "password=&quot;VALUE&quot;",
        ],
        Syntax::Quoted,
    );
}

#[test]
fn joined_literals_are_one_value() {
    assert_eq!(read("password = \"kT9x\" +\n  \"-vQ2m\""), Some((V.to_owned(), Syntax::Quoted))); // leakward:allow
}

#[test]
fn references_to_names_hold_no_value() {
    for text in [
        "bypass = \"abc\"",
        "if (password) {",
        "the password is",
        "password = getPassword()",
        "token, err := f()",
        "use token::Token;",
        "password.length > 8",
        "key in keys",
        "<password/>",
        "simply pass `VALUE` to it",
        "json!({\"password\": new_pw})",
        "{\"token\": conf.value, \"x\": 1}",
    ] {
        let found = read(text);
        assert!(
            found.as_ref().is_none_or(|(v, s)| *s == Syntax::Inline || v.contains('(')),
            "{text}: {found:?}"
        );
    }
}
