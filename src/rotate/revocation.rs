//! Ends a token, accessor, secret id or lease at our own server. It happens in one call, so nothing of it is written
//! down: asked again, the server says that it is over.

use leakward_fetcher::SecretProvider as _;
use leakward_fetcher::provider::vault::VaultProvider;

use super::{Plan, RotateError};
use crate::verify::{Ending, Held, ManagerSettings};

/// What was found, at the server that knows it.
#[derive(Debug)]
pub struct Revocation {
    manager: String,
    server: VaultProvider,
    held: Held,
    ending: Ending,
}

impl Revocation {
    /// Looks for `held` at each of `managers`, and for how it is ended there; `None`: none of them knows it.
    ///
    /// # Errors
    /// A manager cannot be asked.
    pub async fn find(managers: &[ManagerSettings], held: &Held) -> Result<Option<Self>, RotateError> {
        for manager in managers {
            let server = manager.vault().map_err(|e| RotateError::System(e.to_string()))?;
            let Some(server) = server else { continue };
            let what = format!("{}: looking up the {}", manager.name, held.handle.words());
            let found =
                Ending::find(&manager.name, &server, held).await.map_err(RotateError::manager(what))?;
            if let Some(ending) = found {
                return Ok(Some(Self { manager: manager.name.clone(), server, held: held.clone(), ending }));
            }
        }
        Ok(None)
    }

    /// The manager's name.
    pub fn manager(&self) -> &str {
        &self.manager
    }

    /// The call that ends it.
    pub fn call(&self) -> &str {
        &self.ending.call
    }

    /// What would be done.
    pub fn plan(&self) -> Plan {
        Plan {
            subject: format!("the {} that {} knows", self.held.handle.words(), self.manager),
            steps: vec![
                format!("end it for good: {}", self.ending.call),
                "ask the server whether it is over".to_owned(),
            ],
            rights: vec![format!("update on {}", self.ending.call)],
            warnings: vec!["what works with it stops working at once".to_owned()],
        }
    }

    /// Ends it, and asks whether it is over.
    ///
    /// # Errors
    /// The server refuses, does not answer, or still knows it.
    pub async fn run(&self) -> Result<(), RotateError> {
        let what = format!("{}: {}", self.manager, self.ending.call);
        self.ending.send(&self.server).await.map_err(RotateError::manager(&what))?;
        let left = Ending::find(&self.manager, &self.server, &self.held).await;
        // A login that ended itself cannot ask any more.
        let left = left.map_err(RotateError::manager(what))?;
        let _ = self.server.close().await;
        match left {
            None => Ok(()),
            Some(_) => Err(RotateError::StillInForce(format!("the {}", self.held.handle.words()))),
        }
    }
}
