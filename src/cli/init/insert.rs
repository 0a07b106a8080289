//! One item more in a YAML file that a person wrote: comments, order and quoting stay as they are.

use serde_yaml_ng::Value;

/// `text` with `item` as the last of the list or mapping that `path` leads to; `*` in a path is the first key.
///
/// The item's lines are given as they would stand at the beginning of a line. `None` when nothing is there that is
/// written line by line, or when the result would say anything else than the old text and the item.
pub(super) fn append(text: &str, path: &[&str], item: &str) -> Option<String> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut block = Block { start: 0, end: lines.len(), indent: 0 };
    let mut names = Vec::new();
    for key in path {
        let (name, below) = block.child(&lines, key)?;
        names.push(name);
        block = below;
    }
    let last = (block.start..block.end).rev().find(|&i| is_content(lines[i]))?;
    let mut new: String = lines[..=last].concat();
    if !new.ends_with('\n') {
        new.push('\n');
    }
    for line in item.lines() {
        let indent = if line.is_empty() { 0 } else { block.indent };
        new += &format!("{:indent$}{line}\n", "");
    }
    new += &lines[last + 1..].concat();
    says_the_same(text, &new, &names).then_some(new)
}

/// Lines that belong together, and how far they are indented.
struct Block {
    start: usize,
    end: usize,
    indent: usize,
}

impl Block {
    /// The block below `key`, and the key's name.
    fn child(&self, lines: &[&str], key: &str) -> Option<(String, Self)> {
        let named = |line: &str| {
            let (name, rest) = line.trim().split_once(':')?;
            let rest = rest.split(" #").next().unwrap_or_default().trim();
            let name = name.trim_matches(['"', '\'']);
            (rest.is_empty() && (key == "*" || name == key)).then(|| name.to_owned())
        };
        let mine = |&i: &usize| is_content(lines[i]) && indent_of(lines[i]) == self.indent;
        let (at, name) = (self.start..self.end).filter(mine).find_map(|i| Some((i, named(lines[i])?)))?;
        let start = at + 1;
        let first = (start..self.end).find(|&i| is_content(lines[i]))?;
        let indent = indent_of(lines[first]);
        // The items of a list may stand as far left as its key.
        let is_list = lines[first].trim_start().starts_with('-');
        if indent < self.indent || (indent == self.indent && !is_list) {
            return None;
        }
        let ends = |&i: &usize| {
            let (line, to) = (lines[i], indent_of(lines[i]));
            is_content(line)
                && (to < indent || (to == indent && is_list && !line.trim_start().starts_with('-')))
        };
        let end = (first..self.end).find(ends).unwrap_or(self.end);
        Some((name, Self { start, end, indent }))
    }
}

fn is_content(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && !line.starts_with('#')
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// Whether `new` is `old` but for one item more, the last one at `path`.
fn says_the_same(old: &str, new: &str, path: &[String]) -> bool {
    let read = |text: &str| serde_yaml_ng::from_str::<Value>(text).ok();
    let (Some(mut old), Some(mut new)) = (read(old), read(new)) else { return false };
    let (mut before, mut after) = (&mut old, &mut new);
    for key in path {
        let (Some(b), Some(a)) = (before.get_mut(key.as_str()), after.get_mut(key.as_str())) else {
            return false;
        };
        (before, after) = (b, a);
    }
    let taken = match after {
        Value::Sequence(items) => items.pop().is_some(),
        Value::Mapping(map) => {
            let last = map.keys().last().cloned();
            last.and_then(|key| map.remove(&key)).is_some()
        }
        _ => false,
    };
    taken && old == new
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_joins_the_list_and_all_else_stays() {
        let text =
            "# ours\nsteps:\n- script: make # all\n\n- script: |\n    a: b\n\n# the end\ntrigger: [main]\n";
        let new = append(text, &["steps"], "- script: leakward").unwrap();
        assert_eq!(new, text.replace("    a: b\n", "    a: b\n- script: leakward\n"));
    }

    #[test]
    fn a_key_joins_a_mapping_however_deep() {
        let text = "version: 2.1\njobs:\n    build:\n        steps: [checkout]\nworkflows:\n    all:\n        jobs:\n            - build\n";
        let new = append(text, &["jobs"], "leakward:\n  steps: [checkout]").unwrap();
        assert!(
            new.contains("        steps: [checkout]\n    leakward:\n      steps: [checkout]\nworkflows:\n"),
            "{new}"
        );
        let new = append(text, &["workflows", "*", "jobs"], "- leakward").unwrap();
        assert!(new.ends_with("            - build\n            - leakward\n"), "{new}");
    }

    #[test]
    fn what_is_written_in_another_way_is_left_alone() {
        for text in [
            "steps: [a]\n",
            "jobs:\n  - job: a\n",
            "steps:\n",
            "steps: &all\n- a\n",
            "a: b",
            "",
            "steps:\n\t- a\n",
        ] {
            assert_eq!(append(text, &["steps"], "- b"), None, "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_else_is_ever_said(text in "([ a:#-]{0,9}\n){0,8}", deep in proptest::bool::ANY) {
            let path: &[&str] = if deep { &["a", "a"] } else { &["a"] };
            if let Some(new) = append(&text, path, "- z: 1") {
                let kept: String = new.lines().filter(|line| line.trim() != "- z: 1").map(|l| format!("{l}\n")).collect();
                proptest::prop_assert_eq!(kept.trim_end(), text.trim_end());
            }
        }
    }
}
