//! Least privilege: what a mapping's secrets need, in the language of each manager, and what an existing policy gives
//! beyond or short of that.
//!
//! Only exact names are ever printed. The one exception is AWS, where a name is followed by six characters that the
//! service chooses: they are stood in for by `??????`, which is as exact as a policy can be without the full ARN.

mod cloud;
mod hcl;
mod judge;
mod need;
mod vault;

pub use cloud::{aws_policy, azure_policy, google_policy};
pub use judge::{Complaint, judge_aws, judge_azure, judge_google, judge_vault};
pub use need::{Account, Need, NeedError, Scope, needs};
pub use vault::vault_policy;
