//! How a role that runs until it is stopped hears that it is: SIGTERM, as of an operator, or SIGINT.

use std::io;

use tokio::signal::unix::{SignalKind, signal};

/// Ends when the program is told to stop. From here on it does not end by itself.
///
/// # Errors
/// The system does not let us listen.
pub(super) fn stopped() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let (mut terminated, mut interrupted) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminated.recv() => {}
            _ = interrupted.recv() => {}
        }
    })
}
