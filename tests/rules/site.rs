//! An app with the concepts that these rules speak of.

use concept_call_session::CallSession;
use concept_clock::Clock;
use concept_expiring::Expiring;
use concept_participant::Participant;
use concept_requesting::Requesting;
use concept_room::Room;
use concord_testing::Harness;

pub(crate) fn site() -> Harness {
    Harness::default()
        .concept(CallSession::default())
        .concept(Clock::default())
        .concept(Expiring::default())
        .concept(Participant::default())
        .concept(Requesting)
        .concept(Room::default())
}
