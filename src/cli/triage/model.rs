//! What has been decided, and what a key does. Knows nothing of the screen.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde::{Deserialize, Serialize};

use crate::report::Card;

/// What a person says of a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decision", content = "reason", rename_all = "lowercase")]
pub(super) enum Decision {
    /// A secret that must be dealt with.
    Real,
    /// No secret.
    False,
    /// A secret that stays for now, and why.
    Accepted(String),
    /// A secret that is to be given a new value.
    Rotate,
}

impl Decision {
    /// One character, the key that decides so.
    pub(super) const fn letter(&self) -> char {
        match self {
            Self::Real => 'r',
            Self::False => 'f',
            Self::Accepted(_) => 'a',
            Self::Rotate => 'o',
        }
    }

    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::False => "false alarm",
            Self::Accepted(_) => "accepted",
            Self::Rotate => "rotate",
        }
    }

    /// Why the finding goes into the baseline, if it does.
    pub(super) fn reason(&self) -> Option<&str> {
        match self {
            Self::False => Some("false alarm"),
            Self::Accepted(reason) => Some(reason),
            Self::Real | Self::Rotate => None,
        }
    }
}

/// What the keys mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mode {
    /// Going through the list.
    List,
    /// Typing what the list is filtered by.
    Filter,
    /// Typing why a finding is accepted, and whether all of its secret are.
    Reason { text: String, all: bool },
    /// Reading the keys.
    Help,
}

/// What is to be done after a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Nothing,
    /// A decision was made or taken back.
    Decided,
    /// The end, with the baseline written.
    Finish,
    /// The end, with the decisions kept for the next time.
    Leave,
}

/// The state of a triage.
pub(super) struct Model {
    pub(super) cards: Vec<Card>,
    pub(super) decisions: Vec<Option<Decision>>,
    /// Lower-case text of each card that a filter looks at.
    words: Vec<String>,
    /// Numbers of the cards that are listed.
    pub(super) listed: Vec<usize>,
    /// Which of those is chosen.
    pub(super) chosen: usize,
    pub(super) mode: Mode,
    pub(super) filter: String,
    /// Whether what has been decided is left out.
    pub(super) open_only: bool,
    /// What was decided before, for what one key changed.
    undo: Vec<Vec<(usize, Option<Decision>)>>,
    /// Rows that a page has, told by the screen.
    pub(super) page: usize,
}

impl Model {
    /// Cards with what was decided of them before; the worst come first.
    pub(super) fn new(mut cards: Vec<Card>, decided: impl Fn(&str) -> Option<Decision>) -> Self {
        cards.sort_by(|a, b| b.severity.cmp(&a.severity).then(b.confidence.cmp(&a.confidence)));
        let decisions: Vec<_> = cards.iter().map(|card| decided(&card.fingerprint)).collect();
        let words = cards.iter().map(|card| {
            let more = [&card.verdict, &card.commit].map(|text| text.as_deref().unwrap_or_default());
            format!("{} {} {} {} {}", card.place, card.rule, card.title, card.line.concat(), more.join(" "))
                .to_lowercase()
        });
        let mut model = Self {
            words: words.collect(),
            listed: (0..cards.len()).collect(),
            chosen: 0,
            mode: Mode::List,
            filter: String::new(),
            open_only: false,
            undo: Vec::new(),
            page: 10,
            decisions,
            cards,
        };
        model.chosen = model.next_open(0).unwrap_or(0);
        model
    }

    /// The chosen card's number.
    pub(super) fn current(&self) -> Option<usize> {
        self.listed.get(self.chosen).copied()
    }

    /// How many findings are decided.
    pub(super) fn decided(&self) -> usize {
        self.decisions.iter().flatten().count()
    }

    pub(super) fn key(&mut self, key: KeyEvent) -> Effect {
        if key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL) {
            return Effect::Leave;
        }
        match &self.mode {
            Mode::List => self.list_key(key.code),
            Mode::Filter => self.filter_key(key.code),
            Mode::Reason { .. } => self.reason_key(key.code),
            Mode::Help => {
                self.mode = Mode::List;
                Effect::Nothing
            }
        }
    }

    fn list_key(&mut self, code: KeyCode) -> Effect {
        let all = matches!(code, KeyCode::Char(letter) if letter.is_ascii_uppercase());
        match code {
            KeyCode::Down | KeyCode::Char('j') => self.go(1),
            KeyCode::Up | KeyCode::Char('k') => self.go(-1),
            KeyCode::PageDown => self.go(self.page as isize),
            KeyCode::PageUp => self.go(-(self.page as isize)),
            KeyCode::Home | KeyCode::Char('g') => self.chosen = 0,
            KeyCode::End => self.go(self.listed.len() as isize),
            KeyCode::Char('n') | KeyCode::Tab => {
                self.chosen =
                    self.next_open(self.chosen + 1).or_else(|| self.next_open(0)).unwrap_or(self.chosen);
            }
            KeyCode::Char('r' | 'R') => return self.decide(Some(Decision::Real), all),
            KeyCode::Char('f' | 'F') => return self.decide(Some(Decision::False), all),
            KeyCode::Char('o' | 'O') => return self.decide(Some(Decision::Rotate), all),
            KeyCode::Char('a' | 'A') if self.current().is_some() => {
                self.mode = Mode::Reason { text: String::new(), all };
            }
            KeyCode::Char('c') | KeyCode::Delete => return self.decide(None, false),
            KeyCode::Char('u') => return self.take_back(),
            KeyCode::Char('/') => self.mode = Mode::Filter,
            KeyCode::Char('h') => {
                self.open_only = !self.open_only;
                self.list();
            }
            KeyCode::Esc => {
                self.filter.clear();
                self.list();
            }
            KeyCode::Char('?') => self.mode = Mode::Help,
            KeyCode::Char('q') => return Effect::Finish,
            KeyCode::Char('Q') => return Effect::Leave,
            _ => {}
        }
        Effect::Nothing
    }

    fn filter_key(&mut self, code: KeyCode) -> Effect {
        match code {
            KeyCode::Char(letter) => self.filter.push(letter),
            KeyCode::Backspace => _ = self.filter.pop(),
            KeyCode::Esc => {
                self.filter.clear();
                self.mode = Mode::List;
            }
            KeyCode::Enter | KeyCode::Down => self.mode = Mode::List,
            _ => return Effect::Nothing,
        }
        self.list();
        Effect::Nothing
    }

    fn reason_key(&mut self, code: KeyCode) -> Effect {
        let Mode::Reason { text, all } = &mut self.mode else { return Effect::Nothing };
        match code {
            KeyCode::Char(letter) => text.push(letter),
            KeyCode::Backspace => _ = text.pop(),
            KeyCode::Esc => self.mode = Mode::List,
            // An acceptance without a reason says nothing to whoever reads it next year.
            KeyCode::Enter if !text.trim().is_empty() => {
                let (reason, all) = (text.trim().to_owned(), *all);
                self.mode = Mode::List;
                return self.decide(Some(Decision::Accepted(reason)), all);
            }
            _ => {}
        }
        Effect::Nothing
    }

    /// Decides about the chosen finding, or `all` of its secret, and goes on to the next that is open.
    fn decide(&mut self, decision: Option<Decision>, all: bool) -> Effect {
        let Some(current) = self.current() else { return Effect::Nothing };
        let same = self.cards[current].same;
        let concerned: Vec<usize> = match all {
            true => (0..self.cards.len()).filter(|&i| self.cards[i].same == same).collect(),
            false => vec![current],
        };
        self.undo.push(concerned.iter().map(|&i| (i, self.decisions[i].clone())).collect());
        let goes_on = decision.is_some();
        for i in concerned {
            self.decisions[i].clone_from(&decision);
        }
        if self.open_only {
            self.list();
        } else if goes_on {
            let after = self.next_open(self.chosen + 1).or_else(|| self.next_open(0));
            self.chosen = after.unwrap_or(self.chosen);
        }
        Effect::Decided
    }

    fn take_back(&mut self) -> Effect {
        let Some(before) = self.undo.pop() else { return Effect::Nothing };
        let first = before.first().map(|(i, _)| *i);
        for (i, decision) in before {
            self.decisions[i] = decision;
        }
        self.list();
        if let Some(at) = self.listed.iter().position(|i| Some(*i) == first) {
            self.chosen = at;
        }
        Effect::Decided
    }

    fn go(&mut self, by: isize) {
        let last = self.listed.len().saturating_sub(1);
        self.chosen = self.chosen.saturating_add_signed(by).min(last);
    }

    /// The first open finding of the list from `from` on.
    fn next_open(&self, from: usize) -> Option<usize> {
        (from..self.listed.len()).find(|&at| self.decisions[self.listed[at]].is_none())
    }

    /// Lists what the filter leaves; the chosen finding stays chosen where it is listed still.
    fn list(&mut self) {
        let current = self.current();
        let asked = self.filter.to_lowercase();
        let asked: Vec<&str> = asked.split_whitespace().collect();
        let fits = |i: &usize| {
            asked.iter().all(|word| self.words[*i].contains(word))
                && !(self.open_only && self.decisions[*i].is_some())
        };
        self.listed = (0..self.cards.len()).filter(fits).collect();
        // What went leaves its place to what came after it.
        let at = self.listed.iter().position(|i| *i >= current.unwrap_or(0));
        self.chosen = at.unwrap_or(self.listed.len().saturating_sub(1));
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::rule::{Confidence, Severity};

    pub(in super::super) fn card(n: usize, severity: Severity) -> Card {
        Card {
            fingerprint: format!("{n:032x}"),
            rule: "generic-password".into(),
            title: "password".into(),
            severity,
            confidence: Confidence::Medium,
            place: format!("src/mod{n}/settings.py:{n}:13"),
            kind: "file",
            line: ["password = '".into(), "********".into(), "'".into()],
            remedy: "Change the password at the service it opens".into(),
            why: "unlikeness to words".into(),
            verdict: None,
            commit: None,
            spread: Vec::new(),
            same: n / 2,
        }
    }

    pub(in super::super) fn model(n: usize) -> Model {
        Model::new((0..n).map(|i| card(i, Severity::High)).collect(), |_| None)
    }

    pub(in super::super) fn press(model: &mut Model, keys: &str) -> Effect {
        let code = |letter| match letter {
            '\n' => KeyCode::Enter,
            '\u{1b}' => KeyCode::Esc,
            letter => KeyCode::Char(letter),
        };
        keys.chars().map(|letter| model.key(KeyEvent::new(code(letter), KeyModifiers::NONE))).last().unwrap()
    }

    #[test]
    fn a_decision_goes_on_to_what_is_open() {
        let mut model = model(4);
        assert_eq!(press(&mut model, "r"), Effect::Decided);
        assert_eq!(model.current(), Some(1));
        press(&mut model, "jf");
        assert_eq!(model.decisions[2], Some(Decision::False));
        assert_eq!(model.current(), Some(3));
        press(&mut model, "o");
        assert_eq!((model.current(), model.decided()), (Some(1), 3));
    }

    #[test]
    fn an_acceptance_wants_a_reason() {
        let mut model = model(2);
        assert_eq!(press(&mut model, "a  \n"), Effect::Nothing);
        assert!(matches!(model.mode, Mode::Reason { .. }));
        assert_eq!(press(&mut model, "kept for q4\n"), Effect::Decided);
        assert_eq!(model.decisions[0], Some(Decision::Accepted("kept for q4".into())));
        press(&mut model, "aq\u{1b}");
        assert_eq!((model.decisions[1].clone(), &model.mode), (None, &Mode::List));
    }

    #[test]
    fn capitals_decide_about_all_places_of_a_secret_and_undo_takes_all_back() {
        let mut model = model(4);
        press(&mut model, "F");
        assert_eq!(model.decided(), 2);
        press(&mut model, "Arest\n");
        assert_eq!(model.decided(), 4);
        press(&mut model, "uu");
        assert_eq!((model.decided(), model.current()), (0, Some(0)));
        assert_eq!(press(&mut model, "u"), Effect::Nothing);
    }

    #[test]
    fn a_filter_narrows_the_list_and_q_in_it_is_a_letter() {
        let mut model = model(30);
        press(&mut model, "/mod2 SETTINGS\n");
        assert_eq!(model.listed, [2, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29]);
        assert_eq!(press(&mut model, "/q"), Effect::Nothing);
        assert!(model.listed.is_empty());
        assert_eq!(press(&mut model, "\u{1b}r"), Effect::Decided);
        assert_eq!(press(&mut model, "/nothing\nrfoajk"), Effect::Nothing, "an empty list");
        press(&mut model, "\u{1b}h");
        assert_eq!(model.listed.len(), 29, "what is decided is left out");
        press(&mut model, "r");
        assert_eq!((model.listed.len(), model.current()), (28, Some(2)));
    }

    #[test]
    fn the_worst_come_first_and_what_was_decided_is_known() {
        let cards = vec![card(0, Severity::Low), card(1, Severity::Critical), card(2, Severity::High)];
        let model = Model::new(cards, |name| name.ends_with('1').then_some(Decision::Real));
        let order: Vec<_> = model.cards.iter().map(|card| card.severity).collect();
        assert_eq!(order, [Severity::Critical, Severity::High, Severity::Low]);
        assert_eq!((model.decided(), model.current()), (1, Some(1)));
    }

    proptest::proptest! {
        #[test]
        fn no_keys_break_it(n in 0_usize..6, keys in "[rfoaAFRcuhjkgnq/?\n\u{1b}x ]{0,60}") {
            let mut model = model(n);
            for letter in keys.chars() {
                press(&mut model, &letter.to_string());
                proptest::prop_assert!(model.chosen == 0 || model.chosen < model.listed.len());
            }
        }
    }
}
