//! As much of the language of Vault's policies as policies use: `path "…" { capabilities = ["…"] }`, with comments,
//! other settings of a path, and the same written as JSON.

use crate::secret::Json;

/// One `path` of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) path: String,
    pub(super) capabilities: Vec<String>,
    /// Line in the file, from 1; 0 in JSON.
    pub(super) line: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Text(String),
    Sign(char),
}

/// Reads a policy.
pub(super) fn parse(text: &str) -> Result<Vec<Rule>, String> {
    if text.trim_start().starts_with('{') {
        return parse_json(text);
    }
    let tokens = tokens(text)?;
    let mut rules = Vec::new();
    let mut at = 0;
    while let Some((token, line)) = tokens.get(at) {
        let Token::Word(word) = token else { return Err(format!("line {line}: a word is missing")) };
        if word != "path" {
            // Settings of the whole policy, such as its name.
            at = skip_value(&tokens, at + 1);
            continue;
        }
        let (Some((Token::Text(path), _)), Some((Token::Sign('{'), _))) =
            (tokens.get(at + 1), tokens.get(at + 2))
        else {
            return Err(format!("line {line}: path is not followed by a text and {{"));
        };
        let end = closing(&tokens, at + 2).ok_or_else(|| format!("line {line}: the block does not end"))?;
        let capabilities = capabilities(&tokens[at + 3..end]);
        rules.push(Rule { path: path.clone(), capabilities, line: *line });
        at = end + 1;
    }
    Ok(rules)
}

/// Texts of `capabilities = [ … ]`, or of the older `policy = "…"`.
fn capabilities(block: &[(Token, usize)]) -> Vec<String> {
    let words = |name: &str| block.iter().position(|(token, _)| *token == Token::Word(name.to_owned()));
    let texts = |from: usize| {
        let list = block[from..].iter().take_while(|(token, _)| *token != Token::Sign(']'));
        list.filter_map(|(token, _)| if let Token::Text(text) = token { Some(text.clone()) } else { None })
            .collect()
    };
    match (words("capabilities"), words("policy")) {
        (Some(at), _) => texts(at),
        (None, Some(at)) => match block.get(at + 2) {
            Some((Token::Text(old), _)) => vec![old.clone()],
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// Place of the bracket that closes the one at `open`.
fn closing(tokens: &[(Token, usize)], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, (token, _)) in tokens.iter().enumerate().skip(open) {
        match token {
            Token::Sign('{' | '[') => depth += 1,
            Token::Sign('}' | ']') => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

/// Place behind `= value` or a block.
fn skip_value(tokens: &[(Token, usize)], mut at: usize) -> usize {
    if matches!(tokens.get(at), Some((Token::Sign('='), _))) {
        at += 1;
    }
    match tokens.get(at) {
        Some((Token::Sign('{' | '['), _)) => closing(tokens, at).map_or(tokens.len(), |end| end + 1),
        _ => at + 1,
    }
}

fn tokens(text: &str) -> Result<Vec<(Token, usize)>, String> {
    let (mut tokens, mut line) = (Vec::new(), 1);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\n' => line += 1,
            c if c.is_whitespace() || c == ',' => {}
            '#' => while chars.next_if(|c| *c != '\n').is_some() {},
            '/' if chars.peek() == Some(&'/') => while chars.next_if(|c| *c != '\n').is_some() {},
            '/' if chars.next_if_eq(&'*').is_some() => {
                let mut last = ' ';
                loop {
                    let c = chars.next().ok_or_else(|| format!("line {line}: the comment does not end"))?;
                    line += usize::from(c == '\n');
                    if last == '*' && c == '/' {
                        break;
                    }
                    last = c;
                }
            }
            '"' => {
                let mut string = String::new();
                loop {
                    match chars.next() {
                        Some('"') => break,
                        Some('\\') => string.extend(chars.next()),
                        Some('\n') | None => return Err(format!("line {line}: the text does not end")),
                        Some(c) => string.push(c),
                    }
                }
                tokens.push((Token::Text(string), line));
            }
            c if c.is_alphanumeric() || c == '_' => {
                let mut word = String::from(c);
                while let Some(c) = chars.next_if(|c| c.is_alphanumeric() || "_-.".contains(*c)) {
                    word.push(c);
                }
                tokens.push((Token::Word(word), line));
            }
            c => tokens.push((Token::Sign(c), line)),
        }
    }
    Ok(tokens)
}

fn parse_json(text: &str) -> Result<Vec<Rule>, String> {
    let json = Json::parse(text.as_bytes()).map_err(|error| error.to_string())?;
    let paths = json.field("path").ok_or("there is no path")?;
    let entry = |(path, rule): (Json<'_>, Json<'_>)| {
        let list = rule.field("capabilities").map(|list| list.items().filter_map(Json::plain).collect());
        Rule { path: path.plain().unwrap_or_default(), capabilities: list.unwrap_or_default(), line: 0 }
    };
    // A list of objects with one path each is the same.
    let objects = paths.items().flat_map(Json::entries).map(entry);
    Ok(paths.entries().map(entry).chain(objects).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_read_with_comments_and_other_settings() {
        let text = "# first\nname = \"x\"\npath \"a/b\" {\n capabilities = [\"read\", \"list\",] // two\n \
                    allowed_parameters = { \"x\" = [] }\n}\n/* between\n */ path \"c\" { policy = \"sudo\" }";
        let rules = parse(text).unwrap();
        assert_eq!(rules.len(), 2);
        assert_eq!((rules[0].path.as_str(), rules[0].line), ("a/b", 3));
        assert_eq!(rules[0].capabilities, ["read", "list"]);
        assert_eq!((rules[1].capabilities.as_slice(), rules[1].line), (&["sudo".to_owned()][..], 8));
    }

    #[test]
    fn json_is_the_same_language() {
        let rules = parse(r#"{"path": {"a/*": {"capabilities": ["read"]}}}"#).unwrap();
        assert_eq!((rules[0].path.as_str(), rules[0].capabilities.len()), ("a/*", 1));
    }

    #[test]
    fn mistakes_have_a_line() {
        assert!(parse("path \"a\" {").unwrap_err().contains("line 1: the block does not end"));
        assert!(parse("\npath \"a").unwrap_err().contains("line 2: the text does not end"));
        assert!(parse("path a {}").unwrap_err().contains("not followed by a text"));
    }
}
