//! The concepts that this server serves. To add one: a dependency, and a line here.

use concept_ice_servers::Settings as Ice;
use concord_runtime::{Registry, RegistryFault};

/// All of them. Tokens are known by the secret, and these servers help calls through.
pub fn registry(secret: &[u8], ice: Ice) -> Result<Registry, RegistryFault> {
    let mut registry = Registry::default();
    registry.add(concept_appointment::Appointment::default())?;
    registry.add(concept_authenticating::Authenticating::new(secret))?;
    registry.add(concept_call_session::CallSession::default())?;
    registry.add(concept_call_window::CallWindow::default())?;
    registry.add(concept_clock::Clock::default())?;
    registry.add(concept_code_pad::CodePad::default())?;
    registry.add(concept_expiring::Expiring::default())?;
    registry.add(concept_ice_servers::IceServers::new(ice))?;
    registry.add(concept_metering::Metering::default())?;
    registry.add(concept_participant::Participant::default())?;
    registry.add(concept_presence::Presence::default())?;
    registry.add(concept_profile::Profile::default())?;
    registry.add(concept_rate_limiting::RateLimiting::default())?;
    registry.add(concept_requesting::Requesting)?;
    registry.add(concept_room::Room::default())?;
    registry.add(concept_socket::Socket::default())?;
    Ok(registry)
}

/// The same for those who only want to know what they are.
pub fn unserved() -> Result<Registry, RegistryFault> {
    registry(&[], Ice::default())
}
