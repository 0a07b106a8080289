//! For deadpool, and so for deadpool-postgres: its own manager is wrapped, its own checks still run.

use deadpool::managed::{Manager, Metrics, RecycleError, RecycleResult};

use super::{RollError, Rolling, Tagged};

impl<M: Manager + 'static> Manager for Rolling<M> {
    type Type = Tagged<M::Type>;
    type Error = RollError<M::Error>;

    async fn create(&self) -> Result<Self::Type, Self::Error> {
        let (reading, ticket) = self.rollover.ticket().await?;
        match self.manager(&reading, &ticket).create().await {
            Ok(connection) => Ok(Tagged { connection, ticket }),
            Err(error) => {
                drop(ticket);
                let Ok((reading, ticket)) = self.rollover.ticket_after(&reading).await else {
                    return Err(RollError::Connection(error));
                };
                let opened = self.manager(&reading, &ticket).create().await;
                opened.map(|connection| Tagged { connection, ticket }).map_err(RollError::Connection)
            }
        }
    }

    async fn recycle(&self, connection: &mut Self::Type, metrics: &Metrics) -> RecycleResult<Self::Error> {
        if !connection.ticket.is_good() {
            return Err(RecycleError::Backend(RollError::Outdated));
        }
        let Some(manager) = self.last() else {
            return Err(RecycleError::Backend(RollError::Outdated));
        };
        let recycled = manager.recycle(&mut connection.connection, metrics).await;
        recycled.map_err(|error| match error {
            RecycleError::Message(text) => RecycleError::Message(text),
            RecycleError::Backend(error) => RecycleError::Backend(RollError::Connection(error)),
        })
    }
}
