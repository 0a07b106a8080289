//! How a triage looks. The terminal's own colours are used, so that it suits light and dark ones.

use ratatui::Frame;
use ratatui::layout::{Alignment, Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Clear, List, ListItem, ListState, Paragraph, Wrap};

use super::model::{Mode, Model};
use crate::report::Card;
use crate::rule::Severity;

/// Lines that the chosen finding takes at most.
const DETAIL: u16 = 14;

/// What each key does.
const KEYS: &[(&str, &str)] = &[
    ("j k ↓ ↑", "another finding; PgDn PgUp Home End go further"),
    ("n", "the next that is not decided"),
    ("r", "real: a secret that must be dealt with"),
    ("f", "false alarm: goes into the baseline"),
    ("a", "accepted for a reason: goes into the baseline"),
    ("o", "rotate: the commands for it are told at the end"),
    ("R F A O", "the same for every place of this secret"),
    ("c", "clear the decision"),
    ("u", "undo"),
    ("/", "filter by words; Esc ends it"),
    ("h", "hide what is decided, or show it"),
    ("q", "write the baseline and end"),
    ("Q Ctrl-C", "end; decisions are kept for the next time"),
];

pub(super) fn draw(frame: &mut Frame<'_>, model: &mut Model, subject: &str, colors: bool) {
    let area = frame.area();
    let detail = DETAIL.min(area.height / 2);
    let parts =
        [Constraint::Length(1), Constraint::Min(1), Constraint::Length(detail), Constraint::Length(1)];
    let [head, list, card, foot] = Layout::vertical(parts).areas(area);
    let paint = Paint { colors };
    header(frame, head, model, subject, paint);
    rows(frame, list, model, paint);
    if let Some(current) = model.current() {
        chosen(frame, card, model, current, paint);
    }
    footer(frame, foot, model);
    if model.mode == Mode::Help {
        help(frame, area);
    }
}

/// Colours, where they are wanted.
#[derive(Clone, Copy)]
struct Paint {
    colors: bool,
}

impl Paint {
    fn fg(self, color: Color) -> Style {
        if self.colors { Style::new().fg(color) } else { Style::new() }
    }

    fn severity(self, severity: Severity) -> Style {
        let style = match severity {
            Severity::Critical => self.fg(Color::Magenta),
            Severity::High => self.fg(Color::Red),
            Severity::Medium => self.fg(Color::Yellow),
            Severity::Low => self.fg(Color::Blue),
        };
        style.add_modifier(Modifier::BOLD)
    }
}

fn header(frame: &mut Frame<'_>, area: Rect, model: &Model, subject: &str, paint: Paint) {
    let [left, right] = Layout::horizontal([Constraint::Min(1), Constraint::Length(24)]).areas(area);
    let title =
        Span::styled(" Leakward triage ", Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD));
    frame.render_widget(Line::from(vec![title, Span::raw(" "), Span::raw(subject.to_owned())]), left);
    let done = format!("{} of {} decided ", model.decided(), model.cards.len());
    let style = if model.decided() == model.cards.len() { paint.fg(Color::Green) } else { Style::new() };
    frame.render_widget(Paragraph::new(done).alignment(Alignment::Right).style(style), right);
}

fn rows(frame: &mut Frame<'_>, area: Rect, model: &mut Model, paint: Paint) {
    let block = Block::new().borders(Borders::TOP);
    let inner = block.inner(area);
    model.page = usize::from(inner.height.saturating_sub(1)).max(1);
    if model.listed.is_empty() {
        let words =
            if model.cards.is_empty() { "nothing was found" } else { "nothing matches; Esc shows all" };
        frame.render_widget(Paragraph::new(words).alignment(Alignment::Center).block(block), area);
        return;
    }
    // Rows in sight alone are made: there may be many.
    let height = usize::from(inner.height).max(1);
    let first = model.chosen.saturating_sub(height / 2).min(model.listed.len().saturating_sub(height));
    let shown = model.listed[first..].iter().take(height);
    let items: Vec<_> = shown
        .map(|&i| row(&model.cards[i], model.decisions[i].as_ref().map(|d| d.letter()), paint))
        .collect();
    let list = List::new(items)
        .block(block)
        .highlight_symbol("▌")
        .highlight_style(Style::new().add_modifier(Modifier::REVERSED));
    let mut state = ListState::default().with_selected(Some(model.chosen - first));
    frame.render_stateful_widget(list, area, &mut state);
}

fn row<'r>(card: &'r Card, decision: Option<char>, paint: Paint) -> ListItem<'r> {
    let mark = decision.map_or_else(|| "[ ] ".to_owned(), |letter| format!("[{letter}] "));
    let faint = if decision.is_some() { Style::new().add_modifier(Modifier::DIM) } else { Style::new() };
    ListItem::new(Line::from(vec![
        Span::styled(mark, if decision.is_some() { paint.fg(Color::Green) } else { Style::new() }),
        Span::styled(format!("{:<9}", card.severity.as_str()), paint.severity(card.severity)),
        Span::styled(format!("{:<26} ", cut(&card.title, 26)), faint),
        Span::styled(&*card.place, faint),
    ]))
}

/// `text`, or its beginning in `most` characters.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        text.to_owned()
    } else {
        text.chars().take(most - 1).chain(['…']).collect()
    }
}

fn chosen(frame: &mut Frame<'_>, area: Rect, model: &Model, current: usize, paint: Paint) {
    let card = &model.cards[current];
    let faint = Style::new().add_modifier(Modifier::DIM);
    let fact = |name: &'static str, text: String| {
        Line::from(vec![Span::styled(format!("{name:<9}"), faint), Span::raw(text)])
    };
    let [before, secret, after] = &card.line;
    let secret = Span::styled(&**secret, Style::new().add_modifier(Modifier::REVERSED));
    let mut lines = vec![
        Line::from(vec![Span::raw(before.trim_start()), secret, Span::raw(&**after)]),
        Line::default(),
        fact("do", card.remedy.clone()),
    ];
    if let Some(decision) = &model.decisions[current] {
        let reason = decision.reason().map_or_else(String::new, |reason| format!(": {reason}"));
        lines.push(fact("decided", format!("{}{reason}", decision.word())));
    }
    lines.extend(card.verdict.clone().map(|verdict| fact("verdict", verdict)));
    lines.extend(card.commit.clone().map(|commit| fact("commit", commit)));
    lines.extend(card.spread.iter().map(|words| fact("spread", words.clone())));
    let others = model.cards.iter().filter(|other| other.same == card.same).count() - 1;
    if others > 0 {
        lines.push(fact("also", format!("in {others} more places; a capital letter decides about all")));
    }
    lines.push(fact("why", format!("{}; {} confidence", card.why, card.confidence.as_str())));
    lines.push(fact("rule", format!("{}, found in: {}", card.rule, card.kind)));
    let title = Line::from(vec![
        Span::styled(format!(" {} ", card.severity.as_str()), paint.severity(card.severity)),
        Span::styled(&*card.title, Style::new().add_modifier(Modifier::BOLD)),
        Span::raw(format!(" {} ", card.place)),
    ]);
    let block = Block::new().borders(Borders::TOP).title(title);
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }).block(block), area);
}

fn footer(frame: &mut Frame<'_>, area: Rect, model: &Model) {
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let asked = |question: &'static str, text: &str| {
        Line::from(vec![
            Span::styled(question, bold),
            Span::raw(text.to_owned()),
            Span::styled("█", Style::new().add_modifier(Modifier::DIM)),
        ])
    };
    let line = match &model.mode {
        Mode::Filter => asked("filter: ", &model.filter),
        Mode::Reason { text, all: false } => asked("why is it accepted: ", text),
        Mode::Reason { text, all: true } => asked("why are all places of it accepted: ", text),
        Mode::List | Mode::Help => {
            let keys = [
                ("r", "real"),
                ("f", "false"),
                ("a", "accept"),
                ("o", "rotate"),
                ("u", "undo"),
                ("/", "filter"),
                ("?", "keys"),
                ("q", "write and end"),
            ];
            Line::from(
                keys.iter()
                    .flat_map(|(key, word)| [Span::styled(*key, bold), Span::raw(format!(" {word}  "))])
                    .collect::<Vec<_>>(),
            )
        }
    };
    frame.render_widget(line, area);
}

fn help(frame: &mut Frame<'_>, area: Rect) {
    let height = (KEYS.len() as u16 + 2).min(area.height);
    let width = 66.min(area.width);
    let at = Rect::new((area.width - width) / 2, (area.height - height) / 2, width, height);
    let lines: Vec<_> = KEYS
        .iter()
        .map(|(key, words)| {
            Line::from(vec![
                Span::styled(format!(" {key:<10}"), Style::new().add_modifier(Modifier::BOLD)),
                Span::raw(*words),
            ])
        })
        .collect();
    frame.render_widget(Clear, at);
    frame.render_widget(Paragraph::new(lines).block(Block::bordered().title(" Keys; any closes this ")), at);
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::super::model::tests::{model, press};
    use super::*;

    fn shown(model: &mut Model, width: u16, height: u16) -> Vec<String> {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(frame, model, "shop", true)).unwrap();
        let buffer = terminal.backend().buffer();
        let row = |y| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned();
        (0..height).map(row).collect()
    }

    #[test]
    fn the_list_the_finding_and_the_keys_are_in_sight() {
        let mut model = model(3);
        press(&mut model, "f");
        let rows = shown(&mut model, 90, 24);
        assert!(
            rows[0].starts_with(" Leakward triage  shop") && rows[0].ends_with("1 of 3 decided"),
            "{rows:#?}"
        );
        assert_eq!(rows[2], " [f] high     password                   src/mod0/settings.py:0:13");
        assert_eq!(rows[3], "▌[ ] high     password                   src/mod1/settings.py:1:13");
        assert!(rows.iter().any(|row| row == "password = '********'"), "{rows:#?}");
        assert!(rows.iter().any(|row| row.starts_with("do       Change the password")), "{rows:#?}");
        assert!(rows[23].starts_with("r real  f false"), "{rows:#?}");
        press(&mut model, "awhy not");
        assert!(shown(&mut model, 90, 24)[23].starts_with("why is it accepted: why not█"));
        press(&mut model, "\u{1b}?");
        assert!(shown(&mut model, 90, 24).iter().any(|row| row.contains("write the baseline and end")));
    }

    #[test]
    fn every_size_of_terminal_will_do() {
        for (width, height) in [(1, 1), (4, 3), (20, 5), (40, 12), (80, 24), (300, 90)] {
            for n in [0, 1, 200] {
                let mut model = model(n);
                for keys in ["jjj", "/x", "\u{1b}?", "x", "a"] {
                    press(&mut model, keys);
                    shown(&mut model, width, height);
                }
            }
        }
    }

    #[test]
    fn the_chosen_row_is_in_sight_wherever_it_is() {
        let mut model = model(500);
        for _ in 0..250 {
            press(&mut model, "j");
        }
        assert!(
            shown(&mut model, 80, 24).iter().any(|row| row.starts_with("▌[ ]") && row.contains("mod250/"))
        );
    }
}
