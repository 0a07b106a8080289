//! For sqlx, whose pool opens connections by itself: it is told what to open them with, and to hand out no old ones.

use sqlx::pool::{Pool, PoolOptions};
use sqlx::{Connection, Database};

use super::Rollover;
use crate::cache::{ReadError, Reading};

impl Rollover {
    /// A pool that opens its connections with what `make` makes of the value in force, until it is closed or the client
    /// is. `options` keep all that they say but for `before_acquire`, which is taken.
    ///
    /// A login that the server refuses is the pool's error: unlike the other pools' managers, sqlx lets nobody try
    /// another value in its place. Have it set up with a role whose old password is good for a while, or credentials
    /// that are lent.
    ///
    /// # Errors
    /// When there is no usable value.
    pub async fn sqlx<DB: Database>(
        &self,
        options: PoolOptions<DB>,
        make: impl Fn(&Reading) -> <DB::Connection as Connection>::Options + Send + Sync + 'static,
    ) -> Result<Pool<DB>, ReadError> {
        let first = self.shared.handle.read().await?;
        let rollover = self.clone();
        let options = options.before_acquire(move |_, about| {
            let accepted = rollover.accepts(about.age);
            Box::pin(async move { Ok(accepted) })
        });
        self.shared.number_of(&first);
        let pool = options.connect_lazy_with(make(&first));
        let following = pool.clone();
        let task = self.follow(move |reading| following.set_connect_options(make(reading)));
        let closing = pool.close_event();
        tokio::spawn(async move {
            closing.await;
            task.abort();
        });
        Ok(pool)
    }
}
