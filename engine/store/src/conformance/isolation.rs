//! What a transaction sees, and which commits cannot both hold.

use super::Outcome;
use super::lab::{Item, Lab, assert_lost, id, names};
use crate::store::Contended;

pub(super) async fn own_writes_are_visible(lab: &Lab) -> Outcome {
    lab.put(&[Item::new("a"), Item::new("b"), Item::new("c")]).await?;
    let mut tx = lab.begin();
    assert!(lab.items.delete(&mut tx, &id("a")).await?);
    assert!(!lab.items.delete(&mut tx, &id("a")).await?);
    lab.items.put(&mut tx, &Item::new("b").grouped("blue", 7)).await?;
    lab.items.insert(&mut tx, &Item::new("d")).await?;

    assert_eq!(lab.items.get(&tx, &id("a")).await?, None);
    assert_eq!(lab.items.get(&tx, &id("b")).await?, Some(Item::new("b").grouped("blue", 7)));
    assert_eq!(names(&lab.items.find(&tx, Item::of("red")).await?), ["c", "d"]);
    assert_eq!(names(&lab.items.find(&tx, Item::of("blue")).await?), ["b"]);
    assert_eq!(names(&lab.items.scan(&tx, None, 10).await?), ["b", "c", "d"]);

    assert_eq!(lab.get("d").await?, None, "others see it only when it is committed");
    lab.commit(tx).await?;
    let tx = lab.begin();
    assert_eq!(names(&lab.items.find(&tx, Item::of("red")).await?), ["c", "d"]);
    assert_eq!(names(&lab.items.scan(&tx, None, 10).await?), ["b", "c", "d"]);
    Ok(())
}

pub(super) async fn a_snapshot_stands_still(lab: &Lab) -> Outcome {
    lab.put(&[Item::new("a"), Item::new("b"), Item::new("c")]).await?;
    let early = lab.begin();
    assert!(lab.items.get(&early, &id("a")).await?.is_some());
    for rank in 1..20 {
        lab.put(&[Item::new("b").grouped("red", rank), Item::new("new")]).await?;
    }
    let mut tx = lab.begin();
    lab.items.delete(&mut tx, &id("c")).await?;
    lab.commit(tx).await?;

    assert_eq!(lab.items.get(&early, &id("new")).await?, None);
    assert_eq!(lab.items.get(&early, &id("b")).await?, Some(Item::new("b")));
    assert_eq!(names(&lab.items.find(&early, Item::of("red")).await?), ["a", "b", "c"]);
    assert_eq!(names(&lab.items.scan(&early, None, 10).await?), ["a", "b", "c"]);
    let late = lab.begin();
    assert_eq!(names(&lab.items.find(&late, Item::of("red")).await?), ["a", "b", "new"]);
    assert_eq!(names(&lab.items.scan(&late, None, 10).await?), ["a", "b", "new"]);
    Ok(())
}

pub(super) async fn two_writes_of_one_document_conflict(lab: &Lab) -> Outcome {
    lab.put(&[Item::new("a")]).await?;
    let (mut first, mut second, mut third) = (lab.begin(), lab.begin(), lab.begin());
    lab.items.put(&mut first, &Item::new("a").grouped("red", 1)).await?;
    lab.items.put(&mut second, &Item::new("a").grouped("red", 2)).await?;
    lab.items.delete(&mut third, &id("a")).await?;
    lab.commit(second).await?;
    let over = Contended::Doc(lab.key("a"));
    assert_lost(lab.commit(first).await, &over);
    assert_lost(lab.commit(third).await, &over);
    assert_eq!(lab.get("a").await?, Some(Item::new("a").grouped("red", 2)));
    Ok(())
}

pub(super) async fn two_inserts_of_one_id_conflict(lab: &Lab) -> Outcome {
    let (mut first, mut second) = (lab.begin(), lab.begin());
    lab.items.insert(&mut first, &Item::new("a").grouped("red", 1)).await?;
    lab.items.insert(&mut second, &Item::new("a").grouped("red", 2)).await?;
    lab.commit(first).await?;
    assert_lost(lab.commit(second).await, &Contended::Doc(lab.key("a")));

    let mut again = lab.begin_carefully();
    let refused = lab.items.insert(&mut again, &Item::new("a")).await;
    assert!(matches!(refused, Err(concord::StoreError::Duplicate { index: "id", .. })));
    assert_eq!(lab.get("a").await?, Some(Item::new("a").grouped("red", 1)));
    Ok(())
}

pub(super) async fn what_was_read_must_hold_still(lab: &Lab) -> Outcome {
    lab.put(&[Item::new("a")]).await?;
    let (mut reads_it, mut misses_it) = (lab.begin(), lab.begin());
    assert!(lab.items.get(&reads_it, &id("a")).await?.is_some());
    assert!(lab.items.get(&misses_it, &id("b")).await?.is_none());
    lab.items.put(&mut reads_it, &Item::new("x")).await?;
    lab.items.put(&mut misses_it, &Item::new("y")).await?;
    lab.put(&[Item::new("a").grouped("red", 1), Item::new("b")]).await?;
    assert_lost(lab.commit(reads_it).await, &Contended::Doc(lab.key("a")));
    assert_lost(lab.commit(misses_it).await, &Contended::Doc(lab.key("b")));
    assert_eq!((lab.get("x").await?, lab.get("y").await?), (None, None));
    Ok(())
}

/// Two doctors are on call, and each leaves because the other one stays.
pub(super) async fn write_skew_is_prevented(lab: &Lab) -> Outcome {
    lab.put(&[Item::new("ada").grouped("red", 1), Item::new("ben").grouped("red", 1)]).await?;
    let (mut ada, mut ben) = (lab.begin(), lab.begin());
    for (tx, leaves) in [(&mut ada, "ada"), (&mut ben, "ben")] {
        let mut there = 0;
        for name in ["ada", "ben"] {
            there += lab.items.get(tx, &id(name)).await?.map_or(0, |item| item.rank);
        }
        assert_eq!(there, 2);
        lab.items.put(tx, &Item::new(leaves).grouped("red", 0)).await?;
    }
    lab.commit(ada).await?;
    assert_lost(lab.commit(ben).await, &Contended::Doc(lab.key("ada")));
    Ok(())
}

pub(super) async fn no_phantom_enters_or_leaves_a_range(lab: &Lab) -> Outcome {
    let ranks = || Item::GROUP_RANK.first_is_and(&"red".to_owned(), 3..6);
    let changes = [
        Item::new("new").grouped("red", 3), // comes into being
        Item::new("b").grouped("red", 5),   // comes from another group
        Item::new("a").grouped("red", 6),   // leaves
        Item::new("c").grouped("red", 3),   // changes places with another
    ];
    for change in changes {
        lab.put(&[
            Item::new("a").grouped("red", 4),
            Item::new("b").grouped("blue", 4),
            Item::new("c").grouped("red", 5),
        ])
        .await?;
        let mut tx = lab.begin();
        lab.items.delete(&mut tx, &id("new")).await?;
        lab.commit(tx).await?;

        let mut tx = lab.begin();
        assert_eq!(names(&lab.items.find(&tx, ranks()).await?), ["a", "c"]);
        lab.items.put(&mut tx, &Item::new("x").grouped("green", 0)).await?;
        lab.put(std::slice::from_ref(&change)).await?;
        let known = ["a", "c"].contains(&change.id.as_str());
        let over =
            if known { Contended::Doc(lab.key(change.id.as_str())) } else { Contended::Range(lab.place) };
        assert_lost(lab.commit(tx).await, &over);
    }
    Ok(())
}

pub(super) async fn no_phantom_enters_a_scan(lab: &Lab) -> Outcome {
    lab.put(&[Item::new("b"), Item::new("d"), Item::new("f")]).await?;
    let mut tx = lab.begin();
    assert_eq!(names(&lab.items.scan(&tx, Some(&id("b")), 2).await?), ["d", "f"]);
    lab.items.put(&mut tx, &Item::new("b").grouped("red", 1)).await?;
    lab.put(&[Item::new("e")]).await?;
    assert_lost(lab.commit(tx).await, &Contended::Range(lab.place));
    Ok(())
}

pub(super) async fn what_happens_elsewhere_is_no_conflict(lab: &Lab) -> Outcome {
    lab.put(&[Item::new("b").grouped("red", 1), Item::new("d").grouped("red", 2)]).await?;
    let mut tx = lab.begin();
    let ranks = Item::GROUP_RANK.first_is(&"red".to_owned());
    assert_eq!(names(&lab.items.find(&tx, ranks.limit(1)).await?), ["b"]);
    assert_eq!(names(&lab.items.scan(&tx, Some(&id("a")), 1).await?), ["b"]);
    lab.items.put(&mut tx, &Item::new("x").grouped("green", 0)).await?;
    lab.put(&[Item::new("a").grouped("red", 3), Item::new("c").grouped("blue", 1)]).await?;
    lab.put(&[Item::new("d").grouped("blue", 2)]).await?;
    lab.commit(tx).await?;
    Ok(())
}

pub(super) async fn a_transaction_that_only_reads_can_be_checked(lab: &Lab) -> Outcome {
    lab.put(&[Item::new("a"), Item::new("b")]).await?;
    let (still, moved, entered) = (lab.begin(), lab.begin(), lab.begin());
    lab.items.get(&still, &id("b")).await?;
    lab.items.get(&moved, &id("a")).await?;
    lab.items.find(&entered, Item::of("blue")).await?;
    lab.put(&[Item::new("a").grouped("blue", 1)]).await?;
    lab.commit(still).await?;
    assert_lost(lab.commit(moved).await, &Contended::Doc(lab.key("a")));
    assert_lost(lab.commit(entered).await, &Contended::Range(lab.place));
    Ok(())
}
