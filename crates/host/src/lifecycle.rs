use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Makes aws-lc the process's crypto provider. Must be the first thing `main` does; calling it again changes nothing.
pub fn install_crypto_provider() {
    // An error means that it, or another, is installed already; the dependency check makes sure there is no other.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

/// Cancels `stop` at the first SIGTERM or SIGINT, and ends the process at the second.
///
/// # Errors
/// When the signals cannot be listened to.
pub fn stop_on_signal(stop: CancellationToken) -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        for round in 0_u8.. {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if round > 0 {
                tracing::warn!("second signal: ending at once");
                std::process::exit(130);
            }
            tracing::info!("signal received: finishing what runs, then ending");
            stop.cancel();
        }
    });
    Ok(())
}
