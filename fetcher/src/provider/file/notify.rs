//! Being told by the kernel that a folder changed (inotify).

use std::collections::HashSet;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use rustix::io::Errno;
use tokio::io::unix::AsyncFd;

use crate::provider::ChangeListener;

/// Changes that come this close together are told as one: a writer makes several.
const TOGETHER: Duration = Duration::from_millis(50);
/// Most folders that are watched. Source: half of the usual `fs.inotify.max_user_watches` of old kernels.
const MAX_FOLDERS: usize = 4096;

/// Watches the folders in which secrets lie; ends when dropped.
#[derive(Debug)]
pub(super) struct Watcher {
    events: Arc<AsyncFd<OwnedFd>>,
    folders: HashSet<PathBuf>,
    task: tokio::task::JoinHandle<()>,
}

impl Watcher {
    /// `None` where the kernel refuses, or no runtime is running.
    pub(super) fn start(listener: ChangeListener) -> Option<Self> {
        let runtime = tokio::runtime::Handle::try_current().ok()?;
        let events = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).ok()?;
        let events = Arc::new(register(events)?);
        let task = runtime.spawn(run(events.clone(), listener));
        Some(Self { events, folders: HashSet::new(), task })
    }

    /// Watches `place`, if it is a folder, and the folder in which it lies: Kubernetes swaps by a link
    /// beside the file, editors by renaming over it.
    pub(super) fn add(&mut self, place: &Path) {
        let own = place.is_dir().then_some(place);
        for folder in own.into_iter().chain(place.parent()) {
            if self.folders.len() >= MAX_FOLDERS || self.folders.contains(folder) {
                continue;
            }
            let what = WatchFlags::CLOSE_WRITE
                | WatchFlags::MOVED_TO
                | WatchFlags::MOVED_FROM
                | WatchFlags::CREATE
                | WatchFlags::DELETE
                | WatchFlags::ONLYDIR;
            if inotify::add_watch(self.events.get_ref(), folder, what).is_ok() {
                self.folders.insert(folder.to_owned());
            }
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Has the runtime say when `events` can be read.
#[expect(unsafe_code, reason = "the runtime must trust that the descriptor stays what it is")]
fn register(events: OwnedFd) -> Option<AsyncFd<OwnedFd>> {
    // SAFETY: an `OwnedFd` gives the same descriptor at every call, and keeps it open until it is
    // dropped, which `AsyncFd` does only after it has taken it out of the runtime.
    unsafe { AsyncFd::register(events).ok() }
}

async fn run(events: Arc<AsyncFd<OwnedFd>>, listener: ChangeListener) {
    let mut buffer = [MaybeUninit::uninit(); 4096];
    loop {
        let Ok(mut ready) = events.readable().await else { return };
        let mut told = false;
        let mut reader = inotify::Reader::new(events.get_ref(), &mut buffer);
        loop {
            match reader.next() {
                Ok(event) => told |= !event.events().contains(ReadFlags::IGNORED),
                Err(Errno::INTR) => {}
                Err(_) => break,
            }
        }
        ready.clear_ready();
        drop(ready);
        if told {
            // Let the writer finish; what comes meanwhile is read in the next round.
            tokio::time::sleep(TOGETHER).await;
            listener.anything_changed();
        }
    }
}
