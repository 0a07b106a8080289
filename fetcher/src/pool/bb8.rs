//! For bb8, which evicts nothing by itself: connections are looked at when they go out and when they come back.

use bb8::ManageConnection;

use super::{RollError, Rolling, Tagged};

impl<M: ManageConnection> ManageConnection for Rolling<M> {
    type Connection = Tagged<M::Connection>;
    type Error = RollError<M::Error>;

    async fn connect(&self) -> Result<Self::Connection, Self::Error> {
        let (reading, ticket) = self.rollover.ticket().await?;
        match self.manager(&reading, &ticket).connect().await {
            Ok(connection) => Ok(Tagged { connection, ticket }),
            // Revoked behind our back, or just replaced: once more with another value, if there is one.
            Err(error) => {
                drop(ticket);
                let Ok((reading, ticket)) = self.rollover.ticket_after(&reading).await else {
                    return Err(RollError::Connection(error));
                };
                let opened = self.manager(&reading, &ticket).connect().await;
                opened.map(|connection| Tagged { connection, ticket }).map_err(RollError::Connection)
            }
        }
    }

    async fn is_valid(&self, connection: &mut Self::Connection) -> Result<(), Self::Error> {
        if !connection.ticket.is_good() {
            return Err(RollError::Outdated);
        }
        match self.last() {
            Some(manager) => {
                manager.is_valid(&mut connection.connection).await.map_err(RollError::Connection)
            }
            None => Err(RollError::Outdated),
        }
    }

    fn has_broken(&self, connection: &mut Self::Connection) -> bool {
        let broken = |manager: std::sync::Arc<M>| manager.has_broken(&mut connection.connection);
        !connection.ticket.is_good() || self.last().is_none_or(broken)
    }
}
