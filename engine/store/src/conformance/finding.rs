//! What look-ups, scans and unique indexes mean.

use std::ops::Bound;

use concord::{StoreError, Tx};

use super::Outcome;
use super::lab::{Item, Lab, assert_lost, id, names};
use crate::store::Contended;

/// Groups that are odd as text, in the order of their bytes.
const ODD: [&str; 6] = ["", "a", "a\0", "a\0b", "ab", "é'\"%"];

pub(super) async fn an_index_gives_what_is_asked_for_in_order(lab: &Lab) -> Outcome {
    lab.put(&sample()).await?;
    check_sample(lab, &lab.begin()).await
}

/// The same answers when half of the documents are the transaction's own and others of its own have moved away.
pub(super) async fn own_writes_take_their_places_in_an_index(lab: &Lab) -> Outcome {
    let (stored, own): (Vec<_>, Vec<_>) = sample().into_iter().enumerate().partition(|(n, _)| n % 2 == 0);
    let elsewhere = own.iter().step_by(2).map(|(_, item)| item.clone().grouped("elsewhere", 3));
    let gone = Item::new("gone").grouped("red", 3);
    let stored: Vec<Item> = stored.into_iter().map(|(_, item)| item).chain(elsewhere).chain([gone]).collect();
    lab.put(&stored).await?;
    let mut tx = lab.begin();
    for (_, item) in &own {
        lab.items.put(&mut tx, item).await?;
    }
    lab.items.delete(&mut tx, &id("gone")).await?;
    check_sample(lab, &tx).await?;
    lab.commit(tx).await?;
    check_sample(lab, &lab.begin()).await
}

fn sample() -> Vec<Item> {
    let red = [("r5", 5), ("r1", 1), ("r3", 3), ("r3b", 3), ("r-2", -2)];
    let red = red.map(|(name, rank)| Item::new(name).grouped("red", rank));
    let mut items = Vec::from(red);
    items.push(Item::new("b3").grouped("blue", 3));
    items.extend(ODD.iter().enumerate().map(|(n, group)| Item::new(&format!("odd{n}")).grouped(group, 0)));
    items
}

async fn check_sample(lab: &Lab, tx: &Tx) -> Outcome {
    let red = "red".to_owned();
    let ranks = || Item::GROUP_RANK.first_is(&red);
    let beyond = (Bound::Excluded(1), Bound::Unbounded);
    let inside_out = (Bound::Included(4), Bound::Excluded(2));
    let asked = [
        (Item::of("red"), &["r-2", "r1", "r3", "r3b", "r5"][..]),
        (Item::of("red").descending(), &["r5", "r3b", "r3", "r1", "r-2"]),
        (Item::of("red").limit(2), &["r-2", "r1"]),
        (Item::of("re"), &[]),
        (ranks(), &["r-2", "r1", "r3", "r3b", "r5"]),
        (ranks().descending().limit(2), &["r5", "r3b"]),
        (ranks().limit(0), &[]),
        (Item::GROUP_RANK.first_is_and(&red, 1..3), &["r1"]),
        (Item::GROUP_RANK.first_is_and(&red, 1..=3), &["r1", "r3", "r3b"]),
        (Item::GROUP_RANK.first_is_and(&red, beyond), &["r3", "r3b", "r5"]),
        (Item::GROUP_RANK.first_is_and(&red, ..0), &["r-2"]),
        (Item::GROUP_RANK.first_is_and(&red, inside_out), &[]),
        (Item::GROUP_RANK.are(&red, &3), &["r3", "r3b"]),
        (Item::GROUP.within("a".to_owned().."ab".to_owned()), &["odd1", "odd2", "odd3"]),
        (Item::GROUP.within("a".to_owned()..="b".to_owned()), &["odd1", "odd2", "odd3", "odd4"]),
        (Item::GROUP.all().descending().limit(1), &["odd5"]),
        (Item::GROUP.all().limit(3), &["odd0", "odd1", "odd2"]),
    ];
    for (n, (query, expected)) in asked.into_iter().enumerate() {
        assert_eq!(names(&lab.items.find(tx, query).await?), expected, "query {n}");
    }
    for (n, group) in ODD.iter().enumerate() {
        let first = lab.items.first(tx, Item::of(group)).await?;
        assert_eq!(first.map(|item| item.id), Some(id(&format!("odd{n}"))));
    }
    Ok(())
}

pub(super) async fn a_scan_walks_by_id(lab: &Lab) -> Outcome {
    lab.put(&["e", "a", "d", "b", "c", "é"].map(Item::new)).await?;
    let tx = lab.begin();
    let mut walked = Vec::new();
    let mut after = None;
    loop {
        let page = lab.items.scan(&tx, after.as_ref(), 4).await?;
        after = page.last().map(|item| item.id.clone());
        walked.extend(page);
        if after.is_none() {
            break;
        }
    }
    assert_eq!(names(&walked), ["a", "b", "c", "d", "e", "é"]);
    assert_eq!(names(&lab.items.scan(&tx, Some(&id("bb")), 1).await?), ["c"]);
    assert!(lab.items.scan(&tx, None, 0).await?.is_empty());
    Ok(())
}

pub(super) async fn a_unique_value_is_held_once(lab: &Lab) -> Outcome {
    lab.put(&[Item::new("a").tagged("x").seated(1), Item::new("n1"), Item::new("n2")]).await?;
    let mut tx = lab.begin();
    let taken = |outcome, field: &str| match outcome {
        Err(StoreError::Duplicate { index, .. }) => assert_eq!(index, field),
        Ok(()) => panic!("{field} should be taken"),
        Err(other) => panic!("{other}"),
    };
    taken(lab.items.insert(&mut tx, &Item::new("b").tagged("x")).await, "tag");
    taken(lab.items.put(&mut tx, &Item::new("n1").seated(1)).await, "group+seat");
    // The same seat in another group, one's own value, and a value given up in this transaction are all free.
    lab.items.insert(&mut tx, &Item::new("c").grouped("blue", 0).seated(1)).await?;
    lab.items.put(&mut tx, &Item::new("a").tagged("x").seated(1).grouped("red", 5)).await?;
    lab.items.put(&mut tx, &Item::new("a").tagged("y")).await?;
    lab.items.insert(&mut tx, &Item::new("b").tagged("x").seated(1)).await?;
    taken(lab.items.put(&mut tx, &Item::new("n2").tagged("y")).await, "tag");
    lab.commit(tx).await?;
    assert_eq!(lab.get("b").await?, Some(Item::new("b").tagged("x").seated(1)));
    Ok(())
}

pub(super) async fn a_race_for_a_unique_value_has_one_winner(lab: &Lab) -> Outcome {
    let (mut first, mut second) = (lab.begin(), lab.begin());
    lab.items.insert(&mut first, &Item::new("a").tagged("x")).await?;
    lab.items.insert(&mut second, &Item::new("b").tagged("x")).await?;
    lab.commit(first).await?;
    assert_lost(lab.commit(second).await, &Contended::Range(lab.place));

    // Two that trade places: the second sees the first's value as it was.
    lab.put(&[Item::new("b").tagged("y")]).await?;
    let (mut first, mut second) = (lab.begin(), lab.begin());
    lab.items.put(&mut first, &Item::new("b").tagged("z")).await?;
    lab.items.put(&mut second, &Item::new("c").tagged("z")).await?;
    lab.commit(second).await?;
    assert_lost(lab.commit(first).await, &Contended::Range(lab.place));
    Ok(())
}
