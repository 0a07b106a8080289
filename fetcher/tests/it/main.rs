//! Tests against real servers. `LEAKWARD_TOOLS` names the folder that `tests/setup.sh` fills; without it, it is
//! `target/tools` of this repository. A server that is not installed fails the test and says so.

mod bao;
mod http;
mod vault;
mod vault_faults;
mod vault_login;
