//! Continuous integration services, and the job that each gets.

use std::path::Path;

use super::insert::append;
use crate::migrate::{REPOSITORY, VERSION};

/// A service that a repository may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    GitHub,
    GitLab,
    Bitbucket,
    Azure,
    Jenkins,
    CircleCi,
}

impl Service {
    pub(super) const ALL: [Self; 6] =
        [Self::GitHub, Self::GitLab, Self::Bitbucket, Self::Azure, Self::Jenkins, Self::CircleCi];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::GitHub => "GitHub Actions",
            Self::GitLab => "GitLab",
            Self::Bitbucket => "Bitbucket Pipelines",
            Self::Azure => "Azure Pipelines",
            Self::Jenkins => "Jenkins",
            Self::CircleCi => "CircleCI",
        }
    }

    /// The file that holds the job.
    pub(super) const fn file(self) -> &'static str {
        match self {
            Self::GitHub => ".github/workflows/leakward.yml",
            Self::GitLab => ".gitlab-ci.yml",
            Self::Bitbucket => "bitbucket-pipelines.yml",
            Self::Azure => "azure-pipelines.yml",
            Self::Jenkins => "Jenkinsfile",
            Self::CircleCi => ".circleci/config.yml",
        }
    }

    /// Whether the repository in `folder` uses it.
    pub(super) fn is_used(self, folder: &Path) -> bool {
        match self {
            Self::GitHub => folder.join(".github").is_dir(),
            other => folder.join(other.file()).is_file(),
        }
    }

    /// The service's file with the job in it; `None` where the file is written in a way that no job can be added to.
    pub(super) fn with_job(self, text: &str) -> Option<String> {
        match self {
            Self::GitHub => Some(github()),
            Self::GitLab => Some(format!("{}{}", closed(text), gitlab())),
            Self::Bitbucket => append(text, &["pipelines", "default"], BITBUCKET),
            Self::Azure => append(text, &["steps"], AZURE_STEP)
                .or_else(|| append(text, &["jobs"], AZURE_JOB))
                .or_else(|| append(text, &["stages"], AZURE_STAGE)),
            Self::Jenkins => jenkins(text),
            Self::CircleCi => {
                append(&append(text, &["jobs"], CIRCLE_JOB)?, &["workflows", "*", "jobs"], "- leakward")
            }
        }
    }

    /// What the job is, for whoever adds it by hand.
    pub(super) fn job(self) -> String {
        match self {
            Self::GitHub => github(),
            Self::GitLab => gitlab(),
            Self::Bitbucket => BITBUCKET.to_owned(),
            Self::Azure => AZURE_JOB.to_owned(),
            Self::Jenkins => JENKINS.to_owned(),
            Self::CircleCi => format!("{CIRCLE_JOB}\n# and in the jobs of a workflow:\n- leakward"),
        }
    }
}

/// `text` and a blank line, if there is any.
fn closed(text: &str) -> String {
    let text = text.trim_end();
    if text.is_empty() { String::new() } else { format!("{text}\n\n") }
}

fn github() -> String {
    let action = REPOSITORY.trim_start_matches("https://github.com/");
    format!(
        r#"name: secrets
on:
  push:
  pull_request:
  schedule:
    - cron: "17 3 * * 1"
permissions:
  contents: read
jobs:
  leakward:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v6
        with:
          fetch-depth: 0
          persist-credentials: false
      - uses: {action}@{VERSION}
"#
    )
}

/// A job before all stages, as a file may name stages of its own.
fn gitlab() -> String {
    r#"leakward:
  stage: .pre
  image: python:3
  variables:
    GIT_DEPTH: 0
  script:
    - pip install --quiet leakward
    - leakward git --format gitlab --output gl-secret-detection-report.json --format human
  artifacts:
    when: always
    reports:
      secret_detection: gl-secret-detection-report.json
"#
    .to_owned()
}

const BITBUCKET: &str = "- step:
    name: Secrets
    image: python:3
    clone:
      depth: full
    script:
      - pip install --quiet leakward
      - leakward git";

const AZURE_STEP: &str = "- script: |
    pip install --quiet leakward
    leakward scan . --format azure
  displayName: Secrets";

const AZURE_JOB: &str = "- job: leakward
  displayName: Secrets
  steps:
  - checkout: self
    fetchDepth: 0
  - script: |
      pip install --quiet leakward
      leakward git --format azure
    displayName: Secrets";

const AZURE_STAGE: &str = "- stage: leakward
  dependsOn: []
  jobs:
  - job: leakward
    displayName: Secrets
    steps:
    - checkout: self
      fetchDepth: 0
    - script: |
        pip install --quiet leakward
        leakward git --format azure
      displayName: Secrets";

const CIRCLE_JOB: &str = "leakward:
  docker:
    - image: cimg/python:3.13
  steps:
    - checkout:
        method: full
    - run: pip install --quiet leakward
    - run: leakward git --format junit --output results/leakward.xml --format human
    - store_test_results:
        path: results";

const JENKINS: &str = "stage('Secrets') {
    steps {
        sh 'python3 -m venv \"$WORKSPACE_TMP/leakward\"'
        sh '\"$WORKSPACE_TMP/leakward/bin/pip\" install --quiet leakward'
        sh '\"$WORKSPACE_TMP/leakward/bin/leakward\" git --format junit --output leakward.xml --format human'
    }
    post {
        always {
            junit 'leakward.xml'
        }
    }
}";

/// A pipeline with the stage as its first; `None` where no line begins its stages.
fn jenkins(text: &str) -> Option<String> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let begins =
        |line: &&str| line.split("//").next().unwrap_or_default().split_whitespace().eq(["stages", "{"]);
    let at = lines.iter().position(begins)?;
    let next = lines[at + 1..].iter().find(|line| !line.trim().is_empty())?;
    let indent = &next[..next.len() - next.trim_start().len()];
    let stage: String = JENKINS.lines().map(|line| format!("{indent}{line}\n")).collect();
    Some(format!("{}{stage}{}", lines[..=at].concat(), lines[at + 1..].concat()))
}

#[cfg(test)]
mod tests {
    use serde_yaml_ng::Value;

    use super::*;

    fn yaml(text: &str) -> Value {
        serde_yaml_ng::from_str(text).unwrap_or_else(|e| panic!("{e}\n{text}"))
    }

    #[test]
    fn each_service_gets_a_job_that_its_file_can_hold() {
        let gitlab = Service::GitLab.with_job("stages: [build]\nbuild:\n  script: make\n").unwrap();
        assert_eq!(yaml(&gitlab)["leakward"]["stage"], ".pre");
        let bitbucket =
            "pipelines:\n  default:\n    - step:\n        script: [make]\n  branches:\n    main: []\n";
        let bitbucket = yaml(&Service::Bitbucket.with_job(bitbucket).unwrap());
        assert_eq!(bitbucket["pipelines"]["default"][1]["step"]["clone"]["depth"], "full");
        for (text, at) in [
            ("trigger: [main]\nsteps:\n- script: make\n", "steps"),
            ("jobs:\n  - job: a\n    steps: [{script: make}]\n", "jobs"),
            ("stages:\n- stage: a\n  jobs: []\npool: x\n", "stages"),
        ] {
            let azure = yaml(&Service::Azure.with_job(text).unwrap());
            assert!(serde_yaml_ng::to_string(&azure[at][1]).unwrap().contains("format azure"), "{at}");
        }
        let circle = "jobs:\n  a:\n    steps: [checkout]\nworkflows:\n  w:\n    jobs:\n      - a\n";
        let circle = yaml(&Service::CircleCi.with_job(circle).unwrap());
        assert_eq!(circle["workflows"]["w"]["jobs"][1], "leakward");
        assert!(circle["jobs"]["leakward"]["steps"].is_sequence());
        assert!(
            yaml(&github())["jobs"]["leakward"]["steps"][1]["uses"]
                .as_str()
                .unwrap()
                .starts_with("leakward/")
        );
    }

    #[test]
    fn the_book_shows_the_same_jobs() {
        let page = include_str!("../../../docs/ci.md");
        let jobs = [
            github(),
            gitlab(),
            BITBUCKET.into(),
            AZURE_JOB.into(),
            AZURE_STEP.into(),
            JENKINS.into(),
            CIRCLE_JOB.into(),
        ];
        for job in jobs {
            assert!(page.contains(&format!("\n{}\n```", job.trim_end())), "{job}");
        }
    }

    #[test]
    fn a_stage_is_the_first_of_a_pipeline() {
        let text = "pipeline {\n  agent any\n  stages { // all\n    stage('Build') {\n      steps { sh 'make' }\n    }\n  }\n}\n";
        let new = Service::Jenkins.with_job(text).unwrap();
        assert!(new.contains("  stages { // all\n    stage('Secrets') {\n        steps {\n"), "{new}");
        assert_eq!(new.matches('{').count(), new.matches('}').count());
        assert_eq!(Service::Jenkins.with_job("node { sh 'make' }\n"), None);
    }
}
