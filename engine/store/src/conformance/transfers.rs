//! Money that moves between accounts on real threads, and an accountant who counts it.
//!
//! Half of the accounts are durable, half volatile, so most transfers are mixed commits. The sum is the same in every
//! view that anybody gets to keep: one that shows half of a transfer has another sum.

use std::sync::Arc;

use concord::{Collection, Tx};
use tokio::task::JoinSet;

use super::lab::{Focus, Item, Lab, id};
use super::{Failure, Outcome};
use crate::store::{CommitError, Store};

/// How much to do.
#[derive(Debug, Clone, Copy)]
pub struct Transfers {
    /// How many accounts.
    pub accounts: u64,
    /// How many tasks.
    pub tasks: u64,
    /// How many transfers each task makes; it counts all the money after every fourth.
    pub rounds: u64,
}

/// What each account has to begin with.
const START: i64 = 100;

/// The flow that stands for all transfers.
const FLOW: u128 = 5 << 80;

/// Does the transfers, on the runtime that this runs on. Panics when money comes or goes.
pub async fn transfers(store: Arc<dyn Store>, amount: Transfers) -> Result<(), Failure> {
    run(store, amount).await.map_err(|cause| Failure { case: "transfers", cause })
}

async fn run(store: Arc<dyn Store>, amount: Transfers) -> Outcome {
    let lab = Arc::new(Lab::open(store, Focus::Durable).await?);
    let mut tx = lab.begin();
    for account in 0..amount.accounts {
        let (items, name) = place(&lab, account);
        items.insert(&mut tx, &Item::new(&name).grouped("red", START)).await?;
    }
    lab.commit(tx).await?;
    let mut tasks = JoinSet::new();
    for task in 0..amount.tasks {
        let lab = Arc::clone(&lab);
        tasks.spawn(async move { work(&lab, amount, task).await });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    count(&lab, amount).await?;
    let recorded = lab.store.journal(FLOW).wait().await?.len();
    assert_eq!(recorded as u64, amount.tasks * amount.rounds, "one record for each transfer");
    Ok(())
}

async fn work(lab: &Lab, amount: Transfers, task: u64) -> Outcome {
    let mut dice = Dice(task + 1);
    for round in 0..amount.rounds {
        let (from, to) = (dice.below(amount.accounts), dice.below(amount.accounts));
        let sum = i64::try_from(dice.below(9))? + 1;
        while !transfer(lab, from, to, sum).await? {
            tokio::task::yield_now().await;
        }
        if round % 4 == 0 {
            while !count(lab, amount).await? {
                tokio::task::yield_now().await;
            }
        }
    }
    Ok(())
}

/// False if somebody else was faster.
async fn transfer(
    lab: &Lab,
    from: u64,
    to: u64,
    sum: i64,
) -> Result<bool, Box<dyn std::error::Error + Send + Sync>> {
    let mut tx = lab.begin();
    for (account, change) in [(from, -sum), (to, sum)] {
        let (items, name) = place(lab, account);
        let item = items.get(&tx, &id(&name)).await?.ok_or("no account goes away")?;
        items.put(&mut tx, &Item { rank: item.rank + change, ..item }).await?;
    }
    committed(lab.commit_with(tx, &[(FLOW, "{}")]).await)
}

/// Counts all the money, by two look-ups. False if the view turned out not to be one.
async fn count(lab: &Lab, amount: Transfers) -> Result<bool, Box<dyn std::error::Error + Send + Sync>> {
    let tx = lab.begin();
    let mut sum = 0;
    for items in [&lab.others, &lab.items] {
        sum += total(items, &tx).await?;
    }
    let kept = committed(lab.commit(tx).await)?;
    if kept {
        assert_eq!(sum, START * i64::try_from(amount.accounts)?, "a view with half of a transfer in it");
    }
    // A view of one side needs no check; it must not tear either.
    let tx = lab.begin();
    let (first, again) = (total(&lab.items, &tx).await?, total(&lab.items, &tx).await?);
    assert_eq!(first, again);
    Ok(kept)
}

async fn total(items: &Collection<Item>, tx: &Tx) -> Result<i64, concord::StoreError> {
    Ok(items.find(tx, Item::of("red")).await?.iter().map(|item| item.rank).sum())
}

fn committed(outcome: Result<(), CommitError>) -> Result<bool, Box<dyn std::error::Error + Send + Sync>> {
    match outcome {
        Ok(()) => Ok(true),
        Err(CommitError::Conflict(_)) => Ok(false),
        Err(CommitError::Failed(fault)) => Err(Box::new(fault)),
    }
}

/// Where an account is. Even ones are durable.
fn place(lab: &Lab, account: u64) -> (&Collection<Item>, String) {
    let items = if account.is_multiple_of(2) { &lab.items } else { &lab.others };
    (items, format!("account{account}"))
}

/// Numbers that look random and are the same in every run (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}
