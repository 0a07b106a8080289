//! SARIF 2.1.0, as GitHub code scanning takes it. The only files that know the crate serde-sarif are this and its
//! submodules.
//!
//! What GitHub asks for beyond the standard: <https://docs.github.com/en/code-security/code-scanning> (SARIF
//! support). Suppressed findings are written only when the report has them: GitHub shows them as open alerts.

mod rule;
mod uri;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io;

use serde_json::Value;
use serde_sarif::sarif::{
    self, ArtifactContent, ArtifactLocation, Invocation, Location, Message, Notification, PhysicalLocation,
    PropertyBag, Result as Entry, ResultLevel, Run, RunAutomationDetails, Sarif, Tool, ToolComponent,
};

use super::plain::plain;
use super::totals::count;
use super::view::{View, views};
use super::{HOME, Reporter, Summary, verdict};
use crate::model::{Finding, Gap, Region, Suppression};
use crate::rule::Severity;

/// Writes SARIF.
pub(super) struct SarifLog {
    pub(super) show_secrets: bool,
    /// What tells this run's alerts from those of other runs over the same repository.
    pub(super) category: String,
}

/// Results that GitHub keeps of one run; it rejects the whole file far beyond.
const MOST_RESULTS: usize = 5000;
/// Gaps that are named one by one.
const MOST_GAPS: usize = 1000;
/// The schema that editors and validators look up.
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// What relative locations are relative to.
const ROOT: &str = "%SRCROOT%";

impl Reporter for SarifLog {
    fn report(&self, summary: &Summary<'_>, out: &mut dyn io::Write) -> io::Result<()> {
        let log = Sarif::builder()
            .schema(SCHEMA)
            .version(Value::from("2.1.0"))
            .runs(vec![self.run(summary)])
            .build();
        serde_json::to_writer_pretty(&mut *out, &log)?;
        out.write_all(b"\n")
    }

    fn warnings(&self, summary: &Summary<'_>) -> Vec<String> {
        left_out(summary).into_iter().collect()
    }
}

impl SarifLog {
    fn run(&self, summary: &Summary<'_>) -> Run {
        let rules: Vec<_> = summary.pack.rules().iter().map(|r| rule::descriptor(r)).collect();
        let driver = ToolComponent::builder()
            .name(env!("CARGO_PKG_NAME"))
            .semantic_version(env!("CARGO_PKG_VERSION"))
            .information_uri(HOME)
            .rules(rules)
            .build();
        let mut run = Run::builder()
            .tool(Tool::builder().driver(driver).build())
            .automation_details(
                RunAutomationDetails::builder()
                    .id(format!("{}/", self.category.trim_end_matches('/')))
                    .build(),
            )
            .column_kind(Value::from("unicodeCodePoints"))
            .invocations(vec![invocation(summary)])
            .results(self.results(summary))
            .build();
        if let Some(folder) = &summary.root.folder {
            let root = ArtifactLocation::builder().uri(uri::folder(folder)).build();
            run.original_uri_base_ids = Some(BTreeMap::from([(ROOT.to_owned(), root)]));
        }
        run
    }

    /// The results, at most [`MOST_RESULTS`]: the worst, in the order of the report.
    fn results(&self, summary: &Summary<'_>) -> Vec<Entry> {
        let mut kept: Vec<(usize, View<'_>)> =
            views(summary.findings, self.show_secrets).enumerate().collect();
        if kept.len() > MOST_RESULTS {
            kept.sort_by_key(|(i, v)| (Reverse((v.finding.severity, v.finding.confidence)), *i));
            kept.truncate(MOST_RESULTS);
            kept.sort_by_key(|(i, _)| *i);
        }
        kept.iter().map(|(_, view)| result(view, summary)).collect()
    }
}

fn result(view: &View<'_>, summary: &Summary<'_>) -> Entry {
    let finding = view.finding;
    let mut result = Entry::builder()
        .rule_id(finding.rule.id.as_ref())
        .level(level(finding.severity))
        .message(Message::builder().text(text(view)).build())
        .locations(vec![Location::builder().physical_location(place(view, summary, finding.region)).build()])
        .partial_fingerprints(fingerprints(finding))
        .properties(properties(view))
        .build();
    // The list of rules is the pack's, in its order.
    result.rule_index =
        summary.pack.rules().binary_search_by(|r| r.id.cmp(&finding.rule.id)).ok().map(|i| i as i64);
    let part = |(i, part): (usize, &crate::model::Related)| {
        let message = Message::builder().text(format!("{}.", part.rule.title)).build();
        let location = Location::builder().id(i as i64 + 1).message(message);
        location.physical_location(place(view, summary, part.region)).build()
    };
    if !finding.parts.is_empty() {
        result.related_locations = Some(finding.parts.iter().enumerate().map(part).collect());
    }
    result.suppressions = finding.suppressed.as_ref().map(|by| vec![suppression(by)]);
    result
}

/// The message. Its first sentence is the alert's title.
fn text(view: &View<'_>) -> String {
    let finding = view.finding;
    let why: Vec<String> = finding.why.iter().map(|w| plain(w.as_bytes())).collect();
    let mut text = format!("{}. Found: {}", finding.rule.title, view.secret());
    if !why.is_empty() {
        text += &format!(" ({})", why.join(", "));
    }
    if let Some(verdict) = &finding.verdict {
        text += &format!(". Verdict: {}", verdict::words(verdict));
    }
    text + &format!(". {}.", view.remedy())
}

fn place(view: &View<'_>, summary: &Summary<'_>, region: Region) -> PhysicalLocation {
    let column = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let lines = sarif::Region::builder()
        .start_line(column(region.start.line))
        .end_line(column(region.end.line))
        .start_column(column(region.start.column))
        .end_column(column(region.end.column));
    let mut place = PhysicalLocation::builder().artifact_location(artifact(view, summary)).build();
    if region == view.finding.region {
        let snippet = |text: String| ArtifactContent::builder().text(text).build();
        place.region = Some(lines.snippet(snippet(view.secret())).build());
        let around = sarif::Region::builder()
            .start_line(column(region.start.line))
            .end_line(column(region.end.line))
            .snippet(snippet(view.excerpt().text));
        place.context_region = Some(around.build());
    } else {
        place.region = Some(lines.build());
    }
    place
}

/// The file, relative to the repository's root where it lies below it.
fn artifact(view: &View<'_>, summary: &Summary<'_>) -> ArtifactLocation {
    match uri::file(&summary.root.prefix, &view.named_path(), summary.root.folder.as_deref()) {
        uri::File::Below(uri) => ArtifactLocation::builder().uri(uri).uri_base_id(ROOT).build(),
        uri::File::Elsewhere(uri) => ArtifactLocation::builder().uri(uri).build(),
    }
}

fn fingerprints(finding: &Finding) -> BTreeMap<String, String> {
    let mut prints = BTreeMap::from([("leakward/v1".to_owned(), finding.fingerprint.to_string())]);
    if let Some(hash) = &finding.line_hash {
        prints.insert("primaryLocationLineHash".to_owned(), hash.clone());
    }
    prints
}

fn properties(view: &View<'_>) -> PropertyBag {
    let finding = view.finding;
    let mut bag = BTreeMap::from([
        ("severity".to_owned(), finding.severity.as_str().into()),
        ("confidence".to_owned(), finding.confidence.as_str().into()),
    ]);
    if let Some(commit) = view.commit() {
        bag.insert("commit".to_owned(), commit.id.as_str().into());
    }
    if let Some(verdict) = &finding.verdict
        && let Ok(verdict) = serde_json::to_value(verdict::entry(verdict))
    {
        bag.insert("verdict".to_owned(), verdict);
    }
    if !finding.layers.is_empty() {
        bag.insert("decoded".to_owned(), finding.layers.clone().into());
    }
    PropertyBag::builder().additional_properties(bag).build()
}

fn suppression(by: &Suppression) -> sarif::Suppression {
    let (kind, reason) = match by {
        Suppression::Marker(name) => ("inSource", Some((*name).to_owned())),
        Suppression::Allow(reason) => ("external", Some(reason.clone())),
        Suppression::Baseline(reason) => ("external", reason.clone()),
    };
    let mut suppression =
        sarif::Suppression::builder().kind(Value::from(kind)).status(Value::from("accepted")).build();
    suppression.justification = reason;
    suppression
}

fn invocation(summary: &Summary<'_>) -> Invocation {
    let mut notes: Vec<Notification> =
        summary.tally.gaps.iter().take(MOST_GAPS).map(|gap| notification("error", gap_text(gap))).collect();
    if let Some(more) = summary.tally.gaps.len().checked_sub(MOST_GAPS).filter(|&n| n > 0) {
        notes.push(notification("error", format!("{more} more were not scanned.")));
    }
    notes.extend(left_out(summary).map(|text| notification("warning", format!("{text}."))));
    notes.extend(summary.tally.notes.iter().map(|n| notification("note", plain(n.as_bytes()))));
    let mut invocation = Invocation::builder()
        .execution_successful(summary.exit_code != 2)
        .exit_code(i64::from(summary.exit_code))
        .tool_execution_notifications(notes)
        .build();
    if let Some(folder) = &summary.root.folder {
        invocation.working_directory = Some(ArtifactLocation::builder().uri(uri::folder(folder)).build());
    }
    invocation
}

fn gap_text(gap: &Gap) -> String {
    format!("Not scanned: {}: {}.", plain(&gap.what), plain(gap.why.as_bytes()))
}

/// What to say when there are more findings than results may be.
fn left_out(summary: &Summary<'_>) -> Option<String> {
    let more = summary.findings.len().checked_sub(MOST_RESULTS).filter(|&n| n > 0)?;
    let more = count(more as u64, "finding");
    Some(format!(
        "SARIF report: {more} of the least severe left out, since GitHub keeps {MOST_RESULTS} results"
    ))
}

fn notification(level: &str, text: String) -> Notification {
    Notification::builder().level(Value::from(level)).message(Message::builder().text(text).build()).build()
}

const fn level(severity: Severity) -> ResultLevel {
    match severity {
        Severity::Critical | Severity::High => ResultLevel::Error,
        Severity::Medium => ResultLevel::Warning,
        Severity::Low => ResultLevel::Note,
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::model::{Related, Tally};
    use crate::report::{Root, sample};

    const TOKEN: &str = "tok_0123456789abcdefghijklmnopqrstuvWXYZ";

    fn report(summary: &Summary<'_>) -> Value {
        let mut out = Vec::new();
        SarifLog { show_secrets: false, category: "leakward".into() }.report(summary, &mut out).unwrap();
        serde_json::from_slice(&out).unwrap()
    }

    fn run_of(findings: &[Finding], tally: &Tally) -> Value {
        report(&sample::summary(findings, tally, &sample::pack()))["runs"][0].take()
    }

    fn found(text: &str) -> Finding {
        sample::finding("src/a b.py", text, TOKEN)
    }

    #[test]
    fn an_empty_run_has_results_and_rules() {
        let run = run_of(&[], &Tally::default());
        assert_eq!(run["results"], Value::Array(vec![]));
        assert_eq!(run["tool"]["driver"]["rules"][0]["id"], "acme-key");
        assert_eq!(run["automationDetails"]["id"], "leakward/");
        assert_eq!(run["columnKind"], "unicodeCodePoints");
        assert_eq!(run["invocations"][0]["executionSuccessful"], true);
        assert_eq!(run["invocations"][0]["exitCode"], 0);
    }

    #[test]
    fn a_result_names_rule_place_and_prints() {
        let run = run_of(&[found(&format!("\nkey = '{TOKEN}'"))], &Tally::default());
        let result = &run["results"][0];
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(
            (&result["ruleId"], &result["ruleIndex"], &result["level"]),
            (&"acme-key".into(), &0.into(), &"error".into())
        );
        assert_eq!(place["artifactLocation"]["uri"], "src/a%20b.py");
        assert_eq!(place["artifactLocation"]["uriBaseId"], "%SRCROOT%");
        let region = ["startLine", "startColumn", "endLine", "endColumn"]
            .map(|k| place["region"][k].as_u64().unwrap());
        assert_eq!(region, [2, 8, 2, 48]);
        assert_eq!(result["partialFingerprints"]["primaryLocationLineHash"], "39fa2ee980eb94b0:1");
        assert!(result["partialFingerprints"]["leakward/v1"].as_str().unwrap().len() == 32);
        let message = result["message"]["text"].as_str().unwrap();
        assert!(message.starts_with("Acme access key. Found: tok_****"), "{message}");
        assert_eq!(result.get("suppressions"), None);
    }

    #[test]
    fn without_a_line_hash_there_is_none() {
        let mut finding = found(TOKEN);
        finding.line_hash = None;
        let run = run_of(&[finding], &Tally::default());
        assert_eq!(run["results"][0]["partialFingerprints"].as_object().unwrap().len(), 1);
    }

    #[test]
    fn the_root_is_named_and_its_prefix_leads_the_paths() {
        let findings = [found(TOKEN)];
        let (tally, pack) = (Tally::default(), sample::pack());
        let root = Root { folder: Some(PathBuf::from("/srv/app")), prefix: "sub/".into() };
        let log = report(&Summary { root: &root, ..sample::summary(&findings, &tally, &pack) });
        let run = &log["runs"][0];
        assert_eq!(run["originalUriBaseIds"]["%SRCROOT%"]["uri"], "file:///srv/app/");
        let location = &run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"];
        assert_eq!(location["uri"], "sub/src/a%20b.py");
    }

    #[test]
    fn what_was_missed_is_notified_and_fails_the_run() {
        let mut tally = Tally::default();
        tally.gap("locked.txt", "permission denied");
        tally.notes.push("the commit changes .leakward.toml".into());
        let run = run_of(&[], &tally);
        let invocation = &run["invocations"][0];
        assert_eq!((&invocation["executionSuccessful"], &invocation["exitCode"]), (&false.into(), &2.into()));
        let notes = invocation["toolExecutionNotifications"].as_array().unwrap();
        assert_eq!(notes[0]["message"]["text"], "Not scanned: locked.txt: permission denied.");
        assert_eq!((&notes[0]["level"], &notes[1]["level"]), (&"error".into(), &"note".into()));
    }

    #[test]
    fn five_thousand_of_the_worst_results_are_kept() {
        let mut findings = vec![found(TOKEN); MOST_RESULTS + 7];
        findings[3].severity = Severity::Low;
        findings[9].severity = Severity::Medium;
        let (tally, pack) = (Tally::default(), sample::pack());
        let summary = sample::summary(&findings, &tally, &pack);
        let run = report(&summary)["runs"][0].take();
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.len(), MOST_RESULTS);
        assert!(results.iter().all(|r| r["level"] == "error"));
        let note = &run["invocations"][0]["toolExecutionNotifications"][0];
        assert!(
            note["message"]["text"].as_str().unwrap().contains("7 findings of the least severe left out")
        );
        let log = SarifLog { show_secrets: false, category: String::new() };
        assert_eq!(log.warnings(&summary).len(), 1);
    }

    #[test]
    fn suppressed_findings_and_parts_are_told() {
        let mut finding = found(TOKEN);
        finding.suppressed = Some(Suppression::Allow("docs".into()));
        finding.parts = vec![Related {
            rule: finding.rule.clone(),
            region: finding.region,
            secret: finding.secret.clone(),
        }];
        let run = run_of(&[finding], &Tally::default());
        let suppression = &run["results"][0]["suppressions"][0];
        assert_eq!(
            (&suppression["kind"], &suppression["justification"]),
            (&"external".into(), &"docs".into())
        );
        assert_eq!(run["results"][0]["relatedLocations"][0]["message"]["text"], "Acme access key.");
    }
}
