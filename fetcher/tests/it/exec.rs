//! Programs run with secrets in their environment.

use leakward_fetcher::SecretPath;
use leakward_fetcher::exec::{Binding, Ending, ExecError, OnChange, Plan, Remote, Signal, run, run_remotely};

use crate::rig::{Rig, secs};

fn plan(program: &[&str], path: &str, field: Option<&str>) -> Plan {
    Plan {
        command: program.iter().map(Into::into).collect(),
        bindings: vec![Binding {
            variable: "VALUE".to_owned(),
            path: SecretPath::parse(path).unwrap(),
            field: field.map(str::to_owned),
        }],
        on_change: OnChange::Restart,
        grace: secs(10),
        wait: secs(5),
        keep_login: false,
        on_terminal: false,
    }
}

#[tokio::test]
async fn what_was_lent_for_a_program_is_given_back_at_its_end() {
    let rig = Rig::new();
    rig.mock.lend("db/creds/app", secs(3600), 5);
    let plan = plan(&["sh", "-c", "test -n \"$VALUE\""], "db/creds/app", None);
    assert_eq!(run(&rig.manager, &plan, &|_| {}).await.unwrap(), Ending::Code(0));
    assert!(rig.mock.revoked().is_empty());
    assert_eq!(rig.manager.shutdown().await.revoked, 1);
    assert_eq!(rig.mock.revoked().len(), 1);
}

#[tokio::test]
async fn a_value_that_no_environment_can_hold_is_refused_before_the_start() {
    let rig = Rig::new();
    rig.mock.put("app", "a\0b");
    let error = run(&rig.manager, &plan(&["true"], "app", None), &|_| {}).await.unwrap_err();
    assert!(matches!(&error, ExecError::Null(variable) if variable == "VALUE"), "{error}");
    assert!(!error.to_string().contains('b') || !error.to_string().contains("a\0b"));
}

#[tokio::test]
async fn a_program_that_is_not_there_is_told_by_name() {
    let rig = Rig::new();
    rig.mock.put("app", "x");
    let error = run(&rig.manager, &plan(&["/no/such/program"], "app", None), &|_| {}).await.unwrap_err();
    assert!(error.to_string().starts_with("/no/such/program: "), "{error}");
}

#[tokio::test]
async fn a_program_may_be_ended_by_order_before_and_after_its_start() {
    let rig = Rig::new();
    rig.mock.put("app", "x");
    let plan = plan(&["sh", "-c", "kill -CONT $$; sleep 60"], "app", None);
    let (remote, orders) = Remote::new();
    let client = rig.manager.clone();
    let told = |_: &str| {};
    let (ending, ()) = tokio::join!(run_remotely(&client, &plan, &told, orders), async {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        assert!(remote.signal(Signal::TERM));
    });
    assert_eq!(ending.unwrap(), Ending::Signal(15));
    assert!(!remote.signal(Signal::TERM), "it is over");
    rig.mock.hold();
    rig.manager.purge(&crate::rig::current("app"));
    let (remote, orders) = Remote::new();
    assert!(remote.signal(Signal::TERM));
    assert_eq!(run_remotely(&client, &plan, &told, orders).await.unwrap(), Ending::Signal(15));
}
