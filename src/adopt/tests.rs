//! One literal in each language, and what is refused.

use super::{Edit, EditError, Language, Place, variable_name};
use crate::model::Span;

const VALUE: &str = "hunter2hunter2"; // leakward:allow

fn edit(name: &str, text: &str) -> Result<String, EditError> {
    let text = text.replace("VALUE", VALUE);
    let at = text.find(VALUE).unwrap();
    let place = Place { variable: "DB_PW", path: "secret/db", field: Some("pw"), ask: false };
    let (span, language) = (Span::new(at, at + VALUE.len()), Language::of(name, text.as_bytes()));
    let edit = Edit::new(language, text.as_bytes(), span, VALUE.as_bytes(), place)?;
    assert!(!edit.difference(name, text.as_bytes(), &[VALUE.as_bytes()]).contains(VALUE));
    Ok(String::from_utf8(edit.after).unwrap())
}

#[test]
fn literals_become_references() {
    for (name, before, after) in [
        ("a.py", "import os\nx = 'VALUE'\n", "import os\nx = os.environ[\"DB_PW\"]\n"),
        (
            "a.py",
            "#!/x\n\"\"\"Doc.\nMore.\"\"\"\nimport sys\nx = 'VALUE'\n",
            "#!/x\n\"\"\"Doc.\nMore.\"\"\"\nimport os\nimport sys\nx = os.environ[\"DB_PW\"]\n",
        ),
        (
            "a.py",
            "\"\"\"Doc.\nMore.\"\"\"\nx = 'VALUE'\n",
            "\"\"\"Doc.\nMore.\"\"\"\nimport os\nx = os.environ[\"DB_PW\"]\n",
        ),
        (
            "a.py",
            "import os\r\nu = \"pg://a:VALUE@h/$d\"\r\n",
            "import os\r\nu = \"pg://a:\" + os.environ[\"DB_PW\"] + \"@h/$d\"\r\n",
        ),
        ("a.ts", "const p = `VALUE`;\n", "const p = process.env.DB_PW;\n"),
        (
            "a.go",
            "package a\n\nvar p = \"VALUE\"\n",
            "package a\n\nimport \"os\"\n\nvar p = os.Getenv(\"DB_PW\")\n",
        ),
        ("A.java", "String p = \"VALUE\";", "String p = System.getenv(\"DB_PW\");"),
        ("a.rb", "p = 'VALUE'", "p = ENV.fetch(\"DB_PW\")"),
        (
            "a.rs",
            "let p = \"a{VALUE\";",
            "let p = format!(\"a{{{}\", std::env::var(\"DB_PW\").expect(\"DB_PW is set\"));",
        ),
        ("a.cs", "var p = \"VALUE\";", "var p = System.Environment.GetEnvironmentVariable(\"DB_PW\");"),
        ("a.php", "$p = 'a$VALUE';", "$p = 'a$' . getenv('DB_PW');"),
        ("a.kt", "val p = \"VALUE\"", "val p = System.getenv(\"DB_PW\")"),
        ("a.ex", "p = \"VALUE-x\"", "p = System.fetch_env!(\"DB_PW\") <> \"-x\""),
        ("a.sh", "P='a-VALUE'\n", "P='a-'\"${DB_PW:?}\"\n"),
        ("a.sh", "P=\"a-VALUE\"\n", "P=\"a-${DB_PW:?}\"\n"),
        ("a.sh", "run --pw VALUE\n", "run --pw \"${DB_PW:?}\"\n"),
        ("a.yml", "pw: VALUE\n", "pw: ${DB_PW}\n"),
        ("a.json", "{\"pw\": \"VALUE\"}", "{\"pw\": \"${DB_PW}\"}"),
        ("a.toml", "pw = \"VALUE\"", "pw = \"${DB_PW}\""),
        ("a.tf", "pw = \"VALUE\"", "pw = var.db_pw"),
        ("a.tf", "u = \"pg://a:VALUE@h\"", "u = \"pg://a:${var.db_pw}@h\""),
        ("Dockerfile", "ENV PW=VALUE\n", "ENV PW=${DB_PW}\n"),
        (
            ".env",
            "A=1\nDB_PW=VALUE\nB=2\n",
            "A=1\n# DB_PW is given by: leakward exec --map DB_PW=secret/db#pw -- PROGRAM\nB=2\n",
        ),
        (".env", "U=pg://a:VALUE@h\n", "U=pg://a:${DB_PW}@h\n"),
    ] {
        assert_eq!(edit(name, before).as_deref(), Ok(after), "{name}: {before}");
    }
}

#[test]
fn what_cannot_be_replaced_with_certainty_is_refused() {
    for (name, text, error) in [
        ("a.xyz", "'VALUE'", EditError::Language),
        ("a.py", "x = f'a{VALUE}'", EditError::Special),
        ("a.py", "x = b'VALUE'", EditError::Special),
        ("a.py", "x = '''VALUE'''", EditError::Special),
        ("a.py", "x = 'a\\nVALUE'", EditError::Special),
        ("a.php", "$x = \"$a VALUE\"", EditError::Special),
        ("a.js", "x = `${a}VALUE`", EditError::Special),
        ("a.py", "x = VALUE", EditError::NoLiteral),
        ("a.go", "package a\nconst x = \"VALUE\"", EditError::Constant),
        ("a.c", "char *x = \"a-VALUE\";", EditError::Part),
    ] {
        assert_eq!(edit(name, text), Err(error), "{name}: {text}");
    }
    let place = Place { variable: "X", path: "p", field: None, ask: false };
    let changed = Edit::new(Language::of("a.py", b""), b"x = 'other'", Span::new(5, 10), b"value", place);
    assert_eq!(changed.unwrap_err(), EditError::Encoded);
}

#[test]
fn names_come_from_what_is_assigned_and_from_the_path() {
    let of = |line: &str, path: &str| variable_name(line.as_bytes(), line.find("VALUE").unwrap(), path);
    assert_eq!(of("password = 'VALUE'", "secret/prod/db"), "DB_PASSWORD");
    assert_eq!(of("  \"stripeApiKey\": \"VALUE\"", "x"), "STRIPE_API_KEY");
    assert_eq!(of("settings.mail-token => 'VALUE'", "x"), "MAIL_TOKEN");
    assert_eq!(of("VALUE", "secret/prod/9db"), "_9DB");
}
