//! How each language reads a variable of its environment.

/// A language, as far as references go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// A programming language.
    Code(&'static Code),
    /// A shell.
    Shell,
    /// Terraform and its kin.
    Hcl,
    /// An environment file: the variable is given by whoever starts the program.
    EnvFile,
    /// Data in which `${NAME}` stands for a variable, if whatever reads it sees to that.
    Data,
}

/// A programming language.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    endings: &'static [&'static str],
    /// The expression; `NAME` stands for the variable's name.
    expression: &'static str,
    pub(super) join: Join,
    pub(super) import: Option<Import>,
    /// Words at the beginning of a line whose value the compiler must know.
    pub(super) constant: &'static [&'static str],
}

/// How an expression is put together with the text around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Join {
    /// By an operator.
    With(&'static str),
    /// By Rust's `format!`.
    Format,
    /// Not at all.
    Never,
}

/// What must be imported for the expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Import {
    /// `import os`
    PythonOs,
    /// `import "os"`
    GoOs,
}

const fn code(endings: &'static [&'static str], expression: &'static str, join: Join) -> Code {
    Code { endings, expression, join, import: None, constant: &[] }
}

static CODE: [Code; 18] = [
    Code {
        import: Some(Import::PythonOs),
        ..code(&["py", "pyi", "pyw"], "os.environ[\"NAME\"]", Join::With(" + "))
    },
    code(
        &["js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx", "vue"],
        "process.env.NAME",
        Join::With(" + "),
    ),
    Code {
        import: Some(Import::GoOs),
        constant: &["const "],
        ..code(&["go"], "os.Getenv(\"NAME\")", Join::With(" + "))
    },
    code(&["java", "scala", "groovy", "gradle"], "System.getenv(\"NAME\")", Join::With(" + ")),
    Code { constant: &["const "], ..code(&["kt", "kts"], "System.getenv(\"NAME\")", Join::With(" + ")) },
    code(&["rb", "rake", "gemspec"], "ENV.fetch(\"NAME\")", Join::With(" + ")),
    Code {
        constant: &["const ", "static ", "pub const ", "pub static "],
        ..code(&["rs"], "std::env::var(\"NAME\").expect(\"NAME is set\")", Join::Format)
    },
    Code {
        constant: &["const ", "public const ", "private const ", "internal const "],
        ..code(&["cs"], "System.Environment.GetEnvironmentVariable(\"NAME\")", Join::With(" + "))
    },
    Code {
        constant: &["const ", "public const ", "private const "],
        ..code(&["php"], "getenv('NAME')", Join::With(" . "))
    },
    code(&["pl", "pm"], "$ENV{NAME}", Join::With(" . ")),
    code(&["lua"], "os.getenv(\"NAME\")", Join::With(" .. ")),
    code(&["ex", "exs"], "System.fetch_env!(\"NAME\")", Join::With(" <> ")),
    code(&["swift"], "ProcessInfo.processInfo.environment[\"NAME\"]!", Join::With(" + ")),
    code(&["dart"], "Platform.environment[\"NAME\"]!", Join::With(" + ")),
    code(&["ps1", "psm1"], "$env:NAME", Join::With(" + ")),
    code(&["r"], "Sys.getenv(\"NAME\")", Join::Never),
    code(&["c", "h"], "getenv(\"NAME\")", Join::Never),
    code(&["cc", "cpp", "cxx", "hpp"], "std::getenv(\"NAME\")", Join::Never),
];

const SHELL: [&str; 5] = ["sh", "bash", "zsh", "ksh", "envrc"];
const HCL: [&str; 3] = ["tf", "hcl", "tfvars"];
const DATA: [&str; 14] = [
    "yaml",
    "yml",
    "json",
    "json5",
    "toml",
    "ini",
    "cfg",
    "conf",
    "config",
    "properties",
    "xml",
    "plist",
    "tpl",
    "dockerfile",
];

impl Language {
    /// The language of a file with this name and beginning.
    pub fn of(name: &str, text: &[u8]) -> Option<Self> {
        let base = name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase();
        let ending = base.rsplit_once('.').map_or("", |(_, ending)| ending);
        if base == ".env" || base.starts_with(".env.") || ending == "env" {
            return Some(Self::EnvFile);
        }
        if let Some(code) = CODE.iter().find(|code| code.endings.contains(&ending)) {
            return Some(Self::Code(code));
        }
        let first = text.split(|&b| b == b'\n').next().unwrap_or_default();
        let runs =
            |program: &[u8]| first.starts_with(b"#!") && memchr::memmem::find(first, program).is_some();
        if SHELL.contains(&ending) || base.starts_with(".bash") || base.starts_with(".zsh") || runs(b"sh") {
            return Some(Self::Shell);
        }
        if runs(b"python") || runs(b"ruby") || runs(b"perl") || runs(b"node") {
            let ending = [("python", "py"), ("ruby", "rb"), ("perl", "pl"), ("node", "js")];
            let ending = ending.into_iter().find(|(program, _)| runs(program.as_bytes()))?.1;
            return CODE.iter().find(|code| code.endings.contains(&ending)).map(Self::Code);
        }
        if HCL.contains(&ending) {
            return Some(Self::Hcl);
        }
        let is_docker = base == "dockerfile" || base.starts_with("dockerfile.") || base == "containerfile";
        (DATA.contains(&ending) || is_docker).then_some(Self::Data)
    }

    /// What to know about a reference in this language.
    pub const fn note(self) -> Option<&'static str> {
        match self {
            Self::Data => Some("whatever reads this file must put the variable in place of ${…}"),
            Self::Hcl => Some("declare the variable (sensitive = true) and give it by TF_VAR_…"),
            _ => None,
        }
    }
}

impl Code {
    /// What begins a template in a text in double quotes, where there are templates.
    pub(super) fn template(&self) -> Option<&'static [u8]> {
        match self.endings[0] {
            "php" | "pl" | "kt" | "dart" | "ps1" => Some(b"$"),
            "rb" | "ex" => Some(b"#{"),
            "swift" => Some(b"\\("),
            _ => None,
        }
    }

    /// The expression for the variable `name`.
    pub(super) fn expression(&self, name: &str) -> String {
        self.expression.replace("NAME", name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_told_by_name_or_first_line() {
        let of = |name: &str, text: &str| match Language::of(name, text.as_bytes()) {
            Some(Language::Code(code)) => code.endings[0],
            Some(Language::Shell) => "shell",
            Some(Language::Hcl) => "hcl",
            Some(Language::EnvFile) => "env",
            Some(Language::Data) => "data",
            None => "none",
        };
        let names = [
            "a/b.py",
            "x.TSX",
            "deploy",
            "run",
            ".env.production",
            "prod.env",
            "main.tf",
            "Dockerfile",
            "a.txt",
        ];
        let texts = ["", "", "#!/bin/bash\n", "#!/usr/bin/env python3\n", "", "", "", "", ""];
        let told: Vec<_> = names.iter().zip(texts).map(|(name, text)| of(name, text)).collect();
        assert_eq!(told, ["py", "js", "shell", "py", "env", "env", "hcl", "data", "none"]);
    }
}
