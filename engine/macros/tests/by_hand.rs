//! What `#[concept]` stands for: one concept with the macro, and the same by hand.
//!
//! The module `by_hand` is the macro's output as a person would write it. Both are asked the same questions.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;

use concord::rt::Given;
use concord::storage::{Answer, CollectionId, DocKey, Lookup, Scan, Snapshot, Source, StorageFault, Stored};
use concord::{Concept, Ids, Input, Json, Millis, Place, Tx};

mod with_macros {
    //! As authors write it.

    use concord::{Collection, ConceptError, Data, Id, State, StoreError, Tx, concept};

    pub(crate) enum User {}

    /// A vote.
    #[derive(State)]
    pub(crate) struct Vote {
        #[id]
        pub(crate) id: Id<Vote>,
        #[index]
        pub(crate) user: Id<User>,
    }

    #[derive(Data)]
    pub(crate) struct Cast {
        vote: Id<Vote>,
    }

    #[derive(Debug, thiserror::Error, ConceptError)]
    pub(crate) enum Error {
        #[error(transparent)]
        Store(#[from] StoreError),
    }

    #[concept]
    #[derive(Default)]
    pub(crate) struct Upvote {
        votes: Collection<Vote>,
    }

    /// Let users say what they like.
    ///
    /// # Principle
    /// If a user votes, the vote counts.
    #[concept]
    impl Upvote {
        /// Casts a vote.
        ///
        /// # Effects
        /// - There is a new vote.
        #[action]
        pub(crate) async fn cast_vote(
            &self,
            tx: &mut Tx,
            user: Id<User>,
            #[secret] ballot_key: Option<String>,
        ) -> Result<Cast, Error> {
            drop(ballot_key);
            let id: Id<Vote> = tx.fresh_id();
            self.votes.insert(tx, &Vote { id: id.clone(), user }).await?;
            Ok(Cast { vote: id })
        }

        /// Lists a user's votes.
        #[query]
        pub(crate) async fn _get_votes(&self, tx: &Tx, user: Id<User>) -> Result<Vec<Cast>, Error> {
            let votes = self.votes.find(tx, Vote::USER.is(&user)).await?;
            Ok(votes.into_iter().map(|vote| Cast { vote: vote.id }).collect())
        }
    }
}

mod by_hand {
    //! As the macros have it.

    use concord::spec::{ActionSpec, CollectionSpec, ConceptSpec, ParamSpec, Role, Rows};
    use concord::{Collection, Collections, Concept, ConceptError, Id, Input, Place, Running, State, Tx, rt};
    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};

    use super::with_macros::{Error, User};

    // `#[derive(State)]` and `#[derive(Data)]` are serde, a schema and a few constants; the interesting part is below.
    pub(crate) use super::with_macros::Vote;

    #[derive(Default)]
    pub(crate) struct Upvote {
        votes: Collection<Vote>,
    }

    // `#[concept]` on the struct.
    impl Collections for Upvote {
        const COLLECTIONS: &'static [CollectionSpec] = &[CollectionSpec { name: "votes", state: Vote::SPEC }];

        fn bind(&mut self, places: &[Place]) {
            if let Some(place) = places.first() {
                self.votes.bind(place.clone());
            }
        }

        fn another(&self) -> Self {
            Self { votes: Collection::default() }
        }
    }

    // `#[concept]` on the impl: a struct for the input of each action ...
    #[derive(Serialize, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct CastVoteInput {
        #[serde(rename = "user")]
        user: Id<User>,
        #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "rt::redacted")]
        #[serde(rename = "ballotKey")]
        ballot_key: Option<String>,
    }

    #[derive(Serialize, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct GetVotesQuery {
        #[serde(rename = "user")]
        user: Id<User>,
    }

    #[derive(Serialize, JsonSchema)]
    struct Cast {
        vote: Id<Vote>,
    }

    // ... and what the engine needs to run it.
    impl Concept for Upvote {
        const SPEC: &'static ConceptSpec = &ConceptSpec {
            name: "Upvote",
            purpose: "Let users say what they like.",
            principle: "If a user votes, the vote counts.",
            actions: &[
                ActionSpec {
                    name: "castVote",
                    role: Role::Action { external: false, transient: false },
                    summary: "Casts a vote.",
                    requires: &[],
                    effects: &["There is a new vote."],
                    params: &[
                        ParamSpec { name: "user", optional: false, secret: false },
                        ParamSpec { name: "ballotKey", optional: true, secret: true },
                    ],
                    input: rt::schema::<CastVoteInput>,
                    output: rt::output::<Cast>,
                    errors: Error::ERRORS,
                    open: false,
                    stimulus: false,
                },
                ActionSpec {
                    name: "_getVotes",
                    role: Role::Query(Rows::Many),
                    summary: "Lists a user's votes.",
                    requires: &[],
                    effects: &[],
                    params: &[ParamSpec { name: "user", optional: false, secret: false }],
                    input: rt::schema::<GetVotesQuery>,
                    output: rt::output::<Cast>,
                    errors: Error::ERRORS,
                    open: false,
                    stimulus: false,
                },
            ],
        };

        fn call<'a>(&'a self, action: usize, tx: &'a mut Tx, input: Input<'a>) -> Running<'a> {
            match action {
                0 => Box::pin(async move {
                    let form = input.form();
                    let CastVoteInput { user, ballot_key } = input.read(&Self::SPEC.actions[0])?;
                    rt::action(self.cast_vote(tx, user, ballot_key).await, form)
                }),
                1 => Box::pin(async move {
                    let form = input.form();
                    let GetVotesQuery { user } = input.read(&Self::SPEC.actions[1])?;
                    rt::rows(self.get_votes(&*tx, user).await, form)
                }),
                _ => rt::no_such_action(),
            }
        }
    }

    impl Upvote {
        async fn cast_vote(
            &self,
            tx: &mut Tx,
            user: Id<User>,
            ballot_key: Option<String>,
        ) -> Result<Cast, Error> {
            drop(ballot_key);
            let id: Id<Vote> = tx.fresh_id();
            self.votes.insert(tx, &Vote { id: id.clone(), user }).await?;
            Ok(Cast { vote: id })
        }

        async fn get_votes(&self, tx: &Tx, user: Id<User>) -> Result<Vec<Cast>, Error> {
            let votes = self.votes.find(tx, Vote::USER.is(&user)).await?;
            Ok(votes.into_iter().map(|vote| Cast { vote: vote.id }).collect())
        }
    }
}

/// A store with nothing in it.
struct Empty;

impl Source for Empty {
    fn snapshot(&self) -> Answer<'_, Result<Box<dyn Snapshot>, StorageFault>> {
        Answer::Now(Ok(Box::new(Self)))
    }
}

impl Snapshot for Empty {
    fn get(&self, _: &DocKey) -> Answer<'_, Result<Option<Stored>, StorageFault>> {
        Answer::Now(Ok(None))
    }

    fn find(&self, _: &Lookup) -> Answer<'_, Result<Vec<Stored>, StorageFault>> {
        Answer::Now(Ok(Vec::new()))
    }

    fn scan(&self, _: &Scan) -> Answer<'_, Result<Vec<Stored>, StorageFault>> {
        Answer::Now(Ok(Vec::new()))
    }
}

impl Ids for Empty {
    fn bits(&self) -> u128 {
        7
    }
}

/// What a call answers, what it lets be recorded, and what it writes.
async fn answers<C: Concept + Default>(action: usize, given: Given<'_>) -> String {
    let mut concept = C::default();
    concept.bind(&[Place { id: CollectionId(0), name: "Upvote.votes".into() }]);
    let mut tx = Tx::new(Arc::new(Empty), Arc::new(Empty), Millis(0), false);
    let mut record = Json::NOTHING;
    let result = concept.call(action, &mut tx, Input::new(given, &mut record)).await;
    let result = result.map_err(|refusal| (refusal.kind, refusal.code, refusal.message, refusal.details));
    format!("{result:?} {} {:?}", String::from_utf8(record.text().into()).unwrap(), tx.finish().unwrap())
}

/// What a concept says about itself, schemas included.
fn words<C: Concept>() -> String {
    let schemas = C::SPEC.actions.iter().map(|action| {
        let mut generator = schemars::SchemaGenerator::default();
        let pair = [(action.input)(&mut generator), (action.output)(&mut generator)];
        serde_json::to_string(&(pair, generator.take_definitions(true))).unwrap()
    });
    let schemas: Vec<String> = schemas.collect();
    let actions: Vec<String> = C::SPEC
        .actions
        .iter()
        .map(|action| {
            format!(
                "{:?}",
                (
                    action.name,
                    action.role,
                    action.summary,
                    action.requires,
                    action.effects,
                    action.params,
                    action.errors
                )
            )
        })
        .collect();
    let collections: Vec<_> =
        C::COLLECTIONS.iter().map(|spec| (spec.name, spec.state.name, spec.state.indexes)).collect();
    format!(
        "{} {} {} {actions:?} {schemas:?} {collections:?}",
        C::SPEC.name,
        C::SPEC.purpose,
        C::SPEC.principle
    )
}

#[tokio::test]
async fn the_macro_and_the_hand_behave_alike() {
    let calls = [
        (0, r#"{"user":"ada"}"#),
        (0, r#"{"user":"ada","ballotKey":null}"#),
        (0, r#"{"user":"ada","ballotKey":"swordfish"}"#),
        (0, r#"{"user":""}"#),
        (0, r#"{"usr":"ada"}"#),
        (0, "[]"),
        (1, r#"{"user":"ada"}"#),
        (1, "{}"),
        (2, "{}"),
    ];
    for (action, body) in calls {
        let (macros, hand) = (
            answers::<with_macros::Upvote>(action, Given::Text(body.as_bytes())).await,
            answers::<by_hand::Upvote>(action, Given::Text(body.as_bytes())).await,
        );
        assert_eq!(macros, hand, "{body}");
    }
    let written = answers::<with_macros::Upvote>(0, Given::Text(br#"{"user":"ada"}"#)).await;
    assert!(written.contains("00000000-0000-4000-8000-000000000007"), "{written}");
}

#[tokio::test]
async fn a_record_shows_that_there_was_a_secret_and_not_which() {
    let told =
        answers::<with_macros::Upvote>(0, Given::Text(br#"{"user":"ada","ballotKey":"swordfish"}"#)).await;
    assert!(
        told.contains(r#"{"user":"ada","ballotKey":"(secret)"}"#) && !told.contains("swordfish"),
        "{told}"
    );
    let none = answers::<with_macros::Upvote>(0, Given::Text(br#"{"user":"ada","ballotKey":null}"#)).await;
    assert!(!none.contains("ballotKey"), "{none}");
}

#[test]
fn the_macro_and_the_hand_say_the_same() {
    assert_eq!(words::<with_macros::Upvote>(), words::<by_hand::Upvote>());
}
