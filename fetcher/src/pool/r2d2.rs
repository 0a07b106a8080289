//! For r2d2, whose threads must not wait for a runtime: what is held is used, and asked for when there is nothing.

use r2d2::ManageConnection;

use super::{RollError, Rolling, Tagged};

impl<M: ManageConnection> ManageConnection for Rolling<M> {
    type Connection = Tagged<M::Connection>;
    type Error = RollError<M::Error>;

    fn connect(&self) -> Result<Self::Connection, Self::Error> {
        let (reading, mut ticket) = self.rollover.try_ticket().ok_or(RollError::NotYet)?;
        match self.manager(&reading, &ticket).connect() {
            Ok(connection) => Ok(Tagged { connection, ticket }),
            Err(error) => {
                // The pool tries again by itself, by then with another value.
                ticket.condemn();
                Err(RollError::Connection(error))
            }
        }
    }

    fn is_valid(&self, connection: &mut Self::Connection) -> Result<(), Self::Error> {
        if !connection.ticket.is_good() {
            return Err(RollError::Outdated);
        }
        match self.last() {
            Some(manager) => manager.is_valid(&mut connection.connection).map_err(RollError::Connection),
            None => Err(RollError::Outdated),
        }
    }

    fn has_broken(&self, connection: &mut Self::Connection) -> bool {
        let broken = |manager: std::sync::Arc<M>| manager.has_broken(&mut connection.connection);
        !connection.ticket.is_good() || self.last().is_none_or(broken)
    }
}
