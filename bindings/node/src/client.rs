//! The client of the secrets manager, its watches and programs. Everything that waits is a promise.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use leakward_shared::{Failure, Handle, Name, ProgramOptions, Value, Watcher};
use napi::Error;
use napi::bindgen_prelude::Buffer;
use napi_derive::napi;

use crate::failure::raise;
use crate::scanner::seconds;

/// See `ClientOptions` in `index.d.ts`.
#[napi(object)]
#[derive(Default)]
pub struct ClientOptions {
    pub map_file: Option<String>,
    pub manager: Option<String>,
    pub ttl: Option<f64>,
    pub max_stale: Option<f64>,
    pub timeout: Option<f64>,
}

#[napi(object)]
#[derive(Default)]
pub struct GetOptions {
    pub refuse_stale: Option<bool>,
    pub timeout: Option<f64>,
}

#[napi(object)]
#[derive(Default)]
pub struct ExecOptions {
    pub on_change: Option<String>,
    pub wait: Option<f64>,
    pub grace: Option<f64>,
}

/// What comes of `work` in the client's own runtime.
async fn outcome<T: Send + 'static>(
    handle: &Handle,
    work: impl Future<Output = Result<T, Failure>> + Send + 'static,
) -> Result<T, Error> {
    let lost = |_| Failure::new("closed", "the work was given up");
    handle.spawn(work).await.map_err(lost).flatten().map_err(raise)
}

#[napi]
pub struct Client(Arc<leakward_shared::Client>);

#[napi]
impl Client {
    #[napi(constructor)]
    pub fn new(options: Option<ClientOptions>) -> Result<Self, Error> {
        let options = options.unwrap_or_default();
        let time = |number: Option<f64>| number.map(seconds).transpose();
        let options = leakward_shared::ClientOptions {
            map_file: options.map_file.map(PathBuf::from),
            manager: options.manager,
            ttl: time(options.ttl)?,
            max_stale: time(options.max_stale)?,
            timeout: time(options.timeout)?,
        };
        leakward_shared::Client::open(&options).map(|client| Self(Arc::new(client))).map_err(raise)
    }

    /// The fresh value held, if there is one.
    #[napi]
    pub fn held(&self, name: String) -> Result<Option<Secret>, Error> {
        let name: Name = name.parse().map_err(raise)?;
        Ok(self.0.held(&name).map_err(raise)?.map(Secret))
    }

    #[napi]
    pub async fn get(&self, name: String, options: Option<GetOptions>) -> Result<Secret, Error> {
        let options = options.unwrap_or_default();
        let name: Name = name.parse().map_err(raise)?;
        if let Some(held) = self.0.held(&name).map_err(raise)? {
            return Ok(Secret(held));
        }
        let timeout = options.timeout.map(seconds).transpose()?;
        let work = self.0.get(name, options.refuse_stale.unwrap_or(false), timeout);
        outcome(&self.0.handle(), work).await.map(Secret)
    }

    #[napi]
    pub fn invalidate(&self, name: String) -> Result<(), Error> {
        self.0.invalidate(&name.parse().map_err(raise)?);
        Ok(())
    }

    #[napi]
    pub fn watch(&self, name: String) -> Result<Watch, Error> {
        let watcher = self.0.watch(name.parse().map_err(raise)?).map_err(raise)?;
        Ok(Watch { watcher: Arc::new(watcher), client: self.0.clone() })
    }

    #[napi]
    pub fn exec(
        &self,
        command: Vec<String>,
        variables: HashMap<String, String>,
        options: Option<ExecOptions>,
    ) -> Result<Program, Error> {
        let options = options.unwrap_or_default();
        let options = ProgramOptions {
            command: command.into_iter().map(OsString::from).collect(),
            variables: variables.into_iter().collect(),
            on_change: options.on_change.unwrap_or_else(|| "restart".to_owned()),
            wait: seconds(options.wait.unwrap_or(30.0))?,
            grace: seconds(options.grace.unwrap_or(10.0))?,
        };
        let program = leakward_shared::Program::start(&self.0, options).map_err(raise)?;
        Ok(Program { program, client: self.0.clone() })
    }

    #[napi]
    pub async fn close(&self) -> Result<(), Error> {
        let work = self.0.close();
        outcome(&self.0.handle(), async move {
            work.await;
            Ok(())
        })
        .await
    }
}

#[napi]
pub struct Secret(Value);

#[napi]
impl Secret {
    /// The reason to open it is the caller's.
    #[napi]
    pub fn expose(&self) -> Buffer {
        self.0.expose().into()
    }

    #[napi]
    pub fn expose_text(&self) -> Result<String, Error> {
        let not_text = |_| raise(Failure::new("not-text", "the value is not UTF-8"));
        std::str::from_utf8(self.0.expose()).map(str::to_owned).map_err(not_text)
    }

    #[napi]
    pub fn field(&self, name: String) -> Result<Secret, Error> {
        self.0.field(&name).map(Self).map_err(raise)
    }

    #[napi(getter)]
    pub fn field_names(&self) -> Vec<String> {
        self.0.field_names()
    }

    #[napi(getter)]
    pub fn version(&self) -> String {
        self.0.version().to_owned()
    }

    #[napi(getter)]
    pub fn is_fresh(&self) -> bool {
        self.0.is_fresh()
    }

    #[napi(getter)]
    pub fn stale_for(&self) -> Option<f64> {
        self.0.stale().map(|(age, _)| age.as_secs_f64())
    }

    #[napi(getter)]
    pub fn stale_because(&self) -> Option<String> {
        self.0.stale().map(|(_, cause)| cause.to_owned())
    }
}

#[napi]
pub struct Watch {
    watcher: Arc<Watcher>,
    client: Arc<leakward_shared::Client>,
}

#[napi]
impl Watch {
    /// The next version; `null` once the watch or the client is closed.
    #[napi(js_name = "nextVersion")]
    pub async fn next_version(&self) -> Result<Option<Secret>, Error> {
        let watcher = self.watcher.clone();
        let next = outcome(&self.client.handle(), async move { watcher.next().await }).await?;
        Ok(next.map(Secret))
    }

    #[napi]
    pub fn close(&self) {
        self.watcher.close();
    }
}

#[napi]
pub struct Program {
    program: leakward_shared::Program,
    client: Arc<leakward_shared::Client>,
}

#[napi]
impl Program {
    #[napi]
    pub async fn wait(&self) -> Result<i32, Error> {
        outcome(&self.client.handle(), self.program.wait()).await
    }

    #[napi]
    pub fn signal(&self, name: String) -> Result<bool, Error> {
        self.program.signal(&name).map_err(raise)
    }

    #[napi]
    pub fn told(&self) -> Vec<String> {
        self.program.told()
    }
}
