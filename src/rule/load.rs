//! Adds a user's rules to a pack. Reads text, not files: where a file lies is its reader's business.

use super::parse::{Author, check_references, parse};
use super::{Extractor, PatternError, Problem, Rule, RuleError, RulePack, Text, compile};

/// Adds the rules of `text` to `pack`; one whose id the pack knows replaces it. `file` names the text in errors.
/// Returns the ids of the rules of `text`.
///
/// # Errors
/// Everything that is wrong with the file (never empty); `pack` is then as it was.
pub fn load(pack: &mut RulePack, file: &str, text: &str) -> Result<Vec<Text>, Vec<RuleError>> {
    let rules = parse(file, text, Author::User)?;
    let named = |rule: String, problem| RuleError { file: file.to_owned(), rule: Some(rule), problem };
    let mut errors: Vec<_> =
        rules.iter().filter_map(|rule| Some(named(rule.id.to_string(), size_problem(rule)?))).collect();
    let ids: Vec<_> = rules.iter().map(|rule| rule.id.clone()).collect();
    let mut merged = pack.clone();
    for rule in rules {
        merged.insert(rule);
    }
    let references = check_references(merged.rules().iter().map(|rule| &**rule));
    let ours = references.into_iter().filter(|(id, _)| ids.iter().any(|own| own == id));
    errors.extend(ours.map(|(id, problem)| named(id, problem)));
    if !errors.is_empty() {
        return Err(errors);
    }
    *pack = merged;
    Ok(ids)
}

/// What only the engine can tell of a pattern that is well-formed: that it is too large, or that it is in the
/// way of the engine all the same.
fn size_problem(rule: &Rule) -> Option<Problem> {
    let Extractor::Pattern(pattern) = &rule.extractor else { return None };
    let cause = match compile(pattern) {
        Ok(_) => return None,
        Err(regex::Error::CompiledTooBig(bytes)) => PatternError::TooLarge(bytes),
        Err(error) => PatternError::Invalid(error.to_string().lines().last().unwrap_or_default().to_owned()),
    };
    Some(Problem::Pattern { field: "pattern", cause })
}

#[cfg(test)]
mod tests {
    use super::{PatternError, Problem, RulePack, load};

    const WHOLE: &str = "[[rule]]\nid = 'acme-key'\nkeywords = ['acme_']\npattern = 'acme_([0-9a-z]{20})'\n";

    /// What is wrong with a rule that is whole but for `change`.
    fn problems(change: &str) -> Vec<Problem> {
        let name = change.split([' ', '=']).next().unwrap();
        let own: String = WHOLE.lines().filter(|l| !l.starts_with(name)).map(|l| format!("{l}\n")).collect();
        match load(&mut RulePack::default(), "own.toml", &format!("{own}{change}\n")) {
            Ok(_) => Vec::new(),
            Err(errors) => errors.into_iter().map(|e| e.problem).collect(),
        }
    }

    #[test]
    fn an_id_and_a_pattern_will_do() {
        let mut pack = RulePack::default();
        load(&mut pack, "own.toml", WHOLE).unwrap();
        let rule = pack.rule("acme-key").unwrap();
        assert_eq!((rule.group, &*rule.title, rule.reach), (1, "acme-key", 25 + 8));
    }

    #[test]
    fn a_user_s_rule_replaces_the_built_in_one() {
        let mut pack = RulePack::builtin();
        let before = pack.rules().len();
        load(&mut pack, "own.toml", &WHOLE.replace("acme-key", "github-pat")).unwrap();
        assert_eq!(pack.rules().len(), before);
        assert_eq!(&*pack.rule("github-pat").unwrap().keywords, ["acme_"]);
    }

    #[test]
    fn each_fault_has_its_own_problem() {
        let pattern = |cause| Problem::Pattern { field: "pattern", cause };
        let live = |cause: &str| Problem::Live(cause.to_owned());
        let cases: &[(&str, &[Problem])] = &[
            ("id = 'Acme'", &[Problem::Id]),
            ("keywords = []", &[Problem::Unguarded]),
            ("keywords = ['a']", &[Problem::Keyword("a".into())]),
            ("min_entropy = 9.0", &[Problem::Entropy]),
            ("reader = 'assignment'", &[Problem::TwoExtractors]),
            ("pattern = 'acme_x'", &[pattern(PatternError::NoGroup(1))]),
            ("pattern = 'acme_(x?)'", &[pattern(PatternError::EmptyGroup(1))]),
            ("pattern = '(a?)'", &[pattern(PatternError::Empty)]),
            ("pattern = '([a&&b])'", &[pattern(PatternError::Empty)]),
            ("pattern = 'acme_(x+)'", &[Problem::Unbounded]),
            ("pattern = '{{was}}(x)'", &[Problem::Shorthand("was".into())]),
            ("pattern = '(x{20})'\nreach = 20", &[Problem::Reach { reach: 20, longest: 28 }]),
            ("pattern = 'acme(?s:.*)(x)'\nreach = 999", &[pattern(PatternError::UnboundedLines)]),
            ("pattern = '((?:[a-z]{500}){500}){5}'", &[pattern(PatternError::TooLarge(10 << 20))]),
            ("live = { url = 'https://a.example/{secret}', active = [200] }", &[]),
            (
                "live = { url = 'https://a.example', active = [200] }",
                &[live("{secret} stands nowhere in the request")],
            ),
            (
                "live = { url = '{secret}', active = [200] }",
                &[live("`hosts` is missing, and `url` does not name one")],
            ),
            (
                "live = { url = 'http://a.example/{secret}', hosts = ['a.example'], active = [200] }",
                &[live("`url` neither starts with https:// nor is {secret}")],
            ),
            (
                "live = { url = '{secret}', hosts = ['10.0.0.1'], active = [200] }",
                &[live("`hosts`: 10.0.0.1 is not the name of a host")],
            ),
            (
                "live = { url = 'https://a.example/{secret}/{part:x}', active = [200] }",
                &[live("{part:x} is neither the secret nor a required part nor one of `finds`")],
            ),
            (
                "live = { url = 'https://a.example/{secret}', active = [] }",
                &[live("`active` is empty: no answer would mean that it is accepted")],
            ),
            (
                "live = { url = 'https://a.example/{secret}', active = [20] }",
                &[live("a status is not between 100 and 599")],
            ),
            (
                "live = { url = 'https://a.example/{secret}', active = [200], tells = { name = 'x' } }",
                &[live("`tells`: name is neither a JSON pointer nor header:NAME")],
            ),
            (
                "requires = [{ rule = 'acme-key', within_lines = 1 }]",
                &[Problem::Requirement("acme-key".into())],
            ),
        ];
        for (change, wanted) in cases {
            assert_eq!(problems(change), *wanted, "{change}");
        }
        assert!(matches!(
            &problems("pattern = 'a(?=b)(c)'")[..],
            [Problem::Pattern { field: "pattern", .. }]
        ));
        assert!(matches!(&problems("path = '('")[..], [Problem::Pattern { field: "path", .. }]));
        assert!(matches!(&problems("keyword = 'x'")[..], [Problem::Syntax { line: 4, .. }]));
    }

    #[test]
    fn errors_name_file_rule_cause_and_remedy() {
        let error =
            load(&mut RulePack::default(), "own.toml", "[[rule]]\nid = 'x-1'\n").unwrap_err().remove(0);
        let text =
            "own.toml: rule x-1: the rule finds nothing: it has neither `pattern` nor `reader` nor `path`";
        assert_eq!(error.to_string(), text);
        assert_eq!(error.help(), Some("add a `pattern` with the secret in parentheses"));
    }

    #[test]
    fn a_faulty_file_leaves_the_pack_as_it_was() {
        let mut pack = RulePack::default();
        let twice = format!("{WHOLE}{WHOLE}");
        assert_eq!(load(&mut pack, "own.toml", &twice).unwrap_err()[0].problem, Problem::Twice);
        assert!(pack.rules().is_empty());
    }
}
