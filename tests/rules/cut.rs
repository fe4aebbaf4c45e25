//! A crash after any commit: what was due happens once, whichever commit was the last.
//!
//! The store in memory outlives the app here. It takes so many commits and then fails for good, which to whoever opens
//! the next app on it is what a crash leaves.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use concord::storage::{Answer, CollectionId, Snapshot, Source, StorageFault};
use concord_store::{Commit, CommitError, Layout, MemoryStore, OpenFlow, PrepareError, Store};
use concord_testing::{CountedIds, Part, TestApp};
use concord_tests::Album;
use serde_json::{Value, json};

use crate::site::site;

const RULES: &str = r#"
sync Invite
when
  Room.open (owner, subject: "party") : (room)
where
  Participant._in (room: "hall") : (user)
then
  Participant.join (room, user)

sync Greet
when
  Room.open (subject: "party") : (room)
  Participant.join (room, user)
then
  Room.open (owner: room + "/" + user)

sync Leave
when
  Room.open (owner, subject: "party") : (room)
then
  Participant.leave (room: "hall", user: "last")
  Room.open (owner: room + "/left")
"#;

const GUESTS: usize = 7;

/// A store whose process ends after so many commits.
struct Cut {
    store: MemoryStore,
    left: AtomicUsize,
    /// Whether firings are forgotten on the way: then they must happen twice, or this test sees nothing.
    forgetful: bool,
}

fn gone() -> StorageFault {
    StorageFault::new("the process has ended")
}

impl Source for Cut {
    fn snapshot(&self) -> Answer<'_, Result<Box<dyn Snapshot>, StorageFault>> {
        self.store.snapshot()
    }
}

impl Store for Cut {
    fn prepare(&self, layouts: &[Layout]) -> Answer<'_, Result<Vec<CollectionId>, PrepareError>> {
        self.store.prepare(layouts)
    }

    fn commit(&self, mut commit: Commit) -> Answer<'_, Result<(), CommitError>> {
        let one_less = |left: usize| left.checked_sub(1);
        if self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_err() {
            return Answer::Now(Err(CommitError::Failed(gone())));
        }
        if let (true, Some((_, row))) = (self.forgetful, &mut commit.owed.row) {
            let mut told: Value = serde_json::from_slice(row).unwrap();
            told["fired"] = json!([]);
            *row = told.to_string().into();
        }
        self.store.commit(commit)
    }

    fn journal(&self, flow: u128) -> Answer<'_, Result<Vec<Bytes>, StorageFault>> {
        self.store.journal(flow)
    }

    fn open_flows(&self) -> Answer<'_, Result<Vec<OpenFlow>, StorageFault>> {
        self.store.open_flows()
    }

    fn probe(&self) -> Answer<'_, Result<(), StorageFault>> {
        Answer::Now(if self.left.load(Ordering::SeqCst) == 0 { Err(gone()) } else { Ok(()) })
    }
}

async fn open(store: Arc<dyn Store>, ids: &Arc<CountedIds>) -> TestApp {
    site().rules("party", RULES).store(store).ids(Arc::clone(ids)).open().await
}

/// A hall with guests in it.
async fn hall(ids: &Arc<CountedIds>) -> MemoryStore {
    let store = MemoryStore::default();
    let app = open(Arc::new(store.clone()), ids).await;
    for guest in 0..GUESTS {
        let user = format!("guest {guest}");
        app.ok("Participant/join", json!({ "room": "hall", "user": user })).await;
    }
    app.ok("Participant/join", json!({ "room": "hall", "user": "last" })).await;
    app.quiet().await;
    store
}

/// Opens a party, which ends with the process after so many commits; then starts anew. What is there then, in words:
/// none if all is as it should be.
async fn after(commits: usize, forgetful: bool) -> Vec<String> {
    let ids = Arc::default();
    let store = hall(&ids).await;
    let cut = Arc::new(Cut { store: store.clone(), left: AtomicUsize::new(commits), forgetful });
    let app = open(cut, &ids).await;
    let opened = app.call("Room/open", json!({ "owner": "ada", "subject": "party" })).await;
    app.quiet().await;
    drop(app);
    let app = open(Arc::new(store.clone()), &ids).await;
    app.quiet().await;
    let mut wrong = Vec::new();
    let parties = app.ok("Room/_about", json!({ "subject": "party" })).await;
    assert_eq!(parties.as_array().unwrap().len(), usize::from(opened.is_ok()), "acknowledged or not there");
    for party in parties.as_array().unwrap() {
        let room = party["room"].as_str().unwrap();
        let guests = app.ok("Participant/_in", json!({ "room": room })).await;
        // Whether the last one left before or after the others were invited is settled by the order of the rules.
        if guests.as_array().unwrap().len() != GUESTS + 1 {
            wrong.push(format!("{} guests", guests.as_array().unwrap().len()));
        }
        let names = guests.as_array().unwrap().iter().map(|guest| guest["user"].as_str().unwrap().to_owned());
        for name in names.chain(["left".to_owned()]) {
            let greeted = app.ok("Room/_ofOwner", json!({ "owner": format!("{room}/{name}") })).await;
            if greeted.as_array().unwrap().len() != 1 {
                wrong.push(format!("{name} greeted {} times", greeted.as_array().unwrap().len()));
            }
        }
    }
    app.app().finish().await;
    let open = store.open_flows().wait().await.unwrap().len();
    if open > 0 {
        wrong.push(format!("{open} flows stay open"));
    }
    wrong
}

/// The call, the invitation, a greeting for each, the leaving.
const COMMITS: usize = 2 + GUESTS + 1 + 1;

#[tokio::test]
async fn what_was_due_happens_once_whichever_commit_was_the_last() {
    for commits in 0..=COMMITS + 1 {
        assert_eq!(after(commits, false).await, Vec::<String>::new(), "after {commits} commits");
    }
}

#[tokio::test]
async fn without_its_keys_a_firing_would_happen_twice_and_this_would_be_seen() {
    let mut seen = 0;
    for commits in 2..COMMITS {
        seen += usize::from(!after(commits, true).await.is_empty());
    }
    assert!(seen > 0);
}

#[tokio::test]
async fn what_a_failing_store_held_up_happens_when_it_is_back() {
    let ids = Arc::default();
    let store = hall(&ids).await;
    for commits in 1..COMMITS {
        let cut = Arc::new(Cut { store: store.clone(), left: AtomicUsize::new(commits), forgetful: false });
        let app = open(Arc::<Cut>::clone(&cut), &ids).await;
        // The last one is in the hall again for each party.
        let owner = format!("host {commits}");
        app.ok("Room/open", json!({ "owner": owner, "subject": "party" })).await;
        app.quiet().await;
        assert!(app.app().firings()[2] > 0, "something failed, as the store did");
        cut.left.store(usize::MAX, Ordering::SeqCst);
        let room = app.ok("Room/_ofOwner", json!({ "owner": owner })).await[0]["room"].clone();
        let greeted = json!({ "owner": format!("{}/left", room.as_str().unwrap()) });
        // The app asks the store now and then whether it is back, by itself.
        while app.ok("Room/_ofOwner", greeted.clone()).await == json!([]) {
            tokio::task::yield_now().await;
        }
        app.quiet().await;
        let guests = app.ok("Participant/_in", json!({ "room": room })).await;
        for guest in guests.as_array().unwrap() {
            let owner = format!("{}/{}", room.as_str().unwrap(), guest["user"].as_str().unwrap());
            let greeted = app.ok("Room/_ofOwner", json!({ "owner": owner })).await;
            assert_eq!(greeted.as_array().unwrap().len(), 1, "{owner} after {commits} commits");
        }
        app.ok("Participant/join", json!({ "room": "hall", "user": "last" })).await;
    }
}

const FILES: &str = r#"
contract Files at "/files"

sync Begin
when
  Requesting.request (route: "POST /", file) : (request)
then
  Room.open (owner: file.blob, subject: "file")
  Requesting.respond (request)

sync Keep
when
  Room.open (owner, subject: "file")
then
  Album.add (name: "late", kind: "x", blob: owner)
"#;

#[tokio::test]
async fn a_file_waits_for_a_flow_that_a_failing_store_held_up() {
    let kept = tempfile::tempdir().unwrap();
    let cut = Cut { store: MemoryStore::default(), left: AtomicUsize::new(1), forgetful: false };
    let cut = Arc::new(cut);
    let site = site().concept(Album::new(kept.path())).rules("files", FILES).store(Arc::<Cut>::clone(&cut));
    let app = site.open().await;
    let file = Part::file("file", "a", "text/plain", b"bytes");
    assert_eq!(app.form("POST /files", &[], &[file]).await.status(), 204);
    app.quiet().await;
    assert_eq!(app.files(), 1, "somebody is still to take it");
    cut.left.store(usize::MAX, Ordering::SeqCst);
    while app.files() > 0 {
        tokio::task::yield_now().await;
    }
    let rooms = app.ok("Room/_about", json!({ "subject": "file" })).await;
    let picture = app.ok("Album/_get", json!({ "picture": rooms[0]["owner"] })).await;
    assert_eq!(picture, json!([{ "name": "late", "kind": "x", "bytes": 5 }]));
}
