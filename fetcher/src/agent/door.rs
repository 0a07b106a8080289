//! Where callers come in: a unix socket or a loopback address, and who may.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, UnixListener};
use tokio::task::{JoinHandle, JoinSet};

use super::connection::{self, turn_away};
use super::guard::Entrance;
use super::{Shared, at};

/// Where callers come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Door {
    /// A socket file, made for this user alone unless the settings name others.
    Unix(PathBuf),
    /// A loopback address.
    Loopback(SocketAddr),
}

/// A door cannot be opened. Whoever started the agent must choose another, or make room.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DoorError {
    /// The address can be reached from other machines.
    #[error("{0} is not a loopback address: values are not served to other machines")]
    NotLoopback(SocketAddr),
    /// Callers over loopback could be anybody on this machine, and there is no token to tell them apart.
    #[error("{0}: callers over loopback need a token, and there is none")]
    NoToken(SocketAddr),
    /// Something listens there already.
    #[error("{}: somebody listens there already", .0.display())]
    Taken(PathBuf),
    /// There is a file of another kind.
    #[error("{}: there is a file that is not a socket", .0.display())]
    Occupied(PathBuf),
    /// The system refuses.
    #[error("{place}: {cause}")]
    Io {
        /// The path or address.
        place: String,
        /// Why.
        cause: io::Error,
    },
}

impl Door {
    /// Opens the door and lets callers in, in a task of its own.
    pub(super) fn open(&self, shared: &Arc<Shared>) -> Result<JoinHandle<()>, DoorError> {
        let shared = shared.clone();
        match self {
            Self::Unix(file) => {
                let (listener, entry) = listen_unix(file, !shared.settings.users.is_empty())?;
                Ok(tokio::spawn(async move {
                    let _entry = entry;
                    serve_unix(listener, shared).await;
                }))
            }
            Self::Loopback(address) => {
                if !address.ip().is_loopback() {
                    return Err(DoorError::NotLoopback(*address));
                }
                if shared.settings.token.is_none() {
                    return Err(DoorError::NoToken(*address));
                }
                let listener = std::net::TcpListener::bind(address).map_err(at(address))?;
                listener.set_nonblocking(true).map_err(at(address))?;
                let listener = TcpListener::from_std(listener).map_err(at(address))?;
                Ok(tokio::spawn(serve_loopback(listener, shared)))
            }
        }
    }
}

/// A socket at `file`, from the first moment on with no more rights than it shall have: it is made in a folder that
/// only this user can enter, and moved.
fn listen_unix(file: &Path, shared: bool) -> Result<(UnixListener, Entry), DoorError> {
    let here = || at(file.display());
    if let Ok(found) = fs::symlink_metadata(file) {
        if !found.file_type().is_socket() {
            return Err(DoorError::Occupied(file.to_owned()));
        }
        if std::os::unix::net::UnixStream::connect(file).is_ok() {
            return Err(DoorError::Taken(file.to_owned()));
        }
    }
    let parent = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = parent.join(format!(".{:x}{:x}", std::process::id(), fastrand::u32(..)));
    fs::create_dir(&folder).map_err(here())?;
    let made = fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).and_then(|()| {
        let temporary = folder.join("s");
        let listener = UnixListener::bind(&temporary)?;
        // Where other users are let in, the kernel's word on who calls is the check.
        let mode = if shared { 0o666 } else { 0o600 };
        fs::set_permissions(&temporary, fs::Permissions::from_mode(mode))?;
        fs::rename(&temporary, file)?;
        Ok(listener)
    });
    let _ = fs::remove_file(folder.join("s"));
    let _ = fs::remove_dir(&folder);
    let listener = made.map_err(here())?;
    let inode = inode(file);
    Ok((listener, Entry { file: file.to_owned(), inode }))
}

/// A socket's name in the file system; taken away when dropped, unless another has taken the place.
struct Entry {
    file: PathBuf,
    inode: Option<u64>,
}

impl Drop for Entry {
    fn drop(&mut self) {
        if self.inode.is_some() && inode(&self.file) == self.inode {
            let _ = fs::remove_file(&self.file);
        }
    }
}

fn inode(file: &Path) -> Option<u64> {
    use std::os::unix::fs::MetadataExt;
    fs::symlink_metadata(file).ok().map(|found| found.ino())
}

async fn serve_unix(listener: UnixListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    let own = rustix::process::geteuid().as_raw();
    loop {
        let Some((stream, _)) = taken(listener.accept().await).await else { continue };
        while connections.try_join_next().is_some() {}
        let user = stream.peer_cred().ok().map(|peer| peer.uid());
        if !user.is_some_and(|user| user == own || shared.settings.users.contains(&user)) {
            tracing::warn!(user, "a caller of another user was turned away");
            shared.counters.count("unix", "wrong-user");
            connections.spawn(turn_away(stream, 403));
            continue;
        }
        match shared.place().filter(|_| !shared.is_closing()) {
            Some(place) => connections.spawn(connection::serve(stream, Entrance::Unix, place)),
            None => connections.spawn(turn_away(stream, 503)),
        };
    }
}

async fn serve_loopback(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        let Some((stream, _)) = taken(listener.accept().await).await else { continue };
        while connections.try_join_next().is_some() {}
        // One hop: an answer never leaves the machine, whatever the routes say. Failing to set it changes nothing else.
        let _ = stream.set_ttl(1);
        let _ = stream.set_nodelay(true);
        match shared.place().filter(|_| !shared.is_closing()) {
            Some(place) => connections.spawn(connection::serve(stream, Entrance::Loopback, place)),
            None => connections.spawn(turn_away(stream, 503)),
        };
    }
}

/// What was accepted. After a failure (no more file descriptors) it waits a moment, or the loop would run hot.
async fn taken<T>(accepted: io::Result<T>) -> Option<T> {
    match accepted {
        Ok(accepted) => Some(accepted),
        Err(error) => {
            tracing::warn!(kind = %error.kind(), "a connection could not be taken");
            tokio::time::sleep(Duration::from_millis(50)).await;
            None
        }
    }
}
