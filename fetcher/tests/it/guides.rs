//! The mapping files in the guides are ones.

use std::fs;
use std::path::Path;

use leakward_fetcher::client::Mapping;

#[test]
fn every_mapping_file_in_the_guides_is_read() {
    let guides = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/platforms");
    let mut found = 0;
    for guide in fs::read_dir(guides).unwrap() {
        let guide = guide.unwrap().path();
        let text = fs::read_to_string(&guide).unwrap();
        for block in text.split("```toml\n").skip(1) {
            let block = block.split("```").next().unwrap();
            let mapping = Mapping::parse(block).unwrap_or_else(|e| panic!("{}: {e}", guide.display()));
            assert!(mapping.secrets().next().is_some(), "{}", guide.display());
            found += 1;
        }
    }
    assert!(found >= 7, "{found} mapping files");
}

#[test]
fn policies_in_the_guides_name_exact_paths() {
    let guides = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/platforms");
    let policy =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/deploy/openbao/policies/payments-read.hcl");
    let proved = fs::read_to_string(policy).unwrap();
    let guide = fs::read_to_string(guides.join("kubernetes.md")).unwrap();
    let hcl = guide.split("```hcl\n").nth(1).unwrap().split("```").next().unwrap();
    let lines = |text: &str| {
        text.lines().filter(|l| !l.starts_with('#') && !l.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(lines(hcl), lines(&proved), "the guide shows the policy that a server has loaded");
    assert!(!hcl.contains('*'));
}
